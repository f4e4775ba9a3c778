"""What happens to an image that cannot be read: the run stops and names it, or goes on and lists it."""

from pathlib import Path
from typing import Literal, NamedTuple, get_args

from reidkit.core.errors import CatalogError

UnreadablePolicy = Literal["error", "skip"]
"""``"error"`` stops and names the file; ``"skip"`` goes on without it and lists it."""


class ReadFailure(NamedTuple):
    """An image that could not be read, and why."""

    path: Path
    reason: str


def check_policy(unreadable: str) -> None:
    """Refuse a policy that is not "error" or "skip".

    Raises:
        CatalogError: another word.
    """
    known = get_args(UnreadablePolicy)
    if unreadable not in known:
        raise CatalogError(
            f"Policy for unreadable images is unknown, got '{unreadable}'. "
            f"Expected one of: {', '.join(known)}."
        )
