"""Head, hair, hats and scarves: their tubes, and how a face is painted."""

import numpy as np

from reidkit.synthetic.person.figure import Surface, lean_offset
from reidkit.synthetic.person.garments import UPPER_CUTS
from reidkit.synthetic.person.identity import Identity
from reidkit.synthetic.person.mesh import Floats, Tube
from reidkit.synthetic.person.pose import Joints, Pose

# From the crown (0) to the chin (1) in heads: side radius, front radius, forward offset.
_HEAD = (
    (0.00, 0.030, 0.040, -0.040),
    (0.045, 0.165, 0.215, -0.035),
    (0.14, 0.265, 0.330, -0.030),
    (0.28, 0.325, 0.405, -0.020),
    (0.44, 0.340, 0.420, -0.010),
    (0.60, 0.325, 0.400, 0.000),
    (0.76, 0.275, 0.345, 0.035),
    (0.90, 0.195, 0.265, 0.075),
    (1.00, 0.080, 0.130, 0.090),
)
_NOSE = (
    (0.47, 0.02, 0.02, 0.36),
    (0.56, 0.045, 0.045, 0.395),
    (0.635, 0.06, 0.055, 0.41),
    (0.66, 0.03, 0.02, 0.38),
)


class _HeadFrame:
    """Places given in heads, turned and nodded with the head, to metres of the body."""

    def __init__(self, identity: Identity, joints: Joints, pose: Pose) -> None:
        height = identity.body.height_metres
        self.scale = 0.135 * height
        nod, turn = np.radians(pose.nod_degrees), np.radians(pose.turn_degrees)
        hip_y = identity.body.leg_ratio * height
        self.neck = np.array([0, 0.885 * height + joints.lift, 0.006 * height])
        self.neck[2] += lean_offset(joints, hip_y, 0.885 * height)
        self.ahead = np.array([np.sin(turn) * np.cos(nod), -np.sin(nod), np.cos(turn) * np.cos(nod)])
        self.left = np.array([np.cos(turn), 0.0, -np.sin(turn)])
        self.up = np.cross(self.ahead, self.left)

    def stations(self, rows: tuple[tuple[float, ...], ...]) -> Floats:
        """Return stations from rows of: heads below the crown, side and front radius, ahead, to the left."""
        place = np.array([(*row, 0.0)[:5] for row in rows])
        out = np.empty((len(rows), 5), np.float32)
        out[:, :3] = self.neck + self.scale * (
            (0.85 - place[:, :1]) * self.up + (place[:, 3:4] + 0.06) * self.ahead + place[:, 4:] * self.left
        )
        out[:, 3:] = place[:, 1:3] * self.scale
        return out

    def tube(
        self, surface: Surface, rows: tuple[tuple[float, ...], ...], *, bias: float = 0.0,
        is_round: bool = True, is_fine: bool = True,
    ) -> Tube:  # fmt: skip
        """Return a tube around the axis of the head."""
        ahead = (float(self.ahead[0]), float(self.ahead[1]), float(self.ahead[2]))
        return Tube(surface, self.stations(rows), ahead, is_round, 1.0, bias, is_fine)


def _dome(swell: float, end: float, shift: float = -0.02, tilt: float = 0.0) -> tuple[tuple[float, ...], ...]:
    """Return a shell over the skull.

    Args:
        swell: How many heads thicker than the skull it is.
        end: How far down it reaches.
        shift: How far ahead it is moved.
        tilt: How far its lower edge is moved back, which lowers it at the nape and lifts it at the brow.
    """
    rows = []
    for share in (0.0, 0.06, 0.2, 0.42, 0.7, 1.0):
        down = share * end
        side, front = (float(np.interp(down, [r[0] for r in _HEAD], [r[k] for r in _HEAD])) for k in (1, 2))
        ahead = shift + tilt * (0.35 - share)
        # The tilted rings would stand off at the back, so they get shorter as they go down.
        front *= 1 - 0.55 * tilt * share
        rows.append(
            (down - swell * (1 - share), side + swell * min(1, share * 6), front + swell * 0.9, ahead)
        )
    rows[0] = (rows[0][0] - 0.01, 0.03, 0.04, rows[0][3])
    return tuple(rows)


def _ball(down: float, ahead: float, radius: float, left: float = 0.0) -> tuple[tuple[float, ...], ...]:
    angles = np.linspace(0.12, np.pi - 0.12, 7)
    return tuple(
        (down - radius * float(np.cos(a)), radius * float(np.sin(a)), radius * float(np.sin(a)), ahead, left)
        for a in angles
    )


# Hair that stands off the skull, per style: surface rows in heads, bias in metres.
_HAIR: dict[str, tuple[tuple[tuple[float, ...], ...], ...]] = {
    "bald": (),
    "short": (_dome(0.035, 0.52, -0.01, 0.20),),
    "side_part": (_dome(0.07, 0.54, -0.01, 0.24),),
    "curly": (_dome(0.14, 0.70, -0.06, 0.26),),
    "afro": (_ball(0.22, -0.20, 0.56),),
    "bob": (
        _dome(0.06, 0.58, -0.02, 0.22),
        ((0.3, 0.36, 0.33, -0.12), (0.55, 0.41, 0.35, -0.12), (0.8, 0.43, 0.33, -0.12),
         (0.99, 0.40, 0.28, -0.12), (1.03, 0.28, 0.18, -0.12)),
    ),
    "long": (
        _dome(0.06, 0.58, -0.02, 0.22),
        ((0.3, 0.36, 0.32, -0.13), (0.6, 0.40, 0.32, -0.16), (0.95, 0.41, 0.26, -0.24),
         (1.3, 0.44, 0.20, -0.36), (1.8, 0.42, 0.15, -0.42), (2.15, 0.30, 0.10, -0.42),
         (2.3, 0.12, 0.06, -0.42)),
    ),
    "ponytail": (
        _dome(0.04, 0.56, -0.01, 0.22),
        ((0.16, 0.06, 0.06, -0.42), (0.22, 0.11, 0.11, -0.52), (0.5, 0.14, 0.13, -0.60),
         (1.0, 0.13, 0.11, -0.58), (1.45, 0.08, 0.07, -0.54), (1.65, 0.02, 0.02, -0.52)),
    ),
    "bun": (_dome(0.04, 0.56, -0.01, 0.22), _ball(0.06, -0.34, 0.19)),
}  # fmt: skip


def head_tubes(identity: Identity, joints: Joints, pose: Pose) -> list[Tube]:
    """Return head, hair, hat and what is worn around the neck."""
    frame = _HeadFrame(identity, joints, pose)
    nose = frame.tube(Surface.NECK, _NOSE, is_fine=False)
    tubes = [frame.tube(Surface.HEAD, _HEAD), nose]
    # A hat presses the top of the hair down; what hangs below it stays.
    shells = _HAIR[identity.hair_style]
    if identity.hat != "none":
        shells = shells[1:] if identity.hair_style in ("bob", "long", "ponytail") else ()
    cut = UPPER_CUTS[identity.upper]
    collar = cut.thickness / frame.scale + (0.10 if cut.collar in ("high", "hood") else 0.0)
    for number, rows in enumerate(shells):
        # Hair that hangs below the chin falls over the collar.
        hanging = tuple(
            (*row[:3], row[3] - collar * min(1.0, max(0.0, row[0] - 0.7) * 2.5), *row[4:]) for row in rows
        )
        tubes.append(frame.tube(Surface.HAIR, hanging, is_fine=number == 0))
    tubes += _hat(identity.hat, frame)
    tubes += _neckwear(identity, joints)
    return tubes


def _hat(hat: str, frame: _HeadFrame) -> list[Tube]:
    if hat == "beanie":
        return [frame.tube(Surface.HAT, _dome(0.075, 0.40, -0.03), bias=0.01)]
    if hat == "cap":
        brim = (
            (0.27, 0.20, 0.02, 0.30),
            (0.29, 0.26, 0.035, 0.42),
            (0.32, 0.25, 0.03, 0.62),
            (0.34, 0.12, 0.01, 0.74),
        )
        stations = frame.stations(brim)
        up = (float(frame.up[0]), float(frame.up[1]), float(frame.up[2]))
        peak = Tube(Surface.BRIM, stations, up, squareness=0.8, bias=0.02)
        return [frame.tube(Surface.HAT, _dome(0.06, 0.34, -0.02), bias=0.01), peak]
    if hat == "brimmed":
        brim_rows = ((0.255, 0.36, 0.44, -0.02), (0.27, 0.62, 0.68, -0.02), (0.30, 0.70, 0.76, -0.02),
                     (0.325, 0.62, 0.68, -0.02), (0.33, 0.36, 0.44, -0.02))  # fmt: skip
        crown = ((-0.12, 0.05, 0.06, -0.02), (-0.11, 0.27, 0.33, -0.02), (0.0, 0.33, 0.40, -0.02),
                 (0.15, 0.37, 0.44, -0.02), (0.30, 0.38, 0.46, -0.02))  # fmt: skip
        return [
            frame.tube(Surface.BRIM, brim_rows, is_round=False, bias=0.0),
            frame.tube(Surface.HAT, crown, is_round=False, bias=0.01),
        ]
    return []


def _neckwear(identity: Identity, joints: Joints) -> list[Tube]:
    height = identity.body.height_metres
    hip_y = identity.body.leg_ratio * height
    z = lean_offset(joints, hip_y, 0.85 * height)
    tubes = []
    if UPPER_CUTS[identity.upper].collar == "hood":
        rows = [(0.875, 0.040, 0.030, -0.045), (0.865, 0.062, 0.045, -0.045), (0.835, 0.075, 0.055, -0.050),
                (0.80, 0.062, 0.050, -0.055), (0.77, 0.020, 0.015, -0.06)]  # fmt: skip
        tubes.append(_neck_ring(Surface.HOOD, rows, height, joints.lift, z, 0.0))
    if UPPER_CUTS[identity.upper].collar == "high":
        rows = [(0.886, 0.048, 0.050, 0.002), (0.882, 0.051, 0.053, -0.002), (0.86, 0.054, 0.054, -0.004),
                (0.835, 0.06, 0.055, -0.006)]  # fmt: skip
        tubes.append(_neck_ring(Surface.HOOD, rows, height, joints.lift, z, 0.012))
    if identity.scarf_colour != "none":
        rows = [(0.886, 0.040, 0.042, 0.004), (0.880, 0.060, 0.062, 0.004), (0.858, 0.070, 0.068, 0.004),
                (0.838, 0.066, 0.064, 0.004), (0.83, 0.04, 0.04, 0.004)]  # fmt: skip
        tubes.append(_neck_ring(Surface.SCARF, rows, height, joints.lift, z, 0.03))
    return tubes


def _neck_ring(
    surface: Surface, rows: list[tuple[float, float, float, float]], height: float, lift: float, z: float,
    bias: float,
) -> Tube:  # fmt: skip
    stations = [
        (0.0, y * height + lift, z + ahead * height, s * height, f * height) for y, s, f, ahead in rows
    ]
    return Tube(surface, np.array(stations, np.float32), is_round=False, is_fine=True, bias=bias)
