"""Recipes as files: find one by name or path, change it by dotted overrides, write it back."""

import importlib.resources
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from yaml import YAMLError

from reidkit.core.catalog import near_name
from reidkit.core.errors import RecipeError
from reidkit.core.files import write_text
from reidkit.engine.recipe import Recipe


def shipped_recipes() -> dict[str, Path]:
    """Return the recipes that come with reidkit, by name; each lies in the folder of its family."""
    folder = Path(str(importlib.resources.files("reidkit") / "recipes"))
    return {path.stem: path for path in sorted(folder.glob("*/*.yaml"))}


def load_recipe(recipe: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe, apply overrides, and check all of it.

    Args:
        recipe: Name of a shipped recipe, or path of a YAML file.
        overrides: Such as ``optim.learning_rate=1e-3`` or ``losses.0.weight=2``. What stands at the key is
            replaced, so ``model.arguments={}`` takes all arguments away.

    Raises:
        RecipeError: no such recipe, not YAML, or faults; the message lists all of them.
    """
    path = recipe_file(recipe)
    try:
        content = OmegaConf.load(path)
    except (YAMLError, OmegaConfBaseException, UnicodeDecodeError) as error:
        raise RecipeError(f"Recipe {path} is not YAML: {error}") from error
    if not isinstance(content, DictConfig):
        raise RecipeError(f"Recipe {path} is not a mapping of sections. See 'reidkit recipes'.")
    for override in overrides:
        _apply(content, override)
    try:
        plain = OmegaConf.to_container(content, resolve=True)
    except OmegaConfBaseException as error:
        raise RecipeError(f"Recipe {path} cannot be resolved: {error}") from error
    return check_recipe(plain, source=path.name)


def check_recipe(content: Any, *, source: str) -> Recipe:  # noqa: ANN401 - what a file or a dict may hold
    """Turn plain content into a recipe.

    Raises:
        RecipeError: with one line per fault.
    """
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        faults = [line for detail in error.errors() for line in _explain(detail)]
        count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        raise RecipeError("\n".join([f"Recipe {source} has {count}:", *(f"  {f}" for f in faults)])) from None


def recipe_text(recipe: Recipe) -> str:
    """Return a recipe as YAML, every key spelled out."""
    return OmegaConf.to_yaml(OmegaConf.create(recipe.model_dump(mode="json")))


def write_recipe(recipe: Recipe, path: Path) -> None:
    """Write a recipe with every key spelled out."""
    write_text(path, recipe_text(recipe))


def recipe_file(recipe: str | Path) -> Path:
    """Return the file of a recipe.

    Args:
        recipe: Name of a shipped recipe, or path of a YAML file.

    Raises:
        RecipeError: no such file, and no shipped recipe of that name.
    """
    path = Path(recipe)
    if path.is_file():
        return path
    shipped = shipped_recipes()
    if str(recipe) in shipped:
        return shipped[str(recipe)]
    raise RecipeError(
        f"Recipe '{recipe}' not found: no such file, and no shipped recipe of that name."
        f"{near_name(str(recipe), shipped)} 'reidkit recipes' lists those that are known."
    )


def _apply(content: DictConfig, override: str) -> None:
    key, equals, _ = override.partition("=")
    if not equals or not key:
        raise RecipeError(f"Override '{override}' is not understood. Expected key=value, such as seed=1.")
    try:
        # Parsed by OmegaConf, so that 1e-3 is a number and [1, 2] a list, as in a file.
        value = OmegaConf.from_dotlist([f"value{equals}{override.partition('=')[2]}"])["value"]
        OmegaConf.update(content, key, value, merge=False, force_add=True)
    except (OmegaConfBaseException, YAMLError, ValueError, AttributeError, TypeError, IndexError) as error:
        raise RecipeError(
            f"Override '{override}' cannot be applied: {error}. Expected dotted.key=value; entries of a list "
            f"are counted from 0, as in losses.0.weight=2."
        ) from error


def _explain(detail: ErrorDetails) -> list[str]:
    place = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        known = _known_keys(detail["loc"][:-1])
        hint = near_name(str(detail["loc"][-1]), known)
        return [f"{place}: unknown key.{hint} Known here: {', '.join(known)}."]
    if detail["type"] == "missing":
        return [f"{place}: is missing."]
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "value_error":  # our own checks, which may find several faults
        return [f"{place}: {line}" if place else line for line in message.split("\n")]
    return [f"{place}: {message} (got {detail['input']!r})."]


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    """Return the keys of the section at a place of the recipe."""
    section: Any = Recipe
    for part in location:
        if isinstance(part, int):
            continue
        annotation = section.model_fields[part].annotation
        section = next((item for item in getattr(annotation, "__args__", ()) if item is not ...), annotation)
    return list(section.model_fields)
