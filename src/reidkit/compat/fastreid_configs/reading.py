"""Read a configuration file of FastReID: YAML that inherits, with Python's literals in it."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from reidkit.compat.fastreid_configs.defaults import DEFAULTS
from reidkit.core.catalog import near_name
from reidkit.core.errors import RecipeError

BASE = "_BASE_"


class Config:
    """The keys of a configuration, defaults filled in, which remembers what was asked for.

    Args:
        given: What the files give, by path; a key beyond the defaults is refused.
        path: Of the file, for messages.

    Raises:
        RecipeError: an unknown key, or a value of another kind than its default.
    """

    def __init__(self, given: Mapping[str, Any], path: Path) -> None:
        self.path = path
        self.given = dict(given)
        self.read: set[str] = set()
        for key, value in given.items():
            if key not in DEFAULTS:
                raise RecipeError(
                    f"Configuration {path} has an unknown key, got {key}.{near_name(key, DEFAULTS)} Expected "
                    f"a key of FastReID 1.3. Remove it, or correct its name."
                )
            self._check_kind(key, value)

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - the value's
        """Return the value of a key, and count the key as understood."""
        self.read.add(key)
        return self.given.get(key, DEFAULTS[key])

    def section(self, name: str) -> bool:
        """Return whether a part that can be switched is on; its other keys count for nothing where not."""
        is_enabled: bool = self[f"{name}.ENABLED"]
        if not is_enabled:
            self.read |= {key for key in DEFAULTS if key.startswith(f"{name}.")}
        return is_enabled

    def fail(self, key: str, expected: str) -> RecipeError:
        """Return an error about the value of a key.

        Args:
            key: Whose value cannot be taken.
            expected: What could be.
        """
        return RecipeError(f"Configuration {self.path}: {key} is {self[key]!r}. Expected {expected}.")

    def _check_kind(self, key: str, value: Any) -> None:  # noqa: ANN401 - what a file may hold
        default = DEFAULTS[key]
        numbers = (int, float)
        is_fit = isinstance(value, type(default)) or (
            isinstance(default, numbers) and not isinstance(default, bool) and isinstance(value, numbers)
        )
        is_fit |= isinstance(default, list) and isinstance(value, tuple | list)
        is_fit |= isinstance(default, str) and isinstance(value, str | int | float)
        if not is_fit:
            raise RecipeError(
                f"Configuration {self.path}: {key} is of a wrong kind, got {value!r}. Expected one like "
                f"{default!r}."
            )


def read_config(path: Path) -> Config:
    """Read a file and all it inherits from by ``_BASE_``, the nearest last.

    Args:
        path: A ``.yml`` or ``.yaml`` file of FastReID.

    Raises:
        RecipeError: a file is missing, is no YAML mapping, inherits from itself, or has an unknown key.
    """
    return Config(_flat(_merged(path, ())), path)


def _merged(path: Path, heirs: tuple[Path, ...]) -> dict[str, Any]:
    path = path.expanduser()
    if path.resolve() in heirs:
        raise RecipeError(f"Configuration {path} inherits from itself. Expected {BASE} to name another file.")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        heir = f", which {heirs[-1]} inherits from" if heirs else ""
        raise RecipeError(f"Configuration not found, got {path}{heir}. Expected a YAML file.") from None
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise RecipeError(f"Configuration {path} cannot be read: {error}. Expected a YAML file.") from error
    if not isinstance(content, dict):
        raise RecipeError(
            f"Configuration {path} is no mapping, got {type(content).__name__}. Expected keys of FastReID."
        )
    base = content.pop(BASE, None)
    if base is None:
        return content
    parent = Path(str(base)).expanduser()
    inherited = _merged(parent if parent.is_absolute() else path.parent / parent, (*heirs, path.resolve()))
    return _laid_over(inherited, content)


def _laid_over(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _laid_over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _flat(content: Mapping[str, Any]) -> dict[str, Any]:
    def walk(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - what a file may hold
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from walk(f"{prefix}.{key}" if prefix else str(key), inner)
        else:
            yield prefix, _literal(value)

    return dict(walk("", content))


def _literal(value: Any) -> Any:  # noqa: ANN401 - what a file may hold
    """Return what a text stands for where it is a literal of Python, such as ``("Market1501",)``."""
    if not isinstance(value, str):
        return value
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value
