"""What the embedder answers beyond one row per image."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reidkit.data.failures import ReadFailure

Descriptors = NDArray[np.float32]


class BoxDescriptors(NamedTuple):
    """Descriptors of parts of a frame.

    Args:
        descriptors: (N, D) float32, one row per box in order; NaN where there was nothing to see.
        is_valid: (N,) bool; False for a box that is empty, not finite, or beside the frame.
    """

    descriptors: Descriptors
    is_valid: NDArray[np.bool_]


class FileDescriptors(NamedTuple):
    """Descriptors of image files.

    Args:
        paths: The files that could be read, in order.
        descriptors: (N, D) float32, one row per path.
        failures: The files that could not be read, with the reason.
    """

    paths: list[Path]
    descriptors: Descriptors
    failures: list[ReadFailure]
