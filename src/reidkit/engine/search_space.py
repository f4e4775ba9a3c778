"""The keys of a recipe that a search may change, and what each may become."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from reidkit.core.errors import RecipeError

Value = bool | int | float | str | None

FORMS = "log(low, high), uniform(low, high), int(low, high) or choice(a, b, ...)"


@dataclass(frozen=True)
class SearchKey:
    """One key and its values.

    Args:
        name: Dotted, such as "optim.learning_rate".
        form: How values are drawn: evenly in the logarithm, evenly, whole numbers, or from a list.
        low: Of a range.
        high: Of a range, included.
        choices: Of a list.
    """

    name: str
    form: Literal["log", "uniform", "int", "choice"]
    low: float = 0.0
    high: float = 0.0
    choices: tuple[Value, ...] = ()

    def ends(self) -> tuple[Value, ...]:
        """Return the values at the ends of a range, or all of a list."""
        if self.form == "choice":
            return self.choices
        return (int(self.low), int(self.high)) if self.form == "int" else (self.low, self.high)

    def suggest(self, trial: Any) -> Value:  # noqa: ANN401 - optuna's
        """Draw a value for a trial of optuna."""
        if self.form == "choice":
            value: Value = trial.suggest_categorical(self.name, list(self.choices))
        elif self.form == "int":
            value = trial.suggest_int(self.name, int(self.low), int(self.high))
        else:
            value = trial.suggest_float(self.name, self.low, self.high, log=self.form == "log")
        return value

    def as_text(self) -> str:
        """Return the key as it is written on the command line."""
        values = ", ".join(map(_plain, self.ends()))
        return f"{self.name}={self.form}({values})"


def parse_keys(texts: Sequence[str]) -> tuple[SearchKey, ...]:
    """Read keys such as ``optim.learning_rate=log(1e-5, 1e-3)``.

    Raises:
        RecipeError: a text that is no key, a range that is none, or a key named twice.
    """
    keys = []
    for text in texts:
        name, equals, form = text.partition("=")
        if not equals or not name.strip():
            raise RecipeError(f"Search key '{text}' is not understood. Expected key={FORMS}.")
        keys.append(_parse(name.strip(), form.strip()))
    names = [key.name for key in keys]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise RecipeError(f"Search key '{twice[0]}' is named twice. Expected each once.")
    return tuple(keys)


def read_space(path: Path) -> tuple[SearchKey, ...]:
    """Read a YAML file that maps keys to their forms, or to lists of choices.

    Raises:
        RecipeError: no such file, not YAML, or a key that is not understood.
    """
    try:
        content: Any = OmegaConf.to_container(OmegaConf.load(path))
    except (OSError, YAMLError, OmegaConfBaseException, UnicodeDecodeError) as error:
        raise RecipeError(f"Search space {path} cannot be read: {error}. Expected a YAML file.") from error
    if not isinstance(content, Mapping) or not content:
        raise RecipeError(f"Search space {path} is no mapping. Expected lines such as key: {FORMS}.")
    keys = []
    for name, form in content.items():
        if isinstance(form, list):
            keys.append(_choices(str(name), form))
        else:
            keys.append(_parse(str(name), str(form)))
    return tuple(keys)


def override(name: str, value: Value) -> str:
    """Return a value as an override of a recipe."""
    return f"{name}={_plain(value)}"


def _parse(name: str, form: str) -> SearchKey:
    match = re.fullmatch(r"(log|uniform|int|choice)\((.*)\)", form, re.DOTALL)
    if match is None:
        raise RecipeError(f"Search key '{name}' is not understood, got '{form}'. Expected {FORMS}.")
    kind, inside = match[1], [part.strip() for part in match[2].split(",")]
    if kind == "choice":
        return _choices(name, [_value(part) for part in inside])
    try:
        low, high = (float(part) for part in inside)
    except ValueError:
        raise RecipeError(
            f"Search key '{name}' has no range, got '{form}'. Expected two numbers: {kind}(low, high)."
        ) from None
    if not low < high or (kind == "log" and low <= 0) or (kind == "int" and (low % 1 or high % 1)):
        rule = {"log": "0 < low < high", "uniform": "low < high", "int": "whole numbers, low < high"}[kind]
        raise RecipeError(f"Search key '{name}' has no range, got '{form}'. Expected {rule}.")
    if kind == "int":
        return SearchKey(name, "int", low, high)
    return SearchKey(name, "log" if kind == "log" else "uniform", low, high)


def _choices(name: str, values: Sequence[Any]) -> SearchKey:
    is_plain = all(value is None or isinstance(value, bool | int | float | str) for value in values)
    if len(values) < 2 or not is_plain:
        raise RecipeError(
            f"Search key '{name}' has no choice, got {list(values)}. Expected at least two plain values."
        )
    return SearchKey(name, "choice", choices=tuple(values))


def _value(text: str) -> Value:
    """Return a word of the command line as YAML has it."""
    value: Value = OmegaConf.from_dotlist([f"value={text}"])["value"]
    return value


def _plain(value: Value) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value) if isinstance(value, float) else str(value)
