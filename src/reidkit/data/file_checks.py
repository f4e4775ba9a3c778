"""Read image files, all of them or a sample that is the same at every run: faults, and fingerprints."""

import os
import random
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from reidkit.core.errors import ImageError
from reidkit.core.types import Box, ReportProgress, Sample
from reidkit.data.decoding import clip_box, decode_image
from reidkit.data.failures import ReadFailure
from reidkit.data.fingerprints import FINGERPRINT, Fingerprint, fingerprint

Decode = Literal["none", "sample", "all"]
SAMPLE_SIZE = 200
_MOST_THREADS = 8
_FILES_QUEUED = 4096  # bounds the memory of a check of millions of files


class Picture(NamedTuple):
    """What a sample shows in one frame: the file, or the part of it inside a box."""

    path: Path
    box: Box | None


@dataclass(frozen=True)
class FileCheck:
    """What came of reading image files.

    Args:
        tried: How many files were read.
        total: How many there are.
        failures: Those that cannot be used, sorted by path.
        pictures: Of the others, sorted by path and then by box, a whole file before its boxes.
        fingerprints: One per picture, array of type `FINGERPRINT`.
    """

    tried: int
    total: int
    failures: tuple[ReadFailure, ...]
    pictures: tuple[Picture, ...]
    fingerprints: Fingerprint


_Boxes = dict[Path, set[Box | None]]
_Outcome = tuple[str | None, tuple[tuple[Picture, Fingerprint], ...]]


def read_files(
    samples: Iterable[Sample], *, decode: Decode, report: ReportProgress | None = None
) -> FileCheck:
    """Read image files, each once, check the boxes in them, and take the fingerprint of each picture.

    No picture is kept: memory is some hundred bytes per picture.

    Args:
        samples: Whose frames are read.
        decode: "all" files in threads; a "sample" of 200, chosen by a fixed seed; or "none".
        report: Called with (files done, files in all), from this thread.
    """
    boxes: _Boxes = {}
    for sample in samples:
        for frame in sample.frames:
            boxes.setdefault(frame, set()).add(sample.box)
    files = _choose(sorted(boxes), decode)
    failures: list[ReadFailure] = []
    pictures: list[Picture] = []
    fingerprints = np.zeros(sum(len(boxes[file]) for file in files), FINGERPRINT)
    for done, (file, (reason, found)) in enumerate(_try_files(files, boxes), 1):
        if reason is not None:
            failures.append(ReadFailure(file, reason))
        for picture, numbers in found:
            fingerprints[len(pictures)] = numbers
            pictures.append(picture)
        if report is not None:
            report(done, len(files))
    return FileCheck(len(files), len(boxes), tuple(failures), tuple(pictures), fingerprints[: len(pictures)])


def _choose(files: list[Path], decode: Decode) -> list[Path]:
    if decode == "none":
        return []
    if decode == "all" or len(files) <= SAMPLE_SIZE:
        return files
    return sorted(random.Random(0).sample(files, SAMPLE_SIZE))


def _try_files(files: list[Path], boxes: _Boxes) -> Iterator[tuple[Path, _Outcome]]:
    threads = min(os.cpu_count() or 1, _MOST_THREADS)
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(files), _FILES_QUEUED):
            block = files[start : start + _FILES_QUEUED]
            yield from zip(block, pool.map(lambda file: _try_file(file, boxes[file]), block), strict=True)


def _try_file(file: Path, boxes: set[Box | None]) -> _Outcome:
    found = []
    try:
        image = decode_image(file)
        for box in sorted(boxes, key=lambda box: (box is not None, box or ())):
            part = image
            if box is not None:
                part = image.crop(clip_box(box, image.height, image.width, name=f"Image {file}"))
            found.append((Picture(file, box), fingerprint(part)))
    except ImageError as error:
        return str(error), ()
    return None, tuple(found)
