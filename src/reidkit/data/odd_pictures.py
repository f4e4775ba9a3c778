"""Which pictures are unlike the others: tiny ones, ones that show nothing, and odd shapes."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reidkit.data.file_checks import FileCheck, Picture
from reidkit.data.fingerprints import SMALLEST_SIDE

Oddity = Literal["tiny", "flat", "odd-shape"]

ODD_SHAPE = 4
"""How many times wider or narrower than the middle picture of a data set one may be, at equal height."""


@dataclass(frozen=True, slots=True)
class OddPicture:
    """A picture that is unlike the others.

    Args:
        kind: "tiny", "flat" (of one colour, or nearly black) or "odd-shape".
        picture: File and box.
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
    """

    kind: Oddity
    picture: Picture
    width: int
    height: int


def find_odd_pictures(files: FileCheck) -> tuple[OddPicture, ...]:
    """Find the odd pictures among those that were read; each one once, as the first kind that it is.

    A picture below 8 pixels on a side is tiny; one with nine tenths of its grey values within 8 of 255 is
    flat; one more than 4 times as wide for its height as the middle picture, or less than a quarter, is of
    odd shape.
    """
    if not files.pictures:
        return ()
    width, height = files.fingerprints["width"], files.fingerprints["height"]
    aspect = width / height
    relative = aspect / np.median(aspect)
    marks: dict[Oddity, NDArray[np.bool_]] = {
        "tiny": np.minimum(width, height) < SMALLEST_SIDE,
        "flat": files.fingerprints["is_flat"],
        "odd-shape": (relative > ODD_SHAPE) | (relative < 1 / ODD_SHAPE),
    }
    told = np.zeros(len(files.pictures), bool)
    found: list[OddPicture] = []
    for kind, is_odd in marks.items():
        found += [
            OddPicture(kind, files.pictures[row], int(width[row]), int(height[row]))
            for row in np.flatnonzero(is_odd & ~told).tolist()
        ]
        told |= is_odd
    return tuple(found)
