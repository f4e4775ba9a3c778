"""Embed the boxes of a video: decoded once, from front to end, in memory that depends on one batch."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reidkit.core.errors import DatasetError, ImageError
from reidkit.core.extras import import_extra
from reidkit.core.types import Box, ReportProgress
from reidkit.data.images import read_image, resize
from reidkit.deploy.embedder import Embedder
from reidkit.deploy.results import Descriptors

EDGES = ("left", "top", "right", "bottom")


@dataclass(frozen=True)
class VideoBoxes:
    """Boxes in the frames of a video, sorted by frame.

    Args:
        frames: (N,) int64: number of the frame, the first is 0.
        boxes: (N, 4) float64: left, top, right, bottom in pixels.
        tracks: (N,) What each box belongs to, as text; empty where the file does not say.
    """

    frames: NDArray[np.int64]
    boxes: NDArray[np.float64]
    tracks: NDArray[np.str_]


@dataclass(frozen=True)
class VideoDescriptors:
    """Descriptors of boxes in a video, one row per box.

    Args:
        where: The boxes.
        descriptors: (N, D) float32; NaN where there was nothing to see.
        is_valid: (N,) bool; False for a box that is empty or beside its frame, or whose frame is not there.
    """

    where: VideoBoxes
    descriptors: Descriptors
    is_valid: NDArray[np.bool_]


def read_boxes(path: Path) -> VideoBoxes:
    """Read boxes from a CSV file.

    Args:
        path: With a heading: columns ``frame`` (the first is 0), ``left``, ``top``, ``right``, ``bottom``
            and, if there is one, ``track``. Without: as MOTChallenge has it, frame (the first is 1), track,
            left, top, width, height; the rest is not read.

    Raises:
        DatasetError: the file is missing, a column is missing, or a line is no box.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            lines = [line for line in csv.reader(stream) if line]
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"Boxes {path} cannot be read: {error}. Expected a CSV file.") from error
    has_heading = bool(lines) and "frame" in [word.strip() for word in lines[0]]
    heading = [word.strip() for word in lines.pop(0)] if has_heading else []
    missing = [name for name in EDGES if name not in heading] if has_heading else []
    if missing:
        raise DatasetError(
            f"Boxes {path} lack columns, got {', '.join(heading)}. Expected frame, {', '.join(EDGES)}."
        )
    rows = []
    for number, line in enumerate(lines, start=1 + has_heading):
        try:
            rows.append(_named(line, heading) if has_heading else _of_mot(line))
        except (ValueError, IndexError) as error:
            raise DatasetError(
                f"Boxes {path}, line {number}, is no box, got {','.join(line)}. Expected numbers of a frame "
                f"and its box."
            ) from error
    rows.sort(key=lambda row: row[0])
    return VideoBoxes(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.float64).reshape(-1, 4),
        np.array([row[2] for row in rows], np.str_),
    )


def embed_video(
    embedder: Embedder, video: Path, boxes: Path | VideoBoxes, *, report: ReportProgress | None = None
) -> VideoDescriptors:
    """Embed the boxes of a video.

    Args:
        embedder: Of any runtime.
        video: A file of any kind that FFmpeg reads; frames are counted as they are shown.
        boxes: A CSV file, see `read_boxes`, or its content.
        report: Called with (boxes done, boxes in all).

    Raises:
        DatasetError: the boxes cannot be read.
        ImageError: the video cannot be opened or decoded.
        MissingExtraError: PyAV is not installed.
    """
    where = read_boxes(boxes) if isinstance(boxes, Path) else boxes
    rows = np.full((len(where.frames), embedder.descriptor_dim), np.nan, np.float32)
    is_valid = np.zeros(len(rows), bool)
    crops: list[Tensor] = []
    places: list[int] = []
    for number, frame in _frames(video, where.frames.tolist()):
        for row in np.flatnonzero(where.frames == number):
            left, top, right, bottom = where.boxes[row].tolist()
            crop = _cut(frame, (left, top, right, bottom), embedder)
            if crop is not None:
                crops.append(crop)
                places.append(int(row))
            if len(crops) == embedder.batch_size:
                rows[places] = embedder.embed_pixels(torch.stack(crops))
                is_valid[places] = True
                crops, places = [], []
        if report is not None:
            report(int((where.frames <= number).sum()), len(rows))
    if crops:
        rows[places] = embedder.embed_pixels(torch.stack(crops))
        is_valid[places] = True
    return VideoDescriptors(where, rows, is_valid)


def _cut(frame: NDArray[np.uint8], box: Box, embedder: Embedder) -> Tensor | None:
    try:
        return resize(read_image(frame, box=box), embedder.card.preprocessing)
    except ImageError:
        return None


def _frames(video: Path, wanted: Sequence[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield the wanted frames of a video as RGB, in order; the others are decoded and left."""
    av: Any = import_extra("av", extra="video", purpose="A video")
    if not wanted:
        return
    numbers = set(wanted)
    try:
        with av.open(str(video)) as container:
            if not container.streams.video:
                raise ImageError(f"Video {video} has no pictures. Expected a file with a video stream.")
            for number, frame in enumerate(container.decode(video=0)):
                if number in numbers:
                    yield number, frame.to_ndarray(format="rgb24")
                if number >= wanted[-1]:
                    return
    except (av.FFmpegError, OSError) as error:
        raise ImageError(
            f"Video {video} cannot be read: {error}. Expected a file that FFmpeg reads. Copy it again."
        ) from error


def _named(line: Sequence[str], heading: Sequence[str]) -> tuple[int, list[float], str]:
    values = dict(zip(heading, line, strict=True))
    return int(values["frame"]), [float(values[name]) for name in EDGES], values.get("track", "").strip()


def _of_mot(line: Sequence[str]) -> tuple[int, list[float], str]:
    left, top, width, height = (float(value) for value in line[2:6])
    return int(line[0]) - 1, [left, top, left + width, top + height], line[1].strip()
