"""``reidkit plot``: the curves of several models in one picture."""

from pathlib import Path
from typing import Annotated

import typer


def plot(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs or evaluations, or their scores.json.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Picture to write: .png, .svg or .pdf.")],
    name: Annotated[
        list[str] | None, typer.Option(help="Name of each in the legend, in order; may be repeated.")
    ] = None,
    max_rank: Annotated[int, typer.Option(min=2, help="Last rank of the CMC curves.")] = 20,
) -> None:
    """Draw the CMC, ROC and DET curves of several models side by side."""
    from reidkit.cli.screen import make_console
    from reidkit.vis.curve_figure import write_curves
    from reidkit.vis.score_file import names_of, read_scores

    if name and (len(name) != len(runs) or len(set(name)) != len(name)):
        raise typer.BadParameter(f"expected {len(runs)} different names, got {', '.join(name)}")
    console = make_console()
    files = [read_scores(run) for run in runs]
    panels = write_curves(out, dict(zip(name or names_of(files), files, strict=True)), max_rank=max_rank)
    console.print(f"wrote {out}: {', '.join(panels)}", markup=False, soft_wrap=True)
    for file in files:
        if file.roc is None:
            console.print(
                f"note: {file.path} holds no verification rates, so ROC and DET are left out. Evaluate anew.",
                markup=False,
                soft_wrap=True,
            )
