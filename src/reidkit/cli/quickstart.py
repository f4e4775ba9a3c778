"""``reidkit quickstart``: draw, train, judge, report, in minutes on a CPU."""

from pathlib import Path
from typing import Annotated

import typer


def quickstart(
    out: Annotated[Path, typer.Option("--out", "-o", help="Run folder.")] = Path("runs/quickstart"),
    data: Annotated[
        Path, typer.Option(help="Where the synthetic benchmark is drawn, or lies already.")
    ] = Path("data/synthetic"),
) -> None:
    """Draw the synthetic benchmark, train OSNet x0.25 on it, judge it, and write a report."""
    typer.echo(f"{out} {data}")
