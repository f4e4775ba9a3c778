"""What a person sees while something long goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reidkit.core.types import ReportProgress

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def progress_bar(console: "Console", task: str) -> Iterator[ReportProgress]:
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
