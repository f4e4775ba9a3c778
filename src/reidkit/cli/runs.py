"""``reidkit runs``: run folders side by side, over seeds, and two of them query by query."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from rich.table import Table

    from reidkit.engine.run_table import RunSummary, SeedSummary
    from reidkit.vis.comparison_page import ModelComparison


class _ListByDefault(TyperGroup):
    """A group whose first argument may be a folder to list in place of a command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - a context of click
        """Put the command in front where none is named."""
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(name="runs", help="Compare runs: reidkit runs [list] [FOLDER].", cls=_ListByDefault)


@app.command(name="list")
def list_runs(
    folder: Annotated[Path, typer.Argument(help="Where the run folders lie.")] = Path("runs"),
    sort: Annotated[str, typer.Option(help="Column to sort by: mean_ap, rank_1, folder, seconds, ...")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Show every run below a folder, and the mean over seeds of each recipe that ran more than once."""
    from reidkit.cli.screen import make_console
    from reidkit.engine.run_table import over_seeds, read_runs, runs_text, sort_runs

    if as_json and as_csv:
        raise typer.BadParameter("choose one of --json and --csv")
    runs = read_runs(folder)
    if sort:
        runs = sort_runs(runs, sort)
    seeds = over_seeds(runs)
    if as_json:
        content = {"runs": [asdict(run) for run in runs], "over_seeds": [asdict(group) for group in seeds]}
        typer.echo(json.dumps(content, indent=2))
    elif as_csv:
        typer.echo(runs_text(runs), nl=False)
    else:
        console = make_console()
        console.print(_run_table(runs, folder))
        if seeds:
            console.print(_seed_table(seeds))


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="Folder of a run or an evaluation, or a scores.json.")],
    second: Annotated[Path, typer.Argument(help="Of another model on the same queries.")],
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whether one of two models is better on the same queries: a paired bootstrap."""
    from reidkit.cli.screen import make_console
    from reidkit.vis.comparison_page import compare_models, verdict
    from reidkit.vis.score_file import names_of, read_scores

    files = read_scores(first), read_scores(second)
    names = names_of(files)
    comparison = compare_models(*files, seed=seed)
    if as_json:
        scores = {name: asdict(getattr(comparison, name)) for name in ("mean_ap", "rank_1")}
        typer.echo(json.dumps({"names": names, **scores}, indent=2))
        return
    console = make_console()
    means = [[float(file.summary[key]) for file in files] for key in ("mean_ap", "rank_1")]
    console.print(_comparison_table(names, means, comparison))
    console.print(verdict((names[0], names[1]), comparison), markup=False, soft_wrap=True)


def _run_table(runs: "Sequence[RunSummary]", folder: Path) -> "Table":
    from rich.table import Table

    table = Table(title=f"Runs in {folder}", title_justify="left")
    for column in ("run", "model", "data", "seed", "state"):
        table.add_column(column)
    for column in ("epochs", "Rank-1", "mAP", "time"):
        table.add_column(column, justify="right", no_wrap=True)
    for run in runs:
        table.add_row(
            run.folder,
            run.model,
            run.data,
            "" if run.seed is None else str(run.seed),
            run.state,
            f"{run.epochs_done}/{run.epochs}" if run.epochs else "",
            _percent(run.rank_1),
            _percent(run.mean_ap),
            format_seconds(run.seconds),
        )
    return table


def _seed_table(groups: "Sequence[SeedSummary]") -> "Table":
    from rich.table import Table

    table = Table(title="Over seeds: mean and standard deviation", title_justify="left")
    for column in ("recipe", "model", "data"):
        table.add_column(column)
    for column in ("runs", "Rank-1", "mAP", "time"):
        table.add_column(column, justify="right", no_wrap=True)
    for group in groups:
        table.add_row(
            group.name,
            group.model,
            group.data,
            str(len(group.seeds)),
            f"{group.rank_1:.1%} ± {100 * group.rank_1_deviation:.1f}",
            f"{group.mean_ap:.1%} ± {100 * group.mean_ap_deviation:.1f}",
            format_seconds(group.seconds),
        )
    return table


def _comparison_table(
    names: Sequence[str], means: Sequence[Sequence[float]], comparison: "ModelComparison"
) -> "Table":
    from rich.table import Table

    table = Table(title=f"{names[1]} against {names[0]}, paired bootstrap", title_justify="left")
    for column in ("score", *names, "difference", "95 % interval", "p", "better", "worse"):
        table.add_column(column, justify="left" if column == "score" else "right")
    results = (("mAP", comparison.mean_ap), ("Rank-1", comparison.rank_1))
    for (label, result), (one, other) in zip(results, means, strict=True):
        interval = result.difference
        table.add_row(
            label,
            f"{one:.1%}",
            f"{other:.1%}",
            f"{100 * interval.mean:+.1f}",
            f"{100 * interval.low:+.1f} to {100 * interval.high:+.1f}",
            f"{result.p_value:.3g}",
            str(result.num_better),
            str(result.num_worse),
        )
    return table


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def format_seconds(seconds: float) -> str:
    """Return a span of time as a person reads it.

    Example:
        >>> format_seconds(59.4), format_seconds(150), format_seconds(7500)
        ('59 s', '2 min 30 s', '2 h 05 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
