"""The colours of one person: the table that the painters pick from, and what they give back."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reidkit.synthetic.person.identity import Identity
from reidkit.synthetic.person.mesh import Floats
from reidkit.synthetic.person.palette import CLOTH, HAIR, SKIN


class Dye(IntEnum):
    """Rows of the colour table of one person."""

    SKIN = 0
    LIPS = 1
    HAIR = 2
    EYE = 3
    UPPER = 4
    UPPER_SECOND = 5
    UPPER_MIX = 6
    INNER = 7
    LOGO = 8
    LOWER = 9
    LOWER_SECOND = 10
    LOWER_MIX = 11
    LEGWEAR = 12
    SOCK = 13
    SHOE = 14
    SOLE = 15
    BAG = 16
    BAG_TRIM = 17
    HAT = 18
    HAT_TRIM = 19
    SCARF = 20
    SCARF_TRIM = 21
    LENS = 22


Dyes = NDArray[np.uint8]


class Coat(NamedTuple):
    """What a painter gives back: (N,) dye numbers and (N,) relief that multiplies the light."""

    dye: NDArray[np.uint8]
    relief: Floats


def _linear(colour: tuple[int, int, int]) -> Floats:
    return np.asarray((np.array(colour, np.float32) / 255) ** 2.2, np.float32)


def dye_table(identity: Identity) -> Floats:
    """Return (number of dyes, 3) linear RGB in [0, 1] of a person."""

    def cloth(name: str) -> Floats:
        return _linear(CLOTH.get(name, (128, 128, 128)))

    skin, hair = _linear(SKIN[identity.skin]), _linear(HAIR.get(identity.hair_colour, (60, 50, 45)))
    upper, second = cloth(identity.upper_colour), cloth(identity.upper_second_colour)
    lower, lower_second = cloth(identity.lower_colour), cloth(identity.lower_second_colour)
    bag, hat, scarf, shoe = (
        cloth(name)
        for name in (identity.bag_colour, identity.hat_colour, identity.scarf_colour, identity.shoes_colour)
    )
    legwear = skin if identity.legwear == "bare" else cloth(identity.legwear) * 0.9 + skin * 0.1
    sole = _linear((225, 225, 220)) if identity.shoes in ("sneakers", "high_tops") else shoe * 0.35
    rows: dict[Dye, Floats] = {
        Dye.SKIN: skin,
        Dye.LIPS: skin * np.array([0.75, 0.42, 0.42], np.float32),
        Dye.HAIR: hair,
        Dye.EYE: _linear((40, 32, 30)),
        Dye.UPPER: upper,
        Dye.UPPER_SECOND: second,
        Dye.UPPER_MIX: 0.5 * upper + 0.5 * second,
        Dye.INNER: cloth(identity.inner_colour),
        Dye.LOGO: cloth(identity.logo_colour),
        Dye.LOWER: lower,
        Dye.LOWER_SECOND: lower_second,
        Dye.LOWER_MIX: 0.5 * lower + 0.5 * lower_second,
        Dye.LEGWEAR: legwear,
        Dye.SOCK: _linear((215, 215, 212)),
        Dye.SHOE: shoe,
        Dye.SOLE: sole,
        Dye.BAG: bag,
        Dye.BAG_TRIM: bag * 0.45 + 0.01,
        Dye.HAT: hat,
        Dye.HAT_TRIM: hat * 0.4 + 0.01,
        Dye.SCARF: scarf,
        Dye.SCARF_TRIM: scarf * 0.6,
        Dye.LENS: _linear((30, 32, 36)),
    }
    return np.stack([rows[dye] for dye in Dye]).astype(np.float32)


def upper_dye(level: Dyes) -> Dyes:
    """Return the dyes of a pattern on the upper garment."""
    return (level + Dye.UPPER).astype(np.uint8)


def lower_dye(level: Dyes) -> Dyes:
    """Return the dyes of a pattern on the lower garment."""
    return (level + Dye.LOWER).astype(np.uint8)


def leg_pattern(identity: Identity) -> str:
    """Return the pattern that covers the whole lower garment; a side stripe does not."""
    return "plain" if identity.lower_pattern == "side_stripe" else identity.lower_pattern
