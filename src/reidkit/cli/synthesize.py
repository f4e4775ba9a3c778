"""``reidkit data synthesize``: draw the embedded benchmark."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from reidkit.synthetic import BenchmarkSummary, Difficulty


def synthesize(
    out: Annotated[Path, typer.Argument(help="Folder to make.")],
    identities: Annotated[int, typer.Option(min=4, help="People; half to train, half to test.")] = 200,
    cameras: Annotated[int, typer.Option(min=1, help="Cameras of the city.")] = 6,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds draw equal files.")] = 0,
    images_per_camera: Annotated[int, typer.Option(min=2, help="Pictures of each person per camera.")] = 4,
    size: Annotated[str, typer.Option(help="Height x width of the pictures.")] = "256x128",
    part: Annotated[
        list[str] | None,
        typer.Option(help="images, tracklets, occluded, partial, second_city, or all. (default: images)"),
    ] = None,
    difficulty: Annotated[
        list[str] | None,
        typer.Option(help="A number of the difficulty, such as noise=0.05; may be repeated."),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. (default: one per core)")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a benchmark that is there.")
    ] = False,
) -> None:
    """Draw a re-ID benchmark of pedestrians: no download, no real people, the same files everywhere."""
    from reidkit.cli.models import parse_size
    from reidkit.cli.screen import make_console
    from reidkit.core.progress import progress_bar
    from reidkit.synthetic import ALL_PARTS
    from reidkit.synthetic import synthesize as draw

    console = make_console()
    chosen = part or ["images"]
    with progress_bar(console, "drawing") as report:
        summary = draw(
            out,
            identities=identities,
            cameras=cameras,
            seed=seed,
            images_per_camera=images_per_camera,
            size=parse_size(size),
            parts=ALL_PARTS if "all" in chosen else chosen,
            difficulty=parse_difficulty(difficulty or []),
            workers=workers,
            report=report,
            overwrite=overwrite,
        )
    show_summary(summary, console)


def parse_difficulty(settings: list[str]) -> "Difficulty":
    """Read ``name=number`` settings.

    Raises:
        typer.BadParameter: an unknown name, or no number.
        DatasetError: a number out of range.
    """
    from dataclasses import fields

    from reidkit.core.catalog import near_name
    from reidkit.synthetic import Difficulty

    types = {item.name: type(getattr(Difficulty(), item.name)) for item in fields(Difficulty)}
    numbers = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        if name not in types:
            raise typer.BadParameter(
                f"unknown difficulty '{name}'.{near_name(name, types)} Known: {', '.join(types)}"
            )
        try:
            numbers[name] = types[name](value)
        except ValueError:
            raise typer.BadParameter(f"expected a number for '{name}', got '{value}'") from None
    return Difficulty(**numbers)


def show_summary(summary: "BenchmarkSummary", console: "Console") -> None:
    """Say what was drawn, and what to do with it."""
    from rich.table import Table

    table = Table()
    table.add_column("part")
    table.add_column("split")
    for column in ("identities", "images", "cameras"):
        table.add_column(column, justify="right")
    for name, splits in summary.counts.items():
        for split, counts in splits.items():
            values = (counts.identities, counts.images, counts.cameras)
            table.add_row(name, split, *("-" if value is None else str(value) for value in values))
    console.print(table)
    console.print(f"wrote {summary.images} pictures to {summary.root}", soft_wrap=True)
    console.print(f"Train on it: reidkit train quickstart data.root={summary.root}", soft_wrap=True)
