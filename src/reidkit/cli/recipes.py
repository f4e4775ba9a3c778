"""``reidkit recipes``: what there is to train by."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from reidkit.engine.recipe_list import ShippedRecipe


def recipes(
    name: Annotated[str | None, typer.Argument(help="Show this one, every key spelled out.")] = None,
    source: Annotated[bool, typer.Option("--source", help="Show its file, with its comments.")] = False,
    family: Annotated[str | None, typer.Option(help="List this family alone, such as bot.")] = None,
    data: Annotated[str | None, typer.Option(help="List those that learn from this, such as msmt17.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="List them as a table of Markdown.")] = False,
) -> None:
    """List the recipes that come with reidkit, or show one."""
    from reidkit.engine.recipe_files import load_recipe, recipe_file, recipe_text
    from reidkit.engine.recipe_list import list_recipes, recipes_as_markdown

    if name is not None:
        text = recipe_file(name).read_text(encoding="utf-8") if source else recipe_text(load_recipe(name))
        typer.echo(text, nl=False)
    elif markdown:
        typer.echo(recipes_as_markdown())
    else:
        _show_table(_choose(list_recipes(), family, data))


def _choose(recipes: "list[ShippedRecipe]", family: str | None, data: str | None) -> "list[ShippedRecipe]":
    from reidkit.core.catalog import near_name
    from reidkit.core.errors import CatalogError

    for kind, wanted, known in (
        ("family", family, sorted({recipe.family for recipe in recipes})),
        ("data set", data, sorted({reader for recipe in recipes for reader in recipe.data})),
    ):
        if wanted is not None and wanted not in known:
            raise CatalogError(
                f"No recipe is of the {kind} '{wanted}'.{near_name(wanted, known)} Known: {', '.join(known)}."
            )
    return [
        recipe
        for recipe in recipes
        if family in (None, recipe.family) and (data is None or data in recipe.data)
    ]


def _show_table(chosen: "list[ShippedRecipe]") -> None:
    from rich.table import Table

    from reidkit.cli.screen import make_console

    table = Table(show_header=True)
    for column in ("family", "recipe", "learns from", "published Rank-1 / mAP", "what it does"):
        table.add_column(column, overflow="fold")
    shown = ""
    for recipe in chosen:
        if shown and recipe.family != shown:
            table.add_section()
        table.add_row(
            "" if recipe.family == shown else recipe.family,
            recipe.name,
            "\n".join(recipe.data),
            "\n".join(recipe.aims),
            recipe.about,
        )
        shown = recipe.family
    make_console().print(table)
    typer.echo(
        "Train by one: reidkit train NAME data.root=FOLDER. Your own: copy one with 'reidkit recipes NAME "
        "--source'."
    )
