"""One sequence of MOTChallenge: its frames, and the boxes of its ground truth."""

import configparser
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.core.types import Box
from reidkit.data.readers.listing import describe_content, list_folder
from reidkit.data.readers.row_faults import RowFaults

GROUND_TRUTH = Path("gt") / "gt.txt"

_INFORMATION = "seqinfo.ini"
_FRAME_NAME = re.compile(r"[0-9]+")
_PEDESTRIAN = 1
# Nine values: flag, class and visibility follow the box. Ten, of 2015: flag, and a place in the world.
_COUNTS = (9, 10)


@dataclass(frozen=True, slots=True)
class TrackBox:
    """One row of the ground truth.

    Args:
        row: Its number, from 1.
        frame: Number of the frame, from 1.
        track: Number of the track.
        box: (left, top, right, bottom) in pixels from 0, right and bottom exclusive.
        is_considered: Whether its flag says that it counts.
        is_pedestrian: Whether its class is 1, or the file has no classes.
        visibility: Visible part, in [0, 1]; 1 where the file does not tell.
    """

    row: int
    frame: int
    track: int
    box: Box
    is_considered: bool
    is_pedestrian: bool
    visibility: float


@dataclass(frozen=True, slots=True)
class MotSequence:
    """A sequence that was read.

    Args:
        name: Of its folder.
        boxes: All rows of the ground truth, sorted by track and frame.
        images: Frame number to file.
        size: (height, width) of its frames in pixels; None where nothing says so.
    """

    name: str
    boxes: tuple[TrackBox, ...]
    images: Mapping[int, Path]
    size: tuple[int, int] | None


def read_mot_sequence(folder: Path, faults: RowFaults) -> MotSequence:
    """Read the ground truth, the names of the frames and, where it is there, ``seqinfo.ini``.

    Args:
        folder: Of the sequence.
        faults: Gets the faults of the rows.

    Raises:
        DatasetError: no folder of frames, or a file that cannot be read.
    """
    information = _read_information(folder / _INFORMATION)
    name = f"{folder.name}/{GROUND_TRUTH.as_posix()}"
    boxes: list[TrackBox] = []
    seen: dict[tuple[int, int], int] = {}
    for row, line in enumerate(_read_text(folder / GROUND_TRUTH).split("\n"), 1):
        if not line.strip():
            continue
        box = _read_row(row, line, name, faults)
        if box is None:
            continue
        earlier = seen.setdefault((box.frame, box.track), row)
        if earlier != row:
            faults.add(row, f"track {box.track} is in frame {box.frame} twice, see row {earlier}", file=name)
        boxes.append(box)
    return MotSequence(
        name=folder.name,
        boxes=tuple(sorted(boxes, key=lambda box: (box.track, box.frame))),
        images=_find_frames(folder, information.get("imdir") or "img1"),
        size=_read_size(folder, information),
    )


def _read_row(row: int, line: str, name: str, faults: RowFaults) -> TrackBox | None:
    parts = line.split(",")
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    if len(values) not in _COUNTS or not all(map(math.isfinite, values)):
        faults.add(row, f"'{line.strip()}' is not 9 numbers separated by commas", file=name)
        return None
    frame, track, left, top, width, height, flag = values[:7]
    for what, value in (("frame", frame), ("track", track)):
        if not value.is_integer():
            faults.add(row, f"{what} {value} is no whole number", file=name)
            return None
    if frame < 1 or width <= 0 or height <= 0:
        what = f"frame {frame:g} and a box of {width:g} x {height:g} pixels"
        faults.add(row, f"{what}, expected a frame from 1 on and a box that is not empty", file=name)
        return None
    return TrackBox(
        row=row,
        frame=int(frame),
        track=int(track),
        # The upper left pixel of a frame is (1, 1) there.
        box=(left - 1, top - 1, left - 1 + width, top - 1 + height),
        is_considered=flag != 0,
        is_pedestrian=len(values) != 9 or values[7] == _PEDESTRIAN,
        visibility=values[8] if len(values) == 9 else 1.0,
    )


def _find_frames(folder: Path, name: str) -> dict[int, Path]:
    """Return the file of each frame number; names hold nothing but digits."""
    place = folder / name
    if not place.is_dir():
        raise DatasetError(
            f"Sequence {folder.name} has no frames, got no folder {place}. Expected its frames there as "
            f"000001.jpg and so on. Found in {folder}: {describe_content(list_folder(folder))}."
        )
    content = list_folder(place)
    frames = {int(path.stem): path for path in content.images if _FRAME_NAME.fullmatch(path.stem)}
    if not frames:
        raise DatasetError(
            f"Sequence {folder.name} has no frames, got 0 images named by a number in {place}: "
            f"{describe_content(content)}. Expected 000001.jpg and so on. Name each image by its frame."
        )
    return frames


def _read_information(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(_read_text(path))
    except configparser.Error as error:
        raise DatasetError(
            f"Sequence has a damaged {_INFORMATION}, got {path}: {' '.join(str(error).split())}. "
            f"Expected the part [Sequence] with name = value. Correct it, or remove it."
        ) from error
    return dict(parser["Sequence"]) if parser.has_section("Sequence") else {}


def _read_size(folder: Path, information: Mapping[str, str]) -> tuple[int, int] | None:
    texts = information.get("imheight", ""), information.get("imwidth", "")
    if not all(texts):
        return None
    if all(text.isdecimal() and int(text) for text in texts):
        return int(texts[0]), int(texts[1])
    raise DatasetError(
        f"Sequence {folder.name} has a bad size in {_INFORMATION}, got imHeight={texts[0]} and "
        f"imWidth={texts[1]}. Expected pixels. Correct them, or remove both."
    )


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise DatasetError(f"File {path} cannot be read: {reason}. Expected a readable text file.") from error
