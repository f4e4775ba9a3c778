"""``reidkit recipes``: what there is to train by."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from reidkit.engine.recipe import Recipe


def recipes(
    name: Annotated[str | None, typer.Argument(help="Show this one, every key spelled out.")] = None,
) -> None:
    """List the recipes that come with reidkit, or show one."""
    from rich.table import Table

    from reidkit.cli.screen import make_console
    from reidkit.engine.recipe_files import load_recipe, recipe_text, shipped_recipes

    if name is not None:
        typer.echo(recipe_text(load_recipe(name)), nl=False)
        return
    table = Table(show_header=True)
    for column in ("family", "recipe", "what it does", "published Rank-1 / mAP"):
        table.add_column(column)
    family = ""
    for shipped, path in shipped_recipes().items():
        recipe = load_recipe(path)
        if family and path.parent.name != family:
            table.add_section()
        table.add_row(
            "" if path.parent.name == family else path.parent.name, shipped, recipe.about, aim(recipe)
        )
        family = path.parent.name
    make_console().print(table)
    typer.echo(
        "Train by one: reidkit train NAME data.root=FOLDER. Your own: copy one with 'reidkit recipes NAME'."
    )


def aim(recipe: "Recipe") -> str:
    """Return the published scores of a recipe in percent, one line per data set."""
    return "\n".join(
        f"{score.judged_on}: {_percent(score.rank_1)} / {_percent(score.mean_ap)}"
        for score in recipe.published
    )


def _percent(score: float | None) -> str:
    return "-" if score is None else f"{100 * score:.1f}"
