"""The cuts of garments: how thick, long and open each kind is, as one table per place on the body."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class UpperCut:
    """What a kind of upper garment looks like.

    Args:
        thickness: Metres between skin and outside.
        hem: Place on the trunk (0 neck, 1 crotch) where the cloth ends.
        skirt: Where a skirt part ends, between the hip joint (0) and the ground (1); None without.
        flare: Metres by which the skirt part widens at its hem.
        opening: Half width in metres of the open front; 0 is closed.
        front: Zip, buttons or nothing down the front.
        collar: Kind of collar.
        folds: Strength of the folds.
        is_quilted: Whether the cloth is quilted in rolls.
        is_sleeveless: Whether the arms come out of it in the inner cloth.
    """

    thickness: float
    hem: float = 0.86
    skirt: float | None = None
    flare: float = 0.0
    opening: float = 0.0
    front: Literal["plain", "zip", "buttons"] = "plain"
    collar: Literal["crew", "vee", "straps", "shirt", "hood", "high", "lapel"] = "crew"
    folds: float = 0.10
    is_quilted: bool = False
    is_sleeveless: bool = False


UPPER_CUTS: dict[str, UpperCut] = {
    "t_shirt": UpperCut(0.006, hem=0.85),
    "tank_top": UpperCut(0.003, hem=0.83, collar="straps", folds=0.07),
    "shirt": UpperCut(0.007, hem=0.87, front="buttons", collar="shirt", folds=0.11),
    "sweater": UpperCut(0.014, hem=0.86, collar="vee", folds=0.08),
    "hoodie": UpperCut(0.020, hem=0.87, collar="hood", folds=0.13),
    "jacket": UpperCut(0.022, hem=0.87, front="zip", collar="high", folds=0.12),
    "open_jacket": UpperCut(0.022, hem=0.87, opening=0.065, collar="lapel", folds=0.12),
    "puffer": UpperCut(0.042, hem=0.87, front="zip", collar="high", folds=0.05, is_quilted=True),
    "vest": UpperCut(
        0.030, hem=0.85, front="zip", collar="high", folds=0.05, is_quilted=True, is_sleeveless=True
    ),
    "coat": UpperCut(0.026, hem=0.95, skirt=0.46, flare=0.03, front="buttons", collar="lapel", folds=0.09),
    "open_coat": UpperCut(
        0.026, hem=0.95, skirt=0.50, flare=0.045, opening=0.075, collar="lapel", folds=0.09
    ),
    "dress": UpperCut(0.006, hem=0.95, skirt=0.50, flare=0.09, collar="vee", folds=0.10),
}


@dataclass(frozen=True, slots=True)
class LowerCut:
    """What a kind of lower garment looks like.

    Args:
        knee: Metres between skin and cloth at the knee.
        hem: Metres between skin and cloth at the end of the leg.
        length: Place on the leg (0 hip, 0.5 knee, 1 ankle) where the cloth ends; 0 covers no leg.
        skirt: Where a skirt ends, between the hip joint (0) and the ground (1); None for trousers.
        flare: Metres by which a skirt widens at its hem.
        folds: Strength of the folds.
    """

    knee: float
    hem: float
    length: float
    skirt: float | None = None
    flare: float = 0.0
    folds: float = 0.12


LOWER_CUTS: dict[str, LowerCut] = {
    "trousers": LowerCut(0.014, 0.026, 0.985, folds=0.10),
    "jeans": LowerCut(0.010, 0.018, 0.975, folds=0.15),
    "wide_trousers": LowerCut(0.034, 0.062, 0.99, folds=0.13),
    "leggings": LowerCut(0.001, 0.001, 0.93, folds=0.02),
    "shorts": LowerCut(0.030, 0.0, 0.46, folds=0.10),
    "skirt": LowerCut(0.0, 0.0, 0.0, skirt=0.36, flare=0.055, folds=0.10),
    "long_skirt": LowerCut(0.0, 0.0, 0.0, skirt=0.76, flare=0.10, folds=0.14),
    "none": LowerCut(0.0, 0.0, 0.0),
}

# Where a sleeve ends on the arm: 0 shoulder, 0.4 elbow, 0.8 wrist.
SLEEVE_ENDS = {"none": 0.0, "short": 0.27, "half": 0.50, "long": 0.785}
