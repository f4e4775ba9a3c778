"""Whether image files can be read: all of them, or a sample that is the same at every run."""

import os
import random
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from reidkit.core.errors import ImageError
from reidkit.core.types import Box, ReportProgress, Sample
from reidkit.data.decoding import clip_box, decode_image
from reidkit.data.failures import ReadFailure

Decode = Literal["none", "sample", "all"]
SAMPLE_SIZE = 200
_MOST_THREADS = 8
_FILES_QUEUED = 4096  # bounds the memory of a check of millions of files


def find_unreadable(
    samples: Iterable[Sample], *, decode: Decode, report: ReportProgress | None = None
) -> tuple[int, tuple[ReadFailure, ...]]:
    """Read image files, each once, and check the boxes in them.

    Args:
        samples: Whose frames are read.
        decode: "all" files in threads; a "sample" of 200, chosen by a fixed seed; or "none".
        report: Called with (files done, files in all), from this thread.

    Returns:
        How many files were tried, and those that failed, sorted by path.
    """
    boxes: dict[Path, set[Box]] = {}
    for sample in samples:
        for frame in sample.frames:
            boxes.setdefault(frame, set()).update(() if sample.box is None else (sample.box,))
    files = _choose(sorted(boxes), decode)
    failures = []
    for done, (file, reason) in enumerate(_try_files(files, boxes), 1):
        if reason is not None:
            failures.append(ReadFailure(file, reason))
        if report is not None:
            report(done, len(files))
    return len(files), tuple(failures)


def _choose(files: list[Path], decode: Decode) -> list[Path]:
    if decode == "none":
        return []
    if decode == "all" or len(files) <= SAMPLE_SIZE:
        return files
    return sorted(random.Random(0).sample(files, SAMPLE_SIZE))


def _try_files(files: list[Path], boxes: dict[Path, set[Box]]) -> Iterator[tuple[Path, str | None]]:
    threads = min(os.cpu_count() or 1, _MOST_THREADS)
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(files), _FILES_QUEUED):
            block = files[start : start + _FILES_QUEUED]
            yield from zip(block, pool.map(lambda file: _try_file(file, boxes[file]), block), strict=True)


def _try_file(file: Path, boxes: set[Box]) -> str | None:
    try:
        image = decode_image(file)
        for box in sorted(boxes):
            clip_box(box, image.height, image.width, name=f"Image {file}")
    except ImageError as error:
        return str(error)
    return None
