"""Optional dependencies: import one, or say which command installs it."""

import importlib
from types import ModuleType

from reidkit.core.errors import MissingExtraError


def import_extra(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import an optional module.

    Args:
        module: Name of the module, such as ``"timm"``.
        extra: The extra of reidkit that brings it, such as ``"train"``.
        purpose: What needs it, as the subject of a sentence: ``"Training"``.

    Raises:
        MissingExtraError: the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        # A broken installation of the module itself must stay visible as what it is.
        if error.name != module.partition(".")[0]:
            raise
        raise MissingExtraError(
            f"{purpose} needs the package '{module.partition('.')[0]}', which is not installed. "
            f"Run: pip install 'reidkit[{extra}]'."
        ) from None
