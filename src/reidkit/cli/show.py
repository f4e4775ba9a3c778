"""``reidkit data show``: what a reader finds, beside what was published, and how it looks."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from reidkit.core.types import DatasetSplits, Sample


def show(
    root: Annotated[Path, typer.Argument(help="Folder (or manifest) of the data set.")],
    reader: Annotated[str, typer.Option(help="How to read it; 'reidkit datasets' lists them.")] = "folder",
    option: Annotated[
        list[str] | None, typer.Option(help="Option of the reader, key=value; may be repeated.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Picture to write: a row of images per identity (.png, .jpg).")
    ] = None,
    identities: Annotated[int, typer.Option(min=1, help="Rows of the picture.")] = 8,
    images: Annotated[int, typer.Option(min=1, help="Most images of a row.")] = 8,
    size: Annotated[int, typer.Option(min=32, help="Longer side of an image in the picture.")] = 160,
    seed: Annotated[int, typer.Option(help="Which identities.")] = 0,
) -> None:
    """Show how many identities, images and cameras a data set has, and draw some of them."""
    from reidkit.cli.data_options import parse_reader_options
    from reidkit.cli.screen import make_console
    from reidkit.data.readers import read_dataset
    from reidkit.vis.contact_sheet import (
        check_sheet_path,
        choose_rows,
        draw_contact_sheet,
        write_contact_sheet,
    )

    if out is not None:
        check_sheet_path(out)
    console = make_console()
    splits = read_dataset(reader, root, **parse_reader_options(option))
    console.print(f"{splits.name} ({splits.root})", markup=False, soft_wrap=True)
    console.print(count_table(splits))
    for line in remarks(splits):
        console.print(line, markup=False, soft_wrap=True)
    if out is None:
        return
    rows = choose_rows(splits, identities=identities, images=images, seed=seed)
    write_contact_sheet(draw_contact_sheet(rows, title=_title(splits), tile_size=size), out)
    console.print(f"wrote {out}", markup=False, soft_wrap=True)


def count_table(splits: "DatasetSplits") -> "Table":
    """Return what was found in each split, and what was published of it where that is known."""
    from rich.table import Table

    from reidkit.data.findings import count_split

    table = Table()
    table.add_column("split")
    for column in ("identities", "images", "tracklets", "cameras"):
        table.add_column(column, justify="right")
    for split, samples in splits.by_split().items():
        found = count_split(samples)
        published = splits.published_counts.get(split)
        identities, images, cameras = (
            (None, None, None)
            if published is None
            else (published.identities, published.images, published.cameras)
        )
        if _has_tracklets(samples):  # what was published of them counts tracklets
            num_frames = sum(len(sample.frames) for sample in samples)
            cells = str(num_frames), _beside(found.images, images)
        else:
            cells = _beside(found.images, images), ""
        table.add_row(
            split,
            _beside(found.identities, identities),
            *cells,
            "unknown" if found.cameras is None else _beside(found.cameras, cameras),
        )
    return table


def remarks(splits: "DatasetSplits") -> list[str]:
    """Return the lines below the table: the counts in one line each, the protocol, the notes, the terms."""
    from reidkit.data.findings import count_split

    counts = [count_split(samples) for samples in splits.by_split().values()]
    identities = "-".join(str(count.identities) for count in counts)
    images = "-".join(str(count.images) for count in counts)
    noun = "tracklets" if any(map(_has_tracklets, splits.by_split().values())) else "images"
    lines = [
        f"train-query-gallery: identities {identities}, {noun} {images}",
        f"protocol: {splits.protocol}",
    ]
    if splits.query and splits.query == splits.gallery:
        lines.append("query and gallery are the same images: each is searched among all the others")
    if not splits.published_counts:
        lines.append("published counts: none known")
    lines += [f"note: {note}" for note in splits.notes]
    return [*lines, f"terms: {splits.terms}"] if splits.terms else lines


def _beside(found: int, published: int | None) -> str:
    if published is None:
        return str(found)
    return f"{found} = published" if found == published else f"{found}, published {published}"


def _has_tracklets(samples: "Sequence[Sample]") -> bool:
    return any(len(sample.frames) > 1 for sample in samples)


def _title(splits: "DatasetSplits") -> str:
    sizes = {split: len(samples) for split, samples in splits.by_split().items()}
    if splits.query == splits.gallery:
        sizes = {"train": sizes["train"], "test": sizes["query"]}
    return f"{splits.name}: {', '.join(f'{size} {split}' for split, size in sizes.items() if size)}"
