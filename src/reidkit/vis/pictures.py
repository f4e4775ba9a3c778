"""Read the picture of a sample for a person to look at, small enough to show many; no network input."""

import base64
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from reidkit.core.errors import ImageError
from reidkit.core.types import Sample
from reidkit.data.decoding import decode_image

NARROWEST, WIDEST = 0.4, 1.8
"""Limits of a tile's width over its height; what is beyond them is shown smaller, never cut."""

JPEG_QUALITY = 80

MOST_FRAMES = 4
"""Frames of a tracklet that are shown side by side."""

DIVIDER = (110, 118, 129)


def read_picture(sample: Sample) -> Image.Image | None:
    """Return the first frame of a sample as upright RGB, cut to its box; None where it cannot be read.

    A picture less must not cost the report, so no fault of a file is raised.
    """
    if not sample.frames:
        return None
    try:
        return decode_image(sample.path, box=sample.box)
    except ImageError:
        return None


def read_strip(sample: Sample) -> Image.Image | None:
    """Return what stands for a sample in a rank list: its picture, or frames of a tracklet side by side.

    Up to `MOST_FRAMES` frames, evenly spread from the first to the last, at the height of the first of them;
    what cannot be read is left out. None where nothing can be read.
    """
    last = len(sample.frames) - 1
    if last < 1:
        return read_picture(sample)
    pictures = [read_picture(replace(sample, frames=(frame,))) for frame in spread_frames(sample.frames)]
    readable = [picture for picture in pictures if picture is not None]
    if not readable:
        return None
    height = readable[0].height
    return beside([fit(picture, 4 * height, height) for picture in readable], gap=2, paper=DIVIDER)


def spread_frames(frames: Sequence[Path]) -> list[Path]:
    """Return up to `MOST_FRAMES` frames, evenly spread from the first to the last."""
    num_shown = min(MOST_FRAMES, len(frames))
    return [frames[place * (len(frames) - 1) // max(1, num_shown - 1)] for place in range(num_shown)]


def fit(picture: Image.Image, width: int, height: int) -> Image.Image:
    """Return a picture scaled to the largest size inside (width, height) pixels that keeps its shape."""
    scale = min(width / picture.width, height / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def shrink(picture: Image.Image, width: int, height: int) -> Image.Image:
    """Return a picture that fits into (width, height) pixels: scaled down, or itself if it is smaller."""
    if picture.width <= width and picture.height <= height:
        return picture
    return fit(picture, width, height)


def common_aspect(pictures: Sequence[Image.Image | None]) -> float:
    """Return width over height of the tiles for these pictures: the middle one's, within the limits.

    Where none can be read it is 0.5, the shape of a standing person.
    """
    aspects = sorted(picture.width / picture.height for picture in pictures if picture is not None)
    middle = aspects[len(aspects) // 2] if aspects else 0.5
    return min(max(middle, NARROWEST), WIDEST)


def data_uri(picture: Image.Image) -> str:
    """Return a picture as the text that an ``<img src>`` takes: a JPEG in base64."""
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def beside(
    pictures: Sequence[Image.Image], *, gap: int = 8, paper: tuple[int, int, int] = (255, 255, 255)
) -> Image.Image:
    """Return pictures side by side on paper of a colour, their upper edges in line."""
    width = sum(picture.width for picture in pictures) + gap * (len(pictures) - 1)
    sheet = Image.new("RGB", (width, max(picture.height for picture in pictures)), paper)
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width + gap
    return sheet
