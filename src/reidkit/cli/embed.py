"""``reidkit embed``: descriptors of any images, as a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reidkit.cli.model_option import ModelOption, open_model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHUNK = 1024
"""Images between two movements of the bar."""


def embed(
    images: Annotated[list[Path], typer.Argument(help="Image files, or folders to search for images.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write: .npz, .csv or .parquet.")] = Path(
        "descriptors.npz"
    ),
    model: ModelOption = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    batch_size: Annotated[int, typer.Option(min=1, help="Images per step.")] = 64,
) -> None:
    """Embed images and write one descriptor per image; damaged images are reported and left out."""
    import numpy as np

    from reidkit.cli.screen import make_console
    from reidkit.core.errors import DatasetError
    from reidkit.core.progress import progress_bar
    from reidkit.data.failures import ReadFailure

    check_output(out)
    paths = find_images(images)
    console = make_console()
    embedder = open_model(model, device)
    embedder.batch_size = batch_size
    failures: list[ReadFailure] = []
    rows = []
    with progress_bar(console, "embedding") as report:
        for start in range(0, len(paths), CHUNK):
            part = paths[start : start + CHUNK]
            rows.append(embedder.embed(part, unreadable="skip", failures=failures))
            report(start + len(part), len(paths))
    descriptors = np.concatenate(rows)
    failed = {failure.path for failure in failures}
    is_good = np.array([path not in failed for path in paths])
    for failure in failures:
        console.print(f"left out: {failure.reason}", markup=False, soft_wrap=True)
    if not is_good.any():
        raise DatasetError(f"None of the {len(paths)} images can be read. Nothing was written.")
    kept = [str(path) for path in paths if path not in failed]
    write_descriptors(out, kept, descriptors[is_good], embedder.card.distance)
    console.print(
        f"wrote {out}: {len(kept)} descriptors of {embedder.descriptor_dim} numbers, "
        f"{embedder.card.distance} distance",
        soft_wrap=True,
    )


def check_output(out: Path) -> None:
    """Refuse a file format that cannot be written, before any work."""
    from reidkit.core.extras import import_extra

    if out.suffix not in (".npz", ".csv", ".parquet"):
        raise typer.BadParameter(f"expected a file ending in .npz, .csv or .parquet, got '{out}'")
    if out.suffix == ".parquet":
        import_extra("pyarrow", extra="parquet", purpose="A .parquet file")


def write_descriptors(out: Path, paths: list[str], descriptors: "NDArray[np.float32]", distance: str) -> None:
    """Write paths and descriptors, whole or not at all."""
    import csv

    import numpy as np

    from reidkit.core.extras import import_extra
    from reidkit.core.files import replace_file

    with replace_file(out) as unfinished:
        if out.suffix == ".npz":
            np.savez(unfinished, paths=np.array(paths), descriptors=descriptors, distance=distance)
        elif out.suffix == ".csv":
            with unfinished.open("w", newline="", encoding="utf-8") as stream:
                writer = csv.writer(stream)
                writer.writerow(["path", *(f"d{number}" for number in range(descriptors.shape[1]))])
                writer.writerows([path, *row] for path, row in zip(paths, descriptors.tolist(), strict=True))
        else:
            arrow = import_extra("pyarrow", extra="parquet", purpose="A .parquet file")
            parquet = import_extra("pyarrow.parquet", extra="parquet", purpose="A .parquet file")
            columns = {"path": paths, "descriptor": list(descriptors)}
            parquet.write_table(arrow.table(columns), unfinished)


def find_images(given: list[Path]) -> list[Path]:
    """Return the image files among files and folders, sorted within each folder.

    Raises:
        DatasetError: a path is not there, or there is no image.
    """
    from reidkit.core.errors import DatasetError
    from reidkit.data.readers.listing import list_tree

    paths: list[Path] = []
    for path in given:
        if path.is_dir():
            paths += list_tree(path).images
        elif path.exists():
            paths.append(path)
        else:
            raise DatasetError(f"Image not found, got {path.absolute()}. Expected a file or a folder.")
    if not paths:
        raise DatasetError(f"No images found in {', '.join(map(str, given))}. Expected image files.")
    return list(dict.fromkeys(paths))
