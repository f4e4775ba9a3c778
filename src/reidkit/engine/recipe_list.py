"""What the shipped recipes are for, read from their files without building anything."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from reidkit.engine.published_score import PublishedScore
from reidkit.engine.recipe_files import shipped_recipes


@dataclass(frozen=True, slots=True)
class ShippedRecipe:
    """One line of the list of recipes.

    Args:
        name: That it is trained by.
        family: Folder that it lies in, called after its method.
        about: What it does.
        data: Readers of what it learns from; "folder" is what you have.
        published: Scores that it aims at.
        path: Of its file.
    """

    name: str
    family: str
    about: str
    data: tuple[str, ...]
    published: tuple[PublishedScore, ...]
    path: Path

    @property
    def aims(self) -> list[str]:
        """The published scores, one line for each data set that is judged: Rank-1 / mAP in percent."""
        return [
            f"{score.judged_on}: {_percent(score.rank_1)} / {_percent(score.mean_ap)}"
            for score in self.published
        ]


def list_recipes() -> list[ShippedRecipe]:
    """Return the shipped recipes by family and name. Their files are not checked; `load_recipe` does."""
    return [_describe(path) for path in shipped_recipes().values()]


def recipes_as_markdown() -> str:
    """Return the list of recipes as a table."""
    lines = ["| family | recipe | learns from | published Rank-1 / mAP |", "|---|---|---|---|"]
    family = ""
    for recipe in list_recipes():
        shown = "" if recipe.family == family else recipe.family
        family = recipe.family
        lines.append(f"| {shown} | `{recipe.name}` | {', '.join(recipe.data)} | {'<br>'.join(recipe.aims)} |")
    return "\n".join(lines)


def _describe(path: Path) -> ShippedRecipe:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    data = content["data"]
    return ShippedRecipe(
        name=path.stem,
        family=path.parent.name,
        about=content.get("about", ""),
        data=tuple(source["reader"] for source in data.get("sources", ())) or (data["reader"],),
        published=tuple(PublishedScore.model_validate(score) for score in content.get("published", ())),
        path=path,
    )


def _percent(score: float | None) -> str:
    return "-" if score is None else f"{100 * score:.1f}"
