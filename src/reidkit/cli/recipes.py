"""``reidkit recipes``: what there is to train by."""

from typing import Annotated

import typer


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
    table.add_column("recipe")
    table.add_column("what it does")
    for shipped in shipped_recipes():
        table.add_row(shipped, load_recipe(shipped).about)
    make_console().print(table)
    typer.echo(
        "Train by one: reidkit train NAME data.root=FOLDER. Your own: copy one with 'reidkit recipes NAME'."
    )
