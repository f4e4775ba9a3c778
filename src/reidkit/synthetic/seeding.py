"""Random numbers that depend only on what is drawn: never on order, processes or other pictures."""

from enum import IntEnum

import numpy as np

Random = np.random.Generator


class Stream(IntEnum):
    """What random numbers are for; streams with different names are independent."""

    PERSON = 0
    GROUP = 1
    CAMERA = 2
    SCENE = 3
    WALK = 4
    PICTURE = 5
    MOMENT = 6
    TRACKLET = 7
    THINGS = 8


def random_for(seed: int, stream: Stream, *keys: int) -> np.random.Generator:
    """Return the random generator of one thing.

    Args:
        seed: Seed of the benchmark, not negative.
        stream: What the numbers are for.
        keys: Whole numbers, not negative, that name the thing: part, identity, camera, index.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, int(stream), *map(int, keys)])))
