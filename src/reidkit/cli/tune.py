"""``reidkit tune``: search for the values of recipe keys that score best."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from reidkit.engine.tune import Search, Trial


def tune(
    recipe: Annotated[str, typer.Argument(help="Name of a shipped recipe or a YAML file.")],
    overrides: Annotated[
        list[str] | None, typer.Argument(help="Changes for every trial, such as data.root=FOLDER.")
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key", "-k", help="What to search: 'optim.learning_rate=log(1e-5, 1e-3)', uniform, int, choice."
        ),
    ] = None,
    space: Annotated[Path | None, typer.Option(help="YAML file with such keys.")] = None,
    trials: Annotated[int, typer.Option(min=1, help="Trials to come to, earlier ones included.")] = 20,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder. (default: runs/tune-<recipe name>)")
    ] = None,
    score: Annotated[Literal["mean_ap", "rank_1", "mean_inp"], typer.Option(help="To be high.")] = "mean_ap",
    sampler: Annotated[Literal["tpe", "random"], typer.Option(help="How values are drawn.")] = "tpe",
    prune: Annotated[
        bool, typer.Option("--prune/--no-prune", help="Stop trials that are below the median of the others.")
    ] = True,
    startup: Annotated[int, typer.Option(min=1, help="Trials that run to their end before that.")] = 4,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the search in --out.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check recipe and keys, and stop.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the trials as JSON.")] = False,
) -> None:
    """Train a recipe again and again with other values of some keys, and keep the best recipe."""
    from reidkit.cli.screen import make_console
    from reidkit.engine.search_space import parse_keys, read_space
    from reidkit.engine.tune import BEST, Search, best_trial
    from reidkit.engine.tune import tune as run_search

    console = make_console()
    keys = (read_space(space) if space else ()) + parse_keys(key or ())
    search = Search(recipe, tuple(overrides or ()), keys, score, trials, sampler, prune, startup)
    checked = search.check()
    folder = out or Path("runs") / f"tune-{checked.name}"
    if dry_run:
        show_search(search, folder, checked.training.epochs, console)
        return

    def report(trial: "Trial") -> None:
        if not as_json:
            console.print(describe_trial(trial), markup=False, soft_wrap=True)

    found = run_search(search, folder, resume=resume, report=report)
    if as_json:
        typer.echo(json.dumps([asdict(trial) for trial in found], indent=2))
        return
    console.print(trial_table(found, search))
    best = best_trial(found)
    console.print(f"best: trial {best.number}, {describe_values(best)}", markup=False, soft_wrap=True)
    console.print(
        "note: chosen by the scores on the data that the recipe is judged on; judge the best on other data.",
        soft_wrap=True,
    )
    console.print(f"wrote {folder / BEST}", markup=False, soft_wrap=True)


def show_search(search: "Search", folder: Path, epochs: int, console: "Console") -> None:
    """Say what a search would do."""
    for key in search.keys:
        console.print(key.as_text(), markup=False, soft_wrap=True)
    console.print(
        f"Would train {search.recipe} {search.trials} times for at most {epochs} epochs into {folder}. "
        f"Nothing was written.",
        markup=False,
        soft_wrap=True,
    )


def describe_values(trial: "Trial") -> str:
    """Return the values of a trial in one line."""
    return ", ".join(f"{name}={_short(value)}" for name, value in trial.values.items())


def describe_trial(trial: "Trial") -> str:
    """Return how a trial ended in one line."""
    score = "" if trial.score is None else f" {trial.score:.1%}"
    reason = f": {trial.reason}" if trial.reason else ""
    return f"trial {trial.number} {trial.state}{score}, {describe_values(trial)}{reason}"


def trial_table(trials: "Sequence[Trial]", search: "Search") -> "Table":
    """Return the trials as a table, the best first, those without a score last."""
    from rich.table import Table

    from reidkit.cli.runs import format_seconds

    table = Table(title=f"Trials of {search.recipe}", title_justify="left")
    table.add_column("trial", justify="right")
    for key in search.keys:
        table.add_column(key.name)
    table.add_column("state")
    for column in (search.score, "epochs", "time"):
        table.add_column(column, justify="right", no_wrap=True)
    order = {"done": 0, "pruned": 1, "failed": 2}
    for trial in sorted(trials, key=lambda item: (order[item.state], -(item.score or 0.0))):
        table.add_row(
            str(trial.number),
            *(_short(trial.values[key.name]) if key.name in trial.values else "" for key in search.keys),
            trial.state,
            "" if trial.score is None else f"{trial.score:.1%}",
            str(trial.epochs) if trial.epochs else "",
            format_seconds(trial.seconds),
        )
    return table


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
