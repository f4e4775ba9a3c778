"""The tubes of a dressed body: trunk, limbs, shoes and skirts of one person in one pose."""

from enum import IntEnum

import numpy as np

from reidkit.synthetic.person.garments import LOWER_CUTS, SLEEVE_ENDS, UPPER_CUTS
from reidkit.synthetic.person.identity import Identity
from reidkit.synthetic.person.mesh import Floats, Tube
from reidkit.synthetic.person.pose import Joints


class Surface(IntEnum):
    """Which part of a figure a pixel shows."""

    TRUNK = 0
    LEFT_ARM = 1
    RIGHT_ARM = 2
    LEFT_LEG = 3
    RIGHT_LEG = 4
    LEFT_SHOE = 5
    RIGHT_SHOE = 6
    NECK = 7
    HEAD = 8
    HAIR = 9
    HAT = 10
    BRIM = 11
    SCARF = 12
    HOOD = 13
    SKIRT = 14
    BAG = 15
    HANDLE = 16


def _rows(*rows: tuple[float, float, float, float, float]) -> Floats:
    return np.array(rows, np.float32)


def lean_offset(joints: Joints, hip_y: float, y: float) -> float:
    """Return how far ahead of the hips the trunk is at a height, in metres."""
    return float(np.tan(joints.lean)) * max(0.0, y - hip_y)


def trunk_tube(identity: Identity, joints: Joints) -> Tube:
    """Return the trunk from the root of the neck to the crotch, in its upper garment."""
    body, cut = identity.body, UPPER_CUTS[identity.upper]
    height, build, cloth = body.height_metres, body.build, cut.thickness
    shoulder = body.shoulder_ratio * (0.75 + 0.25 * build) * height
    hip_y = body.leg_ratio * height
    hip = body.hip_ratio * (0.4 + 0.6 * build) * height
    belly = max(0.0, build - 1.05) * 0.09 * height
    # What hangs over the hips must hold the thighs.
    thigh = 0.0515 * height * (0.3 + 0.7 * build) + LOWER_CUTS[identity.lower].knee * 0.35
    seat = max(0.094 * hip, float(np.abs(joints.legs[0][0][0])) + 0.96 * thigh)
    # Height over body height, side radius and front radius over body height, forward offset.
    profile = (
        (0.868 * height, 0.034 * height, 0.034 * height, 0.004),
        (0.840 * height, 0.068 * shoulder + cloth * 0.4, 0.044 * height + cloth * 0.3, -0.004),
        (0.812 * height, 0.104 * shoulder + cloth * 0.6, 0.056 * height + cloth, -0.006),
        (0.740 * height, 0.098 * shoulder + cloth, 0.066 * height * build + cloth, 0.0),
        (0.640 * height, 0.081 * height * build + cloth, 0.057 * height * build + cloth, belly * 0.6),
        (hip_y + 0.045 * height, 0.092 * hip + cloth, 0.062 * hip + cloth, belly * 0.3 - 0.004),
        (hip_y - 0.030 * height, seat + cloth, 0.064 * hip + cloth + 0.006, -0.004),
        (hip_y - 0.056 * height, 0.060 * hip, 0.035 * hip, -0.004),
    )
    rows = [
        (0.0, y + joints.lift, lean_offset(joints, hip_y, y) + ahead, side, front)
        for y, side, front, ahead in profile
    ]
    return Tube(Surface.TRUNK, _rows(*rows), squareness=0.86, is_fine=True)


def arm_tube(identity: Identity, joints: Joints, side: int) -> Tube:
    """Return an arm with sleeve and hand; ``side`` is 0 for the left one."""
    arm = joints.arms[side]
    height, build = identity.body.height_metres, 0.35 + 0.65 * identity.body.build
    cut = UPPER_CUTS[identity.upper]
    sleeve = SLEEVE_ENDS[identity.sleeve]
    cloth = 0.012 if cut.is_sleeveless else cut.thickness * 0.75 + 0.004
    shoulder, elbow, wrist, tip = arm
    outward = np.array([(1 - 2 * side) * 0.012 * height, 0, 0], np.float32)
    centres = (
        shoulder + np.array([-(1 - 2 * side) * 0.022 * height, 0.010 * height, 0]),
        shoulder + outward * 0.3 + (elbow - shoulder) * 0.10,
        shoulder + (elbow - shoulder) * 0.5,
        elbow,
        elbow + (wrist - elbow) * 0.35,
        elbow + (wrist - elbow) * 0.7,
        wrist,
        wrist + (tip - wrist) * 0.45,
        tip,
    )
    radii = (0.020, 0.0315, 0.0285, 0.0245, 0.0245, 0.020, 0.0155, 0.020, 0.008)
    depth = (0.022, 0.034, 0.0300, 0.0250, 0.0250, 0.020, 0.0180, 0.025, 0.012)
    rows = []
    for number, (centre, wide, deep) in enumerate(zip(centres, radii, depth, strict=True)):
        place = number / 8
        thick = cloth if place < sleeve + 0.02 else 0.0
        if identity.sleeve == "short" and 0.2 < place < 0.3:
            thick += 0.008
        limb = build if place < 0.7 else 0.5 + 0.5 * build
        rows.append((*centre, wide * height * limb * 0.94 + thick, deep * height * limb + thick))
    surface = Surface.RIGHT_ARM if side else Surface.LEFT_ARM
    return Tube(surface, _rows(*rows), front=(0.0, 0.25, 1.0), shade=0.62)


def leg_tube(identity: Identity, joints: Joints, side: int) -> Tube:
    """Return a leg in its trousers or bare; ``side`` is 0 for the left one."""
    hip, knee, ankle, _ = joints.legs[side]
    height, build = identity.body.height_metres, 0.3 + 0.7 * identity.body.build
    cut = LOWER_CUTS[identity.lower]
    # Along the leg: from hip to knee 0..0.5, from knee to ankle 0.5..1.
    places = (0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0)
    radii = (0.046, 0.0515, 0.0475, 0.0410, 0.0345, 0.0350, 0.0315, 0.0240, 0.0200)
    bulge = (0.0, 0.002, 0.003, 0.002, 0.002, -0.007, -0.007, -0.003, -0.002)
    rows = []
    for place, radius, ahead in zip(places, radii, bulge, strict=True):
        along = place * 2
        # The cloth reaches a little below the ankle, over the shoe.
        centre = hip + (knee - hip) * along if along <= 1 else knee + (ankle - knee) * (along - 1) * 1.05
        thick = 0.0
        if place <= cut.length + 0.02:
            thick = cut.knee * min(1.0, 0.35 + along) + max(0.0, along - 1) * (cut.hem - cut.knee)
        if identity.shoes == "boots" and place > 0.7:
            thick = max(thick, 0.016)
        if place == 0.0:
            centre = centre + np.array([-np.sign(hip[0]) * 0.008, 0.02 * height, 0])
        rows.append(
            (centre[0], centre[1], centre[2] + ahead * height, radius * height * build + thick,
             radius * height * build * 1.04 + thick)
        )  # fmt: skip
    surface = Surface.RIGHT_LEG if side else Surface.LEFT_LEG
    return Tube(surface, _rows(*rows), squareness=0.95, bias=-0.01, shade=0.55)


# Along the foot from below the ankle, side radius, upward radius, and rise, over the height of the body.
_SHOE = np.array((
    (-0.037, 0.002, 0.002, -0.006),
    (-0.030, 0.021, 0.023, -0.004),
    (0.000, 0.0235, 0.031, 0.002),
    (0.035, 0.0245, 0.025, -0.002),
    (0.080, 0.0275, 0.0175, -0.003),
    (0.112, 0.0235, 0.0135, 0.000),
    (0.124, 0.002, 0.002, 0.003),
))  # fmt: skip


def shoe_tube(identity: Identity, joints: Joints, side: int) -> Tube:
    """Return a shoe from heel to toe; ``side`` is 0 for the left one."""
    _, _, ankle, toe = joints.legs[side]
    height = identity.body.height_metres
    ahead = (toe - ankle) / np.linalg.norm(toe - ankle)
    flat = identity.shoes == "flats"
    bulk = 0.85 if flat else 1.12 if identity.shoes in ("high_tops", "boots") else 1.0
    # The path runs along the foot; ``up`` is perpendicular to it.
    up = np.array([0.0, ahead[2], -ahead[1]]) * np.copysign(1.0, ahead[2])
    stations = np.empty((len(_SHOE), 5), np.float32)
    stations[:, :3] = ankle + height * (_SHOE[:, :1] * ahead + (_SHOE[:, 3:] - 0.012) * up)
    stations[:, 3:] = _SHOE[:, 1:3] * height * (bulk, 0.8 if flat else bulk)
    surface = Surface.RIGHT_SHOE if side else Surface.LEFT_SHOE
    return Tube(surface, stations, front=(0.0, float(up[1]), float(up[2])), squareness=0.85)


def skirt_tube(identity: Identity, joints: Joints) -> Tube | None:
    """Return what hangs around both legs: a skirt, or the lower part of a coat or dress; None without."""
    upper, lower = UPPER_CUTS[identity.upper], LOWER_CUTS[identity.lower]
    cut = upper if upper.skirt is not None else lower
    if cut.skirt is None:
        return None
    body = identity.body
    height, hip_y = body.height_metres, body.leg_ratio * body.height_metres
    cloth = upper.thickness if upper.skirt is not None else 0.012
    hip = body.hip_ratio * (0.4 + 0.6 * body.build) * height
    top_y, hem_y = 0.625 * height, hip_y * (1 - cut.skirt)
    places = np.linspace(0, 1, 7)
    heights = top_y + (hem_y - top_y) * places
    legs = np.array([[_leg_at(joints, side, y + joints.lift) for side in (0, 1)] for y in heights[2:]])
    # Cloth hangs straight from the hips, so it is as wide at the hem as the legs are anywhere below them.
    ahead, behind = float(legs[..., 2].max()), float(legs[..., 2].min())
    aside = float(np.abs(legs[..., 0]).max()) + 0.036 * height
    hem_deep = (ahead - behind) / 2 + 0.042 * height
    rows = []
    for place, y in zip(places.tolist(), heights.tolist(), strict=True):
        hang = min(1.0, place * 1.25)
        waist, seat = 0.081 * height * body.build, 0.094 * hip
        wide = max(waist + (seat - waist) * min(1.0, 3 * hang), seat + (aside - seat) * hang)
        deep = 0.062 * hip + 0.01 + max(0.0, hem_deep - 0.062 * hip) * hang
        centre = lean_offset(joints, hip_y, y) * (1 - hang) + (ahead + behind) / 2 * hang
        spread = cloth + cut.flare * place
        rows.append((0.0, y + joints.lift, centre, wide + spread, deep + spread))
    return Tube(Surface.SKIRT, _rows(*rows), squareness=0.92, bias=0.05, is_fine=True)


def _leg_at(joints: Joints, side: int, y: float) -> Floats:
    """Return the point of a leg at a height above the ground."""
    hip, knee, ankle, _ = joints.legs[side]
    upper, lower = (hip, knee) if y > knee[1] else (knee, ankle)
    share = np.clip((upper[1] - y) / max(upper[1] - lower[1], 1e-3), 0, 1)
    return np.asarray(upper + (lower - upper) * share, np.float32)


def neck_tube(identity: Identity, joints: Joints) -> Tube:
    """Return the neck."""
    height, hip_y = identity.body.height_metres, identity.body.leg_ratio * identity.body.height_metres
    wide = 0.033 * height * (0.7 + 0.3 * identity.body.build)
    rows = [
        (0.0, y * height + joints.lift, lean_offset(joints, hip_y, y * height) + ahead, wide, wide * 1.05)
        for y, ahead in ((0.91, 0.012), (0.885, 0.008), (0.86, 0.002), (0.83, -0.004))
    ]
    return Tube(Surface.NECK, _rows(*rows), bias=-0.02, is_fine=False)


def body_tubes(identity: Identity, joints: Joints) -> list[Tube]:
    """Return trunk, limbs, shoes, neck and skirt of a dressed person."""
    tubes = [trunk_tube(identity, joints), neck_tube(identity, joints)]
    for side in (0, 1):
        tubes += [
            arm_tube(identity, joints, side),
            leg_tube(identity, joints, side),
            shoe_tube(identity, joints, side),
        ]
    skirt = skirt_tube(identity, joints)
    return tubes if skirt is None else [*tubes, skirt]
