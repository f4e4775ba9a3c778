"""Where the joints of a walking body are: proportions and gait cycle in, joint positions out."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from reidkit.synthetic.person.mesh import Floats

ArmStyle = Literal["swing", "pocket", "phone", "strap", "carry"]

# Angles in degrees over one gait cycle from heel strike to heel strike, rounded from textbook curves
# of level walking.
_CYCLE = np.linspace(0, 1, 11)
_HIP = np.array([30, 25, 15, 5, -5, -11, -4, 14, 27, 32, 30])
_KNEE = np.array([4, 17, 14, 7, 5, 12, 38, 62, 48, 18, 4])
_ANKLE = np.array([0, -6, 3, 7, 10, 2, -18, -8, 1, 2, 0])


@dataclass(frozen=True, slots=True)
class Body:
    """Proportions of a person.

    Args:
        height_metres: From the ground to the crown.
        build: Width and depth of trunk and limbs; 1 is average.
        leg_ratio: Height of the hip joint over the height of the body.
        shoulder_ratio: Width of the shoulders; 1 is average.
        hip_ratio: Width of the hips; 1 is average.
    """

    height_metres: float = 1.72
    build: float = 1.0
    leg_ratio: float = 0.52
    shoulder_ratio: float = 1.0
    hip_ratio: float = 1.0


@dataclass(frozen=True, slots=True)
class Pose:
    """What a person does at one moment.

    Args:
        phase: Place in the gait cycle, in [0, 1); 0 is the strike of the left heel.
        stride: 0 stands, 1 walks, up to about 1.25 walks briskly.
        lean_degrees: Forward lean of the trunk.
        nod_degrees: How far the head looks down.
        turn_degrees: How far the head is turned to the left.
        left_arm: What the left arm does.
        right_arm: What the right arm does.
    """

    phase: float = 0.0
    stride: float = 1.0
    lean_degrees: float = 3.0
    nod_degrees: float = 0.0
    turn_degrees: float = 0.0
    left_arm: ArmStyle = "swing"
    right_arm: ArmStyle = "swing"


@dataclass(frozen=True, slots=True)
class Joints:
    """Joint positions in metres, in the frame of the body: x to its left, y up, z ahead.

    ``legs`` and ``arms`` hold the left side first: (4, 3) hip, knee, ankle, toe and (4, 3) shoulder,
    elbow, wrist, fingertip. ``lift`` is the height by which the whole body was moved to stand on the ground.
    """

    legs: tuple[Floats, Floats]
    arms: tuple[Floats, Floats]
    lift: float
    lean: float


def _gait(curve: Floats, phase: float, stride: float, rest: float) -> float:
    angle = float(np.interp(phase % 1.0, _CYCLE, curve))
    return float(np.radians(rest + (angle - rest) * stride))


def _leg(body: Body, side: int, phase: float, stride: float) -> Floats:
    height = body.height_metres
    hip_y = body.leg_ratio * height
    ankle_y = 0.042 * height
    thigh = (hip_y - ankle_y) * 0.515
    shin = hip_y - ankle_y - thigh
    hip_angle = _gait(_HIP, phase, stride, 0)
    knee_angle = _gait(_KNEE, phase, stride, 3)
    ankle_angle = _gait(_ANKLE, phase, stride, 3)
    x = side * 0.050 * height * body.hip_ratio * (0.5 + 0.5 * body.build)
    hip = np.array([x, hip_y, 0.0])
    knee = hip + thigh * np.array([side * 0.01, -np.cos(hip_angle), np.sin(hip_angle)])
    shin_angle = hip_angle - knee_angle
    ankle = knee + shin * np.array([-side * 0.02, -np.cos(shin_angle), np.sin(shin_angle)])
    sole = shin_angle + ankle_angle
    toe = ankle + 0.118 * height * np.array([side * 0.12, np.sin(sole), np.cos(sole)])
    toe[1] -= 0.030 * height * np.cos(sole)
    return np.stack([hip, knee, ankle, toe]).astype(np.float32)


# Swing of the upper arm, bend of the elbow and outward angle in degrees, and the part of the swing kept.
_ARMS: dict[ArmStyle, tuple[float, float, float, float]] = {
    "swing": (2, 14, 8, 1.0),
    "pocket": (-16, 38, 15, 0.15),
    "phone": (14, 122, 10, 0.1),
    "strap": (8, 128, 12, 0.1),
    "carry": (3, 6, 9, 0.35),
}


def _arm(body: Body, side: int, phase: float, stride: float, style: ArmStyle, lean: float) -> Floats:
    height = body.height_metres
    rest, bend, outward, share = _ARMS[style]
    # An arm moves with the leg of the other side.
    swing = np.cos(2 * np.pi * (phase + 0.5)) * 22 * stride * share
    upper_angle = np.radians(rest + swing)
    bend_angle = np.radians(bend + max(swing, 0) * 0.7)
    out = np.radians(outward * (0.4 + 0.6 * body.build))
    shoulder_y = 0.797 * height
    hip_y = body.leg_ratio * height
    shoulder = np.array(
        [side * 0.097 * height * body.shoulder_ratio * (0.75 + 0.25 * body.build), shoulder_y, 0.0]
    )
    shoulder[2] = np.tan(lean) * (shoulder_y - hip_y)
    elbow = shoulder + 0.172 * height * np.array(
        [side * np.sin(out), -np.cos(upper_angle) * np.cos(out), np.sin(upper_angle)]
    )
    fore_angle = upper_angle + bend_angle
    # Bent forearms come in over the body, straight ones hang down.
    inward = np.sin(out) * 0.45 - 0.5 * np.sin(min(max(bend_angle - 0.25, 0), np.pi / 2))
    direction = np.array([side * inward, -np.cos(fore_angle), np.sin(fore_angle)])
    direction /= np.linalg.norm(direction)
    wrist = elbow + 0.150 * height * direction
    hand = direction + np.array([-side * 0.05, -0.25, 0.05])
    fingertip = wrist + 0.088 * height * hand / np.linalg.norm(hand)
    return np.stack([shoulder, elbow, wrist, fingertip]).astype(np.float32)


def place_joints(body: Body, pose: Pose) -> Joints:
    """Return the joints of a body in a pose, with the lower foot on the ground.

    Args:
        body: Proportions.
        pose: Gait phase, stride and what the arms do.
    """
    lean = float(np.radians(pose.lean_degrees))
    legs = [_leg(body, side, pose.phase + shift, pose.stride) for side, shift in ((1, 0.0), (-1, 0.5))]
    arms = [
        _arm(body, side, pose.phase + shift, pose.stride, style, lean)
        for side, shift, style in ((1, 0.0, pose.left_arm), (-1, 0.5, pose.right_arm))
    ]
    lowest = min(min(float(leg[2, 1]) - 0.042 * body.height_metres, float(leg[3, 1])) for leg in legs)
    lowest -= 0.012 * body.height_metres
    for limb in (*legs, *arms):
        limb[:, 1] -= lowest
    return Joints((legs[0], legs[1]), (arms[0], arms[1]), -lowest, lean)
