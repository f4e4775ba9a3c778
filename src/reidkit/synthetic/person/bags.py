"""The tubes of things that people carry."""

import numpy as np

from reidkit.synthetic.person.figure import Surface, lean_offset
from reidkit.synthetic.person.garments import UPPER_CUTS
from reidkit.synthetic.person.identity import Identity
from reidkit.synthetic.person.mesh import Tube
from reidkit.synthetic.person.pose import Joints


def _box(
    centre: tuple[float, float, float], half: tuple[float, float, float], *, squareness: float = 0.35,
    bias: float = 0.0,
) -> Tube:  # fmt: skip
    """Return a box with rounded edges; ``half`` is its half width, height and depth in metres."""
    x, y, z = centre
    wide, high, deep = half
    rows = [
        (x, y + high, z, 0.02, 0.01),
        (x, y + high * 0.995, z, wide * 0.75, deep * 0.75),
        (x, y + high * 0.88, z, wide * 0.96, deep * 0.96),
        (x, y + high * 0.5, z, wide, deep),
        (x, y, z, wide, deep),
        (x, y - high * 0.5, z, wide, deep),
        (x, y - high * 0.92, z, wide * 0.98, deep * 0.98),
        (x, y - high * 0.995, z, wide * 0.85, deep * 0.85),
        (x, y - high, z, 0.02, 0.01),
    ]
    stations = np.array(rows, np.float32)
    return Tube(Surface.BAG, stations, is_round=False, squareness=squareness, bias=bias, is_fine=True)


def _cord(*points: tuple[float, float, float], bias: float = 0.02, radius: float = 0.009) -> Tube:
    rows = np.array([(*point, radius, radius) for point in points], np.float32)
    return Tube(Surface.HANDLE, rows, front=(0.3, 0.1, 1.0), bias=bias)


def bag_tubes(identity: Identity, joints: Joints) -> list[Tube]:
    """Return the tubes of what a person carries; empty without a bag."""
    height, hip_y = identity.body.height_metres, identity.body.leg_ratio * identity.body.height_metres
    side = 0 if identity.bag_side == "left" else 1
    sign = 1.0 if side == 0 else -1.0
    cloth = UPPER_CUTS[identity.upper].thickness
    if identity.bag == "backpack":
        y = 0.70 * height
        back = 0.066 * height * identity.body.build + cloth
        z = lean_offset(joints, hip_y, y) - back - 0.075
        return [_box((0.0, y + joints.lift, z), (0.145, 0.225, 0.082), squareness=0.5, bias=0.01)]
    if identity.bag == "shoulder_bag":
        x = sign * (0.098 * height * identity.body.build + cloth + 0.045)
        return [_box((x, 0.525 * height + joints.lift, -0.02), (0.045, 0.115, 0.155), bias=0.02)]
    wrist, tip = joints.arms[side][2], joints.arms[side][3]
    hand = (wrist + tip) / 2
    if identity.bag == "handbag":
        x, y, z = float(hand[0]), float(hand[1]) - 0.275, float(hand[2])
        grip = (float(hand[0]), float(hand[1]), float(hand[2]))
        box = _box((x, y, z), (0.05, 0.125, 0.165), bias=0.03)
        ends = [(x, y + 0.12, z + dz) for dz in (0.08, -0.08)]
        return [box, *[_cord(grip, end) for end in ends]]
    if identity.bag == "tote":
        shoulder = joints.arms[side][0]
        x = sign * (0.098 * height * identity.body.build + cloth + 0.075)
        y = 0.60 * height + joints.lift
        z = float(shoulder[2]) - 0.05
        top = (float(shoulder[0]) * 0.8, float(shoulder[1]) + 0.035 * height + cloth, float(shoulder[2]))
        box = _box((x, y, z), (0.055, 0.155, 0.185), bias=0.02)
        cords = [_cord(top, (x * 1.05, y + 0.30, z + dz), (x, y + 0.14, z + dz)) for dz in (0.09, -0.09)]
        return [box, *cords]
    if identity.bag == "suitcase":
        x, z = sign * 0.27, -0.42
        box = _box((x, 0.33, z), (0.19, 0.30, 0.12), squareness=0.35)
        grip = (float(hand[0]), float(hand[1]), float(hand[2]))
        return [box, _cord(grip, (x, 0.62, z + 0.02), radius=0.012)]
    return []
