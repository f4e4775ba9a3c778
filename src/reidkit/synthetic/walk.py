"""How somebody walks past one camera: direction, place, pace and pose at any moment."""

from dataclasses import dataclass, replace

import numpy as np

from reidkit.synthetic.camera import Camera
from reidkit.synthetic.person.identity import Identity
from reidkit.synthetic.person.pose import ArmStyle, Pose
from reidkit.synthetic.scenery.stage import PLATE_SIZE
from reidkit.synthetic.seeding import Random

_MARGIN_PIXELS = 190


@dataclass(frozen=True, slots=True)
class Walk:
    """One person on the way past one camera.

    Args:
        time_seconds: When the person appears, since the start of the recording.
        yaw_degrees: Walking direction; 0 towards the camera, 90 to the right of the picture.
        turn_degrees_per_second: How fast the direction changes.
        column: Pixel column of the background in which the walk starts.
        depth: Where it starts between the farthest (0) and the nearest (1) place.
        metres_per_second: Pace.
        pose: Arms, lean and stride; the phase is that of the first moment.
    """

    time_seconds: float
    yaw_degrees: float
    turn_degrees_per_second: float
    column: float
    depth: float
    metres_per_second: float
    pose: Pose


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment of a walk, in the same units.

    Args:
        time_seconds: Since the start of the recording.
        yaw_degrees: Direction of the body, in [0, 360).
        column: Pixel column of the background.
        depth: Between the farthest (0) and the nearest (1) place.
        pose: Pose with its phase.
    """

    time_seconds: float
    yaw_degrees: float
    column: float
    depth: float
    pose: Pose


def _arms(random: Random, identity: Identity) -> tuple[ArmStyle, ArmStyle]:
    styles: tuple[ArmStyle, ...] = ("swing", "pocket", "phone")
    arms: list[ArmStyle] = [styles[int(np.searchsorted((0.8, 0.93), value))] for value in random.random(2)]
    if identity.bag in ("handbag", "suitcase"):
        arms[0 if identity.bag_side == "left" else 1] = "carry"
    elif identity.bag in ("backpack", "tote") and random.random() < 0.25:
        arms[1 if identity.bag_side == "right" else 0] = "strap"
    if arms == ["phone", "phone"]:
        arms[0] = "swing"
    return arms[0], arms[1]


def draw_walk(random: Random, identity: Identity, camera: Camera) -> Walk:
    """Return how a person walks past a camera."""
    gauss, share = random.standard_normal(6).clip(-2.5, 2.5), random.random(8)
    left, right = _arms(random, identity)
    stands = share[0] < 0.10
    stride = 0.0 if stands else float(np.clip(0.95 + 0.15 * gauss[0], 0.55, 1.25))
    pose = Pose(
        phase=float(share[1]),
        stride=stride,
        lean_degrees=float(2.5 * stride + 1.5 * gauss[1]),
        nod_degrees=float(4 + 6 * gauss[2]),
        turn_degrees=float(16 * gauss[3]),
        left_arm=left,
        right_arm=right,
    )
    return Walk(
        time_seconds=float(share[2] * 36_000),
        yaw_degrees=camera.yaw_degrees + camera.yaw_spread_degrees * float(gauss[4]),
        turn_degrees_per_second=float(5.0 * gauss[5]),
        column=float(share[3]) * (PLATE_SIZE[1] - 2 * _MARGIN_PIXELS),
        depth=float(share[4]),
        metres_per_second=1.3 * stride,
        pose=pose,
    )


def moment_of(walk: Walk, seconds: float, yaw_jitter_degrees: float = 0.0) -> Moment:
    """Return a walk at a moment.

    Args:
        walk: The walk.
        seconds: Time since it began.
        yaw_jitter_degrees: Added to the direction of the body.
    """
    yaw = walk.yaw_degrees + walk.turn_degrees_per_second * seconds
    metres = walk.metres_per_second * seconds
    # Whoever leaves the view comes back in at the other side: only the background counts.
    column = (walk.column + 118 * metres * np.sin(np.radians(yaw))) % (PLATE_SIZE[1] - 2 * _MARGIN_PIXELS)
    # A triangle wave keeps the depth between its two ends without a jump.
    depth = abs((walk.depth + 0.09 * metres * np.cos(np.radians(yaw)) + 1) % 2 - 1)
    # One gait cycle is two steps, about 1.45 m at a normal pace.
    phase = (walk.pose.phase + metres / 1.45) % 1
    return Moment(
        time_seconds=walk.time_seconds + seconds,
        yaw_degrees=float((yaw + yaw_jitter_degrees) % 360),
        column=float(column) + _MARGIN_PIXELS,
        depth=float(depth),
        pose=replace(walk.pose, phase=float(phase)),
    )
