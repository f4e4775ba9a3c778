"""Paint every visible point of a person by the painter of its surface."""

from collections.abc import Callable

import numpy as np

from reidkit.synthetic.person.dyes import Coat
from reidkit.synthetic.person.figure import Surface
from reidkit.synthetic.person.identity import Identity
from reidkit.synthetic.person.mesh import Floats, Fragments
from reidkit.synthetic.person.paint_bag import paint_bag, paint_handle
from reidkit.synthetic.person.paint_head import (
    paint_hair,
    paint_hat,
    paint_head,
    paint_hood,
    paint_neck,
    paint_scarf,
)
from reidkit.synthetic.person.paint_limbs import paint_arm, paint_leg, paint_shoe, paint_skirt
from reidkit.synthetic.person.paint_trunk import paint_trunk

_PAINTERS: dict[Surface, Callable[[Identity, Surface, Floats, Floats, float], Coat]] = {
    Surface.TRUNK: paint_trunk,
    Surface.LEFT_ARM: paint_arm,
    Surface.RIGHT_ARM: paint_arm,
    Surface.LEFT_LEG: paint_leg,
    Surface.RIGHT_LEG: paint_leg,
    Surface.LEFT_SHOE: paint_shoe,
    Surface.RIGHT_SHOE: paint_shoe,
    Surface.NECK: paint_neck,
    Surface.HEAD: paint_head,
    Surface.HAIR: paint_hair,
    Surface.HAT: paint_hat,
    Surface.BRIM: paint_hat,
    Surface.SCARF: paint_scarf,
    Surface.HOOD: paint_hood,
    Surface.SKIRT: paint_skirt,
    Surface.BAG: paint_bag,
    Surface.HANDLE: paint_handle,
}


def paint(identity: Identity, fragments: Fragments, folds: float) -> Coat:
    """Return the dye and the relief of every visible point.

    Args:
        identity: Who is painted.
        fragments: The visible points.
        folds: Any number; it picks how the folds of the cloth fall.
    """
    dye = np.zeros(len(fragments.u), np.uint8)
    relief = np.ones(len(fragments.u), np.float32)
    order = np.argsort(fragments.surface, kind="stable")
    bounds = np.searchsorted(fragments.surface[order], np.arange(len(Surface) + 1))
    for surface in Surface:
        part = order[bounds[surface] : bounds[surface + 1]]
        if part.size:
            coat = _PAINTERS[surface](identity, surface, fragments.u[part], fragments.v[part], folds)
            dye[part], relief[part] = coat.dye, coat.relief
    return Coat(dye, relief)


# Height below the root of the neck at the stations of the trunk, over the height of the body.
