"""Options of a reader on the command line."""

from collections.abc import Sequence
from typing import Any

import typer


def parse_reader_options(options: Sequence[str] | None) -> dict[str, Any]:
    """Read ``key=value`` options; values are read as YAML, so that true, 3 and text are what they look like.

    Raises:
        typer.BadParameter: no key or no equals sign.
    """
    from omegaconf import OmegaConf

    for option in options or ():
        key, equals, _ = option.partition("=")
        if not key or not equals:
            raise typer.BadParameter(f"expected key=value, got '{option}'")
    parsed = OmegaConf.to_container(OmegaConf.from_dotlist(list(options or ())))
    return {str(key): value for key, value in parsed.items()} if isinstance(parsed, dict) else {}
