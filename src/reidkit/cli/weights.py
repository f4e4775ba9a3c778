"""``reidkit weights``: weights that others publish, fetched on request."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(name="weights", help="List and fetch weights that others publish.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the list, or timm/NAME for any name of timm.")]


@app.command(name="list")
def list_weights(
    part: Annotated[str | None, typer.Argument(help="Only names with this in them, such as market.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the weights that are known, with licence and terms; nothing is fetched."""
    from rich.table import Table

    from reidkit.cli.screen import make_console
    from reidkit.compat.weights.table import WEIGHTS

    rows = [row for row in WEIGHTS.values() if (part or "").lower() in row.name.lower()]
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], indent=2))
        return
    table = Table(title="Published weights; none comes with reidkit", title_justify="left")
    for column in ("name", "network", "trained on", "licence", "fetched"):
        table.add_column(column, overflow="fold")
    for row in rows:
        how = "by hand" if row.kind == "by hand" else "by the command"
        table.add_row(row.name, row.architecture, row.trained_on, row.licence, how)
    console = make_console()
    console.print(table)
    for data, terms in dict.fromkeys((row.trained_on, row.terms) for row in rows):
        console.print(f"{data}: {terms}", markup=False, soft_wrap=True)
    console.print("timm/NAME: any name of timm.list_pretrained(), fetched by timm.", markup=False)


@app.command()
def fetch(
    name: Name,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write. (default: in the cache)")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Open no connection; use the cache.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file to write.")] = False,
) -> None:
    """Fetch weights and write a self-describing model.safetensors, with licence and terms in its card."""
    from reidkit.cli.screen import make_console
    from reidkit.compat.weights.fetch import fetch_weights
    from reidkit.core.progress import progress_bar
    from reidkit.models.checkpoint import read_card

    if out is not None and out.exists() and not overwrite:
        raise typer.BadParameter(f"'{out}' is there already; name another with --out, or pass --overwrite")
    console = make_console()
    with progress_bar(console, f"fetching {name}") as report:
        path = fetch_weights(name, out=out, offline=offline, report=report)
    card = read_card(path)
    data = card.training_data
    console.print(f"licence {card.licence}; trained on {data['name']}", markup=False, soft_wrap=True)
    console.print(f"terms of the data: {data['terms']}", markup=False, soft_wrap=True)
    console.print(f"wrote {path}", markup=False, soft_wrap=True)


@app.command()
def path(name: Name) -> None:
    """Print where the model of some weights is kept, whether it was fetched or not."""
    from reidkit.compat.weights.fetch import model_path
    from reidkit.compat.weights.table import find_weights

    find_weights(name)
    typer.echo(model_path(name))
