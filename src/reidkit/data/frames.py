"""Which frames of a tracklet are used: plain functions from their number to positions in temporal order.

Differs:
    Torchreid's "evenly" cuts a tracklet of n frames to the largest multiple of L and takes the first frame
    of each part, so that up to L - 1 frames at its end are never seen (n = 7, L = 3 gives 0, 2, 4); and
    fills a short one with its last frame (n = 2, L = 4 gives 0, 1, 1, 1). Here: 1, 3, 5; and 0, 0, 1, 1.
    Torchreid's "random" draws a short tracklet with replacement, which may leave frames out while others
    come three times; here every frame comes floor(L / n) or ceil(L / n) times. It draws from the global
    generator, in tests too, so that scores change from run to run; here the seed decides, and
    `evaluation_batches` takes no random frames. Torchreid's "all" works in batches of one tracklet only;
    here frames are rows of their own, in batches of any size. It has no "chunked".
"""

import random
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from reidkit.core import catalog
from reidkit.core.errors import CatalogError

Indices = NDArray[np.int64]
FrameSampling = Callable[[int, int | None, int], Indices]
"""(number of frames, length, seed) -> positions of frames, int64, never decreasing."""


def sample_evenly(num_frames: int, length: int | None, seed: int = 0) -> Indices:
    """Return L positions spread over the whole tracklet: the middle frame of each of L equal parts.

    Args:
        num_frames: Frames of the tracklet, n.
        length: L; where it exceeds n, frames repeat in order, each floor(L / n) or ceil(L / n) times.
        seed: Not used.

    Raises:
        CatalogError: ``num_frames`` or ``length`` is no whole number of at least 1.

    Example:
        >>> sample_evenly(7, 3).tolist(), sample_evenly(2, 3).tolist()
        ([1, 3, 5], [0, 1, 1])
    """
    parts = _check_length(length)
    return (2 * np.arange(parts, dtype=np.int64) + 1) * _check_num_frames(num_frames) // (2 * parts)


def sample_randomly(num_frames: int, length: int | None, seed: int = 0) -> Indices:
    """Return L different positions at random, in temporal order.

    Args:
        num_frames: Frames of the tracklet, n.
        length: L; where it exceeds n, every frame comes floor(L / n) or ceil(L / n) times.
        seed: Decides everything.

    Raises:
        CatalogError: ``num_frames`` or ``length`` is no whole number of at least 1.
    """
    count = _check_num_frames(num_frames)
    repeats, rest = divmod(_check_length(length), count)
    drawn = random.Random(seed).sample(range(count), rest)
    return np.array(sorted([*range(count)] * repeats + drawn), np.int64)


def sample_all(num_frames: int, length: int | None = None, seed: int = 0) -> Indices:
    """Return every position.

    Args:
        num_frames: Frames of the tracklet, n.
        length: Not used.
        seed: Not used.

    Raises:
        CatalogError: ``num_frames`` is no whole number of at least 1.
    """
    return np.arange(_check_num_frames(num_frames), dtype=np.int64)


def sample_in_chunks(num_frames: int, length: int | None, seed: int = 0) -> Indices:
    """Return every position, in chunks of L, for models that take clips; the last chunk is filled up.

    Args:
        num_frames: Frames of the tracklet, n.
        length: L. The result holds ceil(n / L) * L positions: ``.reshape(-1, L)`` has one chunk per row.
            Where n is no multiple of L, the frames of the last chunk repeat, in order, as in
            `sample_evenly`: each about equally often.
        seed: Not used.

    Raises:
        CatalogError: ``num_frames`` or ``length`` is no whole number of at least 1.

    Example:
        >>> sample_in_chunks(5, 3).tolist()
        [0, 1, 2, 3, 4, 4]
    """
    size, count = _check_length(length), _check_num_frames(num_frames)
    whole = count - count % size
    if whole == count:
        return np.arange(count, dtype=np.int64)
    return np.concatenate([np.arange(whole, dtype=np.int64), whole + sample_evenly(count - whole, size)])


FRAME_SAMPLING: dict[str, FrameSampling] = {
    "all": sample_all,
    "chunked": sample_in_chunks,
    "evenly": sample_evenly,
    "random": sample_randomly,
}
"""Every way takes (number of frames, length, seed)."""

TRAINING_WAYS = ("evenly", "random")
"""Those that give as many frames of every tracklet, as a batch needs."""

EVALUATION_WAYS = ("all", "evenly")
"""Those that draw nothing and repeat nothing: a descriptor must not depend on chance."""


def find_frame_sampling(way: str, allowed: tuple[str, ...]) -> FrameSampling:
    """Return a way to sample frames by its key.

    Args:
        way: A key of `FRAME_SAMPLING`.
        allowed: The keys that make sense where it is used.

    Raises:
        CatalogError: unknown, or not allowed here.
    """
    if way not in allowed:
        raise CatalogError(
            f"Frame sampling does not fit here, got '{way}'.{catalog.near_name(way, allowed)} "
            f"Expected one of: {', '.join(allowed)}."
        )
    return FRAME_SAMPLING[way]


def check_frame_count(frames_per_tracklet: int) -> None:
    """Refuse a number of frames per tracklet that is no whole number of at least 1.

    Raises:
        CatalogError: it is not.
    """
    _check_whole("frames_per_tracklet", frames_per_tracklet)


def _check_length(length: int | None) -> int:
    return _check_whole("length", length)


def _check_num_frames(num_frames: int) -> int:
    return _check_whole("num_frames", num_frames)


def _check_whole(name: str, value: int | None) -> int:
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if value is None or not is_whole or value < 1:
        raise CatalogError(f"{name} is out of range, got {value!r}. Expected a whole number of at least 1.")
    return int(value)
