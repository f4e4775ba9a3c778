"""Options of a reader, and methods with arguments, on the command line."""

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


def parse_numbers(text: str) -> tuple[float, ...]:
    """Read numbers with commas between.

    Raises:
        typer.BadParameter: one is no number.
    """
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise typer.BadParameter(f"expected numbers such as 1,1.25, got '{text}'") from error


def parse_method(text: str | None) -> tuple[str | None, dict[str, Any]]:
    """Read a method with its arguments, as ``k_reciprocal(k1=25,k2=6)``, or its name alone.

    This is also how the protocol of the scores names it. Values are read as those of a reader.

    Raises:
        typer.BadParameter: another form.
    """
    if text is None:
        return None, {}
    name, bracket, rest = text.strip().partition("(")
    if bracket and not rest.endswith(")"):
        raise typer.BadParameter(f"expected NAME or NAME(key=value,key=value), got '{text}'")
    parts = [part.strip() for part in rest.removesuffix(")").split(",") if part.strip()]
    return name.strip(), parse_reader_options(parts)
