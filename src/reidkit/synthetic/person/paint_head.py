"""Paint heads, hair, and what is worn on head and neck."""

import numpy as np

from reidkit.synthetic.person.dyes import Coat, Dye, Dyes
from reidkit.synthetic.person.figure import Surface
from reidkit.synthetic.person.identity import Identity
from reidkit.synthetic.person.mesh import Floats
from reidkit.synthetic.person.patterns import (
    creases,
    smooth_noise,
)


def paint_neck(identity: Identity, surface: Surface, u: Floats, v: Floats, folds: float) -> Coat:
    """Paint neck and nose."""
    # The chin keeps the light off the front of the neck.
    relief = np.where(np.abs(u) < 0.25, 0.80, 0.88).astype(np.float32)
    return Coat(np.full(len(u), Dye.SKIN, np.uint8), relief)


def paint_head(identity: Identity, surface: Surface, u: Floats, v: Floats, folds: float) -> Coat:
    """Paint the face, and the hair that lies on the skull."""
    dye = np.full(len(u), Dye.SKIN, np.uint8)
    relief = np.ones(len(u), np.float32)
    away = np.abs(u)
    _face(identity, u, v, away, dye, relief)
    ear = (np.abs(away - 0.265) < 0.035) & (v > 0.50) & (v < 0.68)
    relief[ear] *= 0.82
    if identity.hair_style != "bald":
        nape = 0.78 if identity.hair_style in ("short", "side_part") else 0.85
        line = np.interp(away, (0.0, 0.10, 0.15, 0.19, 0.215, 0.25, 0.31, 0.36, 0.5),
                         (0.33, 0.345, 0.36, 0.44, 0.58, 0.53, 0.60, nape, nape))  # fmt: skip
        if identity.hair_style == "side_part":
            line = line + 0.04 * np.sin(5 * u)
        hair = v < line
        dye[hair] = Dye.HAIR
        relief[hair] = 1 + 0.13 * smooth_noise(u[hair] * 3, v[hair] * 0.8)
    return Coat(dye, relief)


def _face(identity: Identity, u: Floats, v: Floats, away: Floats, dye: Dyes, relief: Floats) -> None:
    """Paint brows, eyes, nose, mouth, beard and glasses, in place."""
    if identity.beard != "none":
        jaw = (v > 0.69 - 0.25 * np.clip(away - 0.09, 0, 0.1)) & (away < 0.23)
        jaw &= ~((away < 0.045) & (v < 0.70))
        if identity.beard == "full":
            dye[jaw] = Dye.HAIR
        else:
            relief[jaw] *= 0.70
    relief[(away < 0.035) & (v > 0.645) & (v < 0.67)] *= 0.72
    relief[(np.abs(away - 0.065) < 0.035) & (v > 0.47) & (v < 0.56)] *= 0.85
    dye[(np.abs(away - 0.066) < 0.032) & (v > 0.435) & (v < 0.462)] = Dye.HAIR
    dye[(np.abs(away - 0.066) < 0.020) & (v > 0.50) & (v < 0.54)] = Dye.EYE
    dye[(away < 0.045) & (v > 0.745) & (v < 0.775)] = Dye.LIPS
    if identity.glasses != "none":
        frame = (np.abs(away - 0.068) < 0.046) & (v > 0.48) & (v < 0.565)
        if identity.glasses == "clear":
            frame &= ~((np.abs(away - 0.068) < 0.034) & (v > 0.495) & (v < 0.555))
        frame |= ((away < 0.025) | ((away > 0.11) & (away < 0.25))) & (v > 0.49) & (v < 0.508)
        dye[frame] = Dye.LENS


def paint_hair(identity: Identity, surface: Surface, u: Floats, v: Floats, folds: float) -> Coat:
    """Paint hair that stands off the skull."""
    strands = smooth_noise(u * (2.0 if identity.hair_style in ("afro", "curly") else 3.2), v * 0.7 + 0.2)
    strength = 0.22 if identity.hair_style in ("afro", "curly") else 0.13
    return Coat(np.full(len(u), Dye.HAIR, np.uint8), np.asarray(1 + strength * strands, np.float32))


def paint_hat(identity: Identity, surface: Surface, u: Floats, v: Floats, folds: float) -> Coat:
    """Paint a hat or its brim."""
    dye = np.full(len(u), Dye.HAT, np.uint8)
    relief = creases(u, v, folds, 0.05, 1.0, 0.5)
    if surface == Surface.HAT and identity.hat == "beanie":
        relief *= 1 + 0.10 * np.sin(u * 120)
        relief[(v > 0.70) & (v < 0.74)] *= 0.6
    elif surface == Surface.HAT and identity.hat == "brimmed":
        dye[v > 0.78] = Dye.HAT_TRIM
    elif surface == Surface.HAT:
        relief[np.abs(np.abs(u) - 0.12) < 0.006] *= 0.8
    else:
        relief *= 0.9
    return Coat(dye, relief)


def paint_scarf(identity: Identity, surface: Surface, u: Floats, v: Floats, folds: float) -> Coat:
    """Paint a scarf."""
    dye = np.full(len(u), Dye.SCARF, np.uint8)
    dye[np.sin(u * 60 + v * 9) > 0.75] = Dye.SCARF_TRIM
    return Coat(dye, creases(u, v, folds, 0.16, 0.9, 0.9))


def paint_hood(identity: Identity, surface: Surface, u: Floats, v: Floats, folds: float) -> Coat:
    """Paint a hood or a high collar."""
    second = identity.upper_pattern in ("blocks", "raglan")
    dye = np.full(len(u), Dye.UPPER_SECOND if second else Dye.UPPER, np.uint8)
    return Coat(dye, np.asarray(0.9 * creases(u, v, folds, 0.12, 0.8, 0.8), np.float32))
