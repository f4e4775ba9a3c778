"""Paint the trunk: cloth, collar, front, logo, and the straps of bags."""

import numpy as np

from reidkit.synthetic.person.dyes import Coat, Dye, Dyes, leg_pattern, lower_dye, upper_dye
from reidkit.synthetic.person.figure import Surface
from reidkit.synthetic.person.garments import UPPER_CUTS, UpperCut
from reidkit.synthetic.person.identity import Identity
from reidkit.synthetic.person.mesh import Floats
from reidkit.synthetic.person.patterns import (
    Mask,
    creases,
    logo_mask,
    pattern_level,
)

# Height below the root of the neck at the stations of the trunk, over the height of the body.
_TRUNK_DOWN = np.array([0.0, 0.026, 0.053, 0.128, 0.228, 0.303, 0.378, 0.400], np.float32)
_TRUNK_PLACE = np.linspace(0, 1, 8, dtype=np.float32)


def paint_trunk(identity: Identity, surface: Surface, u: Floats, v: Floats, folds: float) -> Coat:
    """Paint the trunk: the upper garment down to its hem, then the lower one."""
    cut = UPPER_CUTS[identity.upper]
    height = identity.body.height_metres
    down = np.interp(v, _TRUNK_PLACE, _TRUNK_DOWN).astype(np.float32) * height
    length = 0.40 * height
    x = np.sin(2 * np.pi * u) * 0.16
    is_front = np.abs(u) < 0.25
    pattern = "plain" if identity.upper_pattern == "raglan" else identity.upper_pattern
    dye = upper_dye(pattern_level(pattern, u, down / length, 0.96, length))
    relief = creases(u, down, folds, cut.folds, 1.0, 1.3)
    if cut.is_quilted:
        relief *= 0.78 + 0.30 * np.abs(np.sin(np.pi * down / 0.085)) ** 0.7
    _front(identity, cut, x, down, is_front, dye, relief)
    _collar(identity, cut, x, down, is_front, dye, relief)
    _logo(identity, x, down, is_front, dye)
    if cut.skirt is None:
        below = v > cut.hem
        dye[below] = lower_dye(pattern_level(leg_pattern(identity), u[below], down[below] / 0.8, 0.96, 0.8))
        relief[below & (v < cut.hem + 0.045)] *= 0.62
        relief[~below & (v > cut.hem - 0.03)] *= 0.9
    _straps(identity, x, down, is_front, dye, relief)
    return Coat(dye, relief)


def _front(
    identity: Identity, cut: UpperCut, x: Floats, down: Floats, is_front: Mask,
    dye: Dyes, relief: Floats,
) -> None:  # fmt: skip
    """Open the front, or close it with a zip or buttons, in place."""
    if cut.opening:
        edge = cut.opening * (0.55 + down / 0.6)
        inside = is_front & (np.abs(x) < edge)
        dye[inside] = Dye.INNER
        relief[inside & (np.abs(x) > edge - 0.014)] *= 0.55
    elif cut.front == "zip":
        relief[is_front & (np.abs(x) < 0.006)] *= 0.45
    elif cut.front == "buttons":
        relief[is_front & (np.abs(x - 0.012) < 0.004)] *= 0.8
        phase = down / 0.085
        relief[is_front & (np.abs(x) < 0.009) & (np.abs(phase - np.round(phase)) < 0.11)] *= 0.4
    if identity.upper == "hoodie":
        pocket = is_front & (down > 0.40) & (down < 0.52) & (np.abs(x) < 0.06 + (down - 0.40) * 0.5)
        edge_of_pocket = pocket & ((np.abs(x) > 0.048 + (down - 0.40) * 0.5) | (down < 0.412))
        relief[edge_of_pocket] *= 0.62
        relief[is_front & (np.abs(np.abs(x) - 0.03) < 0.005) & (down < 0.22)] *= 1.35
    if identity.upper in ("jacket", "coat"):
        slant = is_front & (np.abs(np.abs(x) - 0.095) < 0.007) & (down > 0.36) & (down < 0.46)
        relief[slant] *= 0.55


def _collar(
    identity: Identity, cut: UpperCut, x: Floats, down: Floats, is_front: Mask,
    dye: Dyes, relief: Floats,
) -> None:  # fmt: skip
    """Cut the neckline, in place."""
    away = np.abs(x)
    if cut.collar == "straps":
        neckline = down < np.where(is_front, 0.135, 0.09)
        hole = (neckline & (away < 0.055)) | ((away > 0.105) & (down < 0.17))
        dye[hole | (down < 0.035)] = Dye.SKIN
    elif cut.collar in ("crew", "vee"):
        depth = 0.055 if cut.collar == "crew" else 0.14 - away * 1.6
        hole = (is_front & (down < depth) & (away < 0.065)) | (down < 0.022)
        dye[hole] = Dye.INNER if identity.inner_colour != "none" else Dye.SKIN
        dye[down < 0.022] = Dye.SKIN
        relief[~hole & is_front & (down < depth + 0.012) & (away < 0.08)] *= 0.8
    elif cut.collar == "shirt":
        hole = is_front & (away < (0.085 - down) * 0.7)
        dye[hole | (down < 0.02)] = Dye.SKIN
        relief[is_front & (np.abs(away - 0.05) < 0.006) & (down > 0.03) & (down < 0.085)] *= 0.6
    elif cut.collar == "lapel":
        hole = is_front & (away < (0.24 - down) * 0.36)
        dye[hole] = Dye.INNER
        dye[is_front & (away < (0.085 - down) * 0.6)] = Dye.SKIN
        lapel = is_front & ~hole & (away < (0.24 - down) * 0.36 + 0.035) & (down < 0.25)
        relief[lapel] *= 0.82
        relief[hole & (away > (0.24 - down) * 0.36 - 0.009)] *= 0.55


_LOGO_PLACES = {  # x, down and radius in metres
    "chest": (0.0, 0.20, 0.062),
    "left_chest": (0.075, 0.17, 0.030),
    "belly": (0.0, 0.31, 0.066),
    "back": (0.0, 0.21, 0.085),
}


def _logo(identity: Identity, x: Floats, down: Floats, is_front: Mask, dye: Dyes) -> None:
    if identity.logo == "none":
        return
    centre, depth, radius = _LOGO_PLACES[identity.logo_place]
    side = ~is_front if identity.logo_place == "back" else is_front
    near = np.flatnonzero(side & (np.abs(down - depth) < radius * 1.2))
    # Seen from behind, left and right change places.
    sign = -1.0 if identity.logo_place == "back" else 1.0
    shape = logo_mask(identity.logo, sign * (x[near] - centre) / radius, (down[near] - depth) / radius)
    dye[near[shape]] = Dye.LOGO


def _straps(
    identity: Identity, x: Floats, down: Floats, is_front: Mask,
    dye: Dyes, relief: Floats,
) -> None:  # fmt: skip
    if identity.bag == "backpack":
        strap = (np.abs(np.abs(x) - 0.088) < 0.020) & (down > 0.045) & (down < np.where(is_front, 0.40, 0.15))
    elif identity.bag == "shoulder_bag":
        side = 1.0 if identity.bag_side == "left" else -1.0
        middle = side * (-0.095 + (down - 0.05) * 0.60)
        strap = (np.abs(x - middle) < 0.017) & (down > 0.045) & (down < 0.46)
    else:
        return
    dye[strap] = Dye.BAG_TRIM
    relief[strap] = 1.0
