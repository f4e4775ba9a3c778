"""What commands show: a console, progress bars, tables of scores."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from reidkit.core.types import ReportProgress

if TYPE_CHECKING:
    from reidkit.metrics.scores import RetrievalScores


def make_console() -> Console:
    """Return the console that a command writes to."""
    return Console(highlight=False)


@contextmanager
def progress_bar(console: Console, task: str) -> Iterator[ReportProgress]:
    """Show a bar while something long goes on; where there is no terminal, a line at its end.

    Yields:
        What to call with (items done, items in all).
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task(task, total=None)
        last = (0, 0)

        def report(done: int, total: int) -> None:
            nonlocal last
            last = (done, total)
            progress.update(bar, completed=done, total=total)

        yield report
    console.print(f"{task}: {last[0]} of {last[1]} done" if last[1] else f"{task}: done", soft_wrap=True)


def score_table(scores: "Mapping[str, RetrievalScores]", title: str) -> Table:
    """Return a table of scores in percent, one row per model."""
    table = Table(title=title, title_justify="left")
    table.add_column("model")
    for column in ("Rank-1", "Rank-5", "Rank-10", "mAP", "mINP"):
        table.add_column(column, justify="right")
    for name, score in scores.items():
        values = (score.rank(1), score.rank(5), score.rank(10), score.mean_ap, score.mean_inp)
        table.add_row(name, *(f"{value:.1%}" for value in values))
    return table


def describe_protocol(scores: "RetrievalScores") -> str:
    """Return in one line by what rules and over how many queries scores were computed."""
    protocol = scores.protocol
    unmatched = f", {scores.num_unmatched} skipped without a match" if scores.num_unmatched else ""
    return (
        f"protocol {protocol.name}: {protocol.distance} distance, same-camera matches "
        f"{'dropped' if protocol.same_camera == 'drop' else 'kept'}, "
        f"{'flip averaging, ' if protocol.flip else ''}{scores.num_valid} queries{unmatched}, "
        f"{scores.num_gallery} gallery images"
    )
