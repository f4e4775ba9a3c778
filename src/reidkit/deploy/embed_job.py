"""Embed a folder of any size to a file, in parts: killed at any moment, the next call goes on.

Beside ``features.parquet`` a folder ``features.parquet.parts`` holds what is done. When all is, the parts are
joined into the file and the folder goes away. A file that is there already counts as done, too.
"""

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from reidkit.core.errors import DatasetError
from reidkit.core.files import write_json
from reidkit.core.types import ReportProgress
from reidkit.data.failures import ReadFailure, UnreadablePolicy, check_policy
from reidkit.deploy.descriptor_files import (
    DescriptorLabel,
    DescriptorRows,
    changed,
    check_suffix,
    read_label,
    read_part,
    read_rows,
    stack_paths,
    write_part,
    write_rows,
)
from reidkit.deploy.embedder import Embedder

PART_SIZE = 1024
"""Images per part: what a kill loses at most."""
LABEL_FILE = "label.json"


@dataclass(frozen=True)
class EmbedJob:
    """What is to be embedded, and where its parts lie.

    Args:
        out: The file to write.
        parts: The folder of the parts.
        label: Which descriptors they are.
        todo: The images that are not embedded yet.
        num_had: Images that are.
        run: Number of this call, which its parts start with.
    """

    out: Path
    parts: Path
    label: DescriptorLabel
    todo: tuple[Path, ...]
    num_had: int
    run: int


@dataclass(frozen=True)
class EmbedResult:
    """What a job did.

    Args:
        num_rows: Rows of the file.
        num_new: Images embedded now.
        num_had: Images that were embedded before and have not changed.
        failures: Images that cannot be read.
        seconds: That embedding took.
        label: Which descriptors they are.
    """

    num_rows: int
    num_new: int
    num_had: int
    failures: tuple[ReadFailure, ...]
    seconds: float
    label: DescriptorLabel


def embed_to_file(
    embedder: Embedder,
    paths: Sequence[Path],
    out: Path,
    *,
    unreadable: UnreadablePolicy = "skip",
    overwrite: bool = False,
    part_size: int = PART_SIZE,
    report: ReportProgress | None = None,
) -> EmbedResult:
    """Embed images to a file, going on where an earlier call was stopped.

    An image counts as embedded while its path and time of change are those of the row. Rows of images that
    are not asked for stay in the file.

    Args:
        embedder: Of any runtime.
        paths: The images.
        out: .parquet, .npz or .csv; the last does not say its model, and is written anew.
        unreadable: "skip" lists images that cannot be read, and tries them again next time; "error" stops,
            and what was embedded until then stays.
        overwrite: Whether to forget the file and its parts.
        part_size: Images per part, which a kill loses at most.
        report: Called with (images done, images in all).

    Raises:
        DatasetError: the file or its parts are of another model, or no image can be read.
        ImageError: an image cannot be read, under "error".
        MissingExtraError: pyarrow is not installed, for .parquet.
    """
    check_policy(unreadable)
    job = start_job(
        embedder.fingerprint, embedder.card.distance, embedder.descriptor_dim, paths, out, overwrite
    )
    failures: list[ReadFailure] = []
    start = time.perf_counter()
    for first in range(0, len(job.todo), part_size):
        chosen = job.todo[first : first + part_size]
        failures += embed_part(embedder, job.parts, f"{job.run:06d}-{first:09d}", chosen, unreadable)
        if report is not None:
            report(job.num_had + first + len(chosen), job.num_had + len(job.todo))
    seconds = time.perf_counter() - start
    return finish_job(job, failures, seconds)


def embed_part(
    embedder: Embedder, folder: Path, name: str, paths: Sequence[Path], unreadable: UnreadablePolicy
) -> list[ReadFailure]:
    """Embed some images, write them as a part, and return those that cannot be read.

    Args:
        embedder: Of any runtime.
        folder: Of the parts.
        name: Of the part.
        paths: The images.
        unreadable: See `embed_to_file`.

    Raises:
        ImageError: an image cannot be read, under "error".
    """
    names, modified = stack_paths(paths)  # before reading: a picture that changes meanwhile is read again
    failures: list[ReadFailure] = []
    descriptors = embedder.embed(paths, unreadable=unreadable, failures=failures)
    failed = {failure.path for failure in failures}
    is_good = np.array([path not in failed for path in paths], bool)
    write_part(folder / f"{name}.npz", DescriptorRows(names, modified, descriptors).take(is_good))
    return failures


def start_job(
    fingerprint: str, distance: str, descriptor_dim: int, paths: Sequence[Path], out: Path, overwrite: bool
) -> EmbedJob:
    """Find out what is done already, and make the folder of the parts.

    Args:
        fingerprint: Of the model.
        distance: Of the model.
        descriptor_dim: Of the model.
        paths: The images.
        out: The file to write.
        overwrite: Whether to forget what is done.

    Raises:
        DatasetError: the file or its parts are of another model, or the suffix is unknown.
        MissingExtraError: pyarrow is not installed, for .parquet.
    """
    check_suffix(out)
    label = DescriptorLabel(fingerprint, distance, descriptor_dim)
    parts = parts_folder(out)
    if overwrite:
        shutil.rmtree(parts, ignore_errors=True)
        out.unlink(missing_ok=True)
    if out.suffix != ".csv" and out.exists():
        _check_label(out, read_label(out), label)
    if (parts / LABEL_FILE).is_file():
        content = json.loads((parts / LABEL_FILE).read_text(encoding="utf-8"))
        _check_label(parts, DescriptorLabel(**content), label)
    else:
        parts.mkdir(parents=True, exist_ok=True)
        write_json(parts / LABEL_FILE, asdict(label))
    had: dict[str, int] = {}
    for rows in _read_all(out, parts, with_descriptors=False):
        had.update(zip(rows.paths.tolist(), rows.modified.tolist(), strict=True))
    todo = tuple(path for path in paths if had.get(str(path)) != changed(path))
    runs = [int(path.name.partition("-")[0]) for path in parts.glob("[0-9]*.npz")]
    return EmbedJob(out, parts, label, todo, len(paths) - len(todo), max(runs, default=-1) + 1)


def finish_job(job: EmbedJob, failures: Sequence[ReadFailure], seconds: float) -> EmbedResult:
    """Join the parts into the file and remove them.

    Args:
        job: From `start_job`.
        failures: Images that cannot be read.
        seconds: That embedding took.

    Raises:
        DatasetError: there is no row.
    """
    newest: dict[str, int] = {}
    for number, rows in enumerate(_read_all(job.out, job.parts, with_descriptors=False)):
        newest.update(dict.fromkeys(rows.paths.tolist(), number))
    if not newest:
        shutil.rmtree(job.parts)
        raise DatasetError(f"None of the {len(job.todo)} images can be read. Nothing was written.")
    count = write_rows(job.out, _newest_rows(job, newest), job.label)
    shutil.rmtree(job.parts)
    num_new = len(job.todo) - len(failures)
    return EmbedResult(count, num_new, job.num_had, tuple(failures), seconds, job.label)


def parts_folder(out: Path) -> Path:
    """Return where the parts of a file lie until it is finished."""
    return out.with_name(f"{out.name}.parts")


def _newest_rows(job: EmbedJob, newest: dict[str, int]) -> Iterator[DescriptorRows]:
    for number, rows in enumerate(_read_all(job.out, job.parts)):
        is_newest = np.array([newest[path] == number for path in rows.paths.tolist()], bool)
        if is_newest.any():
            yield rows.take(is_newest)


def _read_all(out: Path, parts: Path, *, with_descriptors: bool = True) -> Iterator[DescriptorRows]:
    if out.suffix != ".csv" and out.exists():
        yield from read_rows(out, with_descriptors=with_descriptors)
    for path in sorted(parts.glob("[0-9]*.npz")):
        yield read_part(path, with_descriptors=with_descriptors)


def _check_label(place: Path, found: DescriptorLabel | None, label: DescriptorLabel) -> None:
    if found != label:
        raise DatasetError(
            f"Descriptors of {place} are of another model, got "
            f"{found.fingerprint if found else 'no record'}. Expected {label.fingerprint} with "
            f"{label.distance} distance. Name another file, or replace them with --overwrite."
        )
