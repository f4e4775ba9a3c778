"""Paint bags and their handles."""

import numpy as np

from reidkit.synthetic.person.dyes import Coat, Dye
from reidkit.synthetic.person.figure import Surface
from reidkit.synthetic.person.identity import Identity
from reidkit.synthetic.person.mesh import Floats
from reidkit.synthetic.person.patterns import (
    creases,
)


def paint_bag(identity: Identity, surface: Surface, u: Floats, v: Floats, folds: float) -> Coat:
    """Paint a bag with its pockets and trim."""
    dye = np.full(len(u), Dye.BAG, np.uint8)
    relief = creases(u, v, folds, 0.05, 0.9, 0.9)
    if identity.bag == "backpack":
        outer = np.abs(u) > 0.30
        dye[outer & (np.abs(v - 0.58) < 0.018)] = Dye.BAG_TRIM
        relief[outer & (v > 0.60) & (v < 0.88)] *= 1.12
        dye[np.abs(v - 0.30) < 0.010] = Dye.BAG_TRIM
    elif identity.bag == "suitcase":
        relief *= 1 + 0.16 * np.sign(np.sin(u * 75))
        dye[np.abs(v - 0.5) < 0.015] = Dye.BAG_TRIM
    elif identity.bag == "shoulder_bag":
        dye[np.abs(v - 0.55) < 0.03] = Dye.BAG_TRIM
    else:
        dye[v < 0.26] = Dye.BAG_TRIM
    return Coat(dye, relief)


def paint_handle(identity: Identity, surface: Surface, u: Floats, v: Floats, folds: float) -> Coat:
    """Paint a handle or a shoulder strap."""
    return Coat(np.full(len(u), Dye.BAG_TRIM, np.uint8), np.ones(len(u), np.float32))
