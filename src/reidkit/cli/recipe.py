"""``reidkit recipe``: recipes from the configuration files of others."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="recipe", help="Make recipes of other libraries' configuration files.", no_args_is_help=True
)


@app.callback()
def _group() -> None:
    """Make recipes of other libraries' configuration files."""


@app.command(name="import")
def import_recipe(
    file: Annotated[Path, typer.Argument(help="A .yml configuration file of FastReID.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Recipe to write. (default: FILE.recipe.yaml)")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the recipe. (default: that of the file)")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a recipe that is there.")] = False,
) -> None:
    """Turn a configuration of FastReID, with all it inherits from, into a recipe."""
    from reidkit.compat.fastreid_configs.importing import import_config, write_recipe

    result = import_config(file, name=name)
    target = out or file.with_suffix(".recipe.yaml")
    write_recipe(result, target, overwrite=overwrite)
    for key, (value, why) in result.left_out.items():
        typer.echo(f"left out {key} {value!r}: {why}")
    typer.echo(f"wrote {target}")
    typer.echo(f"Train by it: reidkit train {target} data.root=FOLDER")
