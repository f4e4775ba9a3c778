"""Paint arms, legs, shoes and skirts."""

import numpy as np

from reidkit.synthetic.person.dyes import Coat, Dye, leg_pattern, lower_dye, upper_dye
from reidkit.synthetic.person.figure import Surface
from reidkit.synthetic.person.garments import LOWER_CUTS, SLEEVE_ENDS, UPPER_CUTS
from reidkit.synthetic.person.identity import Identity
from reidkit.synthetic.person.mesh import Floats
from reidkit.synthetic.person.patterns import (
    creases,
    pattern_level,
    smooth_noise,
)


def paint_arm(identity: Identity, surface: Surface, u: Floats, v: Floats, folds: float) -> Coat:
    """Paint an arm: sleeve, then skin."""
    cut = UPPER_CUTS[identity.upper]
    end = SLEEVE_ENDS[identity.sleeve]
    sleeve = v < end
    dye = np.full(len(u), Dye.SKIN, np.uint8)
    relief = np.ones(len(u), np.float32)
    if identity.upper_pattern == "raglan":
        dye[sleeve] = Dye.UPPER_SECOND
    elif cut.is_sleeveless:
        dye[sleeve] = Dye.INNER
    else:
        pattern = identity.upper_pattern if identity.upper_pattern != "blocks" else "plain"
        # The cloth of the sleeve lines up with the trunk at the shoulder, which lies 9 cm down.
        dye[sleeve] = upper_dye(pattern_level(pattern, u[sleeve], v[sleeve] + 0.13, 0.36, 0.68))
        if identity.upper_pattern == "blocks":
            dye[sleeve & (v < 0.22)] = Dye.UPPER_SECOND
    wrinkles = creases(u, v, folds + 0.1 * surface, cut.folds * 1.1, 0.6, 1.1)
    relief[sleeve] = wrinkles[sleeve]
    if cut.is_quilted and not cut.is_sleeveless:
        relief[sleeve] *= 0.78 + 0.30 * np.abs(np.sin(np.pi * v[sleeve] / 0.11)) ** 0.7
    relief[sleeve & (v > end - 0.035)] *= 0.82
    relief[~sleeve & (v < end + 0.03)] *= 0.78
    return Coat(dye, relief)


def paint_leg(identity: Identity, surface: Surface, u: Floats, v: Floats, folds: float) -> Coat:
    """Paint a leg: trousers, then what is below them."""
    cut = LOWER_CUTS[identity.lower]
    outside = 0.25 if surface == Surface.LEFT_LEG else -0.25
    cloth = v < cut.length
    dye = np.full(len(u), Dye.LEGWEAR, np.uint8)
    relief = np.ones(len(u), np.float32)
    dye[cloth] = lower_dye(pattern_level(leg_pattern(identity), u[cloth], v[cloth], 0.5, 0.84))
    if identity.lower_pattern == "side_stripe":
        dye[cloth & (np.abs(u - outside) < 0.075)] = Dye.LOWER_SECOND
    if identity.lower == "jeans":
        relief *= 1 + 0.16 * np.exp(-((u / 0.16) ** 2) - ((v - 0.3) / 0.22) ** 2)
        relief[cloth & (np.abs(u - outside) < 0.012)] *= 0.8
    relief[cloth] *= creases(u, v, folds + 0.1 * surface, cut.folds, 0.7, 1.2)[cloth]
    # Cloth gathers at the knee and above the shoe.
    gather = np.exp(-(((v - 0.5) / 0.05) ** 2)) + np.exp(-(((v - 0.95) / 0.05) ** 2))
    relief[cloth] *= (1 - 0.5 * cut.folds * gather * (1 + np.sin(v * 95 + 4 * u)))[cloth]
    relief[~cloth & (v < cut.length + 0.03)] *= 0.75
    if cut.length < 0.9 and identity.shoes in ("sneakers", "high_tops"):
        dye[v > 0.90] = Dye.SOCK
    if identity.shoes == "boots":
        dye[v > 0.74] = Dye.SHOE
    elif identity.shoes == "high_tops":
        dye[v > 0.93] = Dye.SHOE
    return Coat(dye, relief)


def paint_shoe(identity: Identity, surface: Surface, u: Floats, v: Floats, folds: float) -> Coat:
    """Paint a shoe."""
    dye = np.full(len(u), Dye.SHOE, np.uint8)
    relief = np.ones(len(u), np.float32)
    dye[np.abs(u) > (0.30 if identity.shoes in ("sneakers", "high_tops") else 0.36)] = Dye.SOLE
    if identity.shoes == "sneakers":
        laces = (np.abs(u) < 0.09) & (v > 0.45) & (v < 0.72) & (np.sin(v * 90) > 0)
        dye[laces] = Dye.SOLE
    elif identity.shoes == "flats":
        opening = (np.abs(u) < 0.17) & (v > 0.25) & (v < 0.62)
        dye[opening] = (
            Dye.LEGWEAR if identity.lower in ("none", "skirt", "long_skirt", "shorts") else Dye.SKIN
        )
    return Coat(dye, relief)


def paint_skirt(identity: Identity, surface: Surface, u: Floats, v: Floats, folds: float) -> Coat:
    """Paint a skirt, or the lower part of a coat or dress."""
    upper = UPPER_CUTS[identity.upper]
    if upper.skirt is None:
        dye = lower_dye(pattern_level(leg_pattern(identity), u, v, 1.2, 0.6))
        strength = LOWER_CUTS[identity.lower].folds
    else:
        pattern = "plain" if identity.upper_pattern in ("raglan", "blocks") else identity.upper_pattern
        dye = upper_dye(pattern_level(pattern, u, v, 1.2, 0.62))
        strength = upper.folds
    # Cloth that hangs falls in long upright folds, deeper towards the hem.
    pleats = smooth_noise(u * 2.2 + folds, v * 0.12 + folds)
    relief = np.asarray(1 + strength * (0.3 + 1.3 * v) * pleats, np.float32)
    if upper.opening:
        gap = np.abs(u) < 0.030 + 0.05 * v
        dye[gap] = Dye.LOWER
        # Two legs show in the opening, with the dark between them.
        relief[gap] = (0.32 + 0.45 * np.clip(np.abs(u) / (0.03 + 0.05 * v), 0, 1))[gap]
        relief[~gap & (np.abs(u) < 0.045 + 0.05 * v)] *= 0.85
    elif identity.upper == "coat":
        relief[np.abs(u - 0.01) < 0.006] *= 0.55
    relief[v > 0.97] *= 0.8
    return Coat(dye, relief)
