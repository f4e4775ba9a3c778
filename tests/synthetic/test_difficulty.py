"""Every difficulty number does what it says, measured in pixels, views or counts."""

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest

from reidkit.core.errors import DatasetError
from reidkit.synthetic import Difficulty, Pose, draw_camera, draw_identity, draw_person
from reidkit.synthetic.plan import Order, plan_benchmark

ZERO = {item.name: 0 for item in fields(Difficulty)} | {"impostor_group_size": 2, "impostor_differences": 1}
CAMERAS = range(1, 5)
SIZE = (128, 64)
# People are measured in test_people.py.
OF_PEOPLE = {
    "impostor_fraction", "impostor_group_size", "impostor_differences", "impostor_likeness", "drab_clothes",
}  # fmt: skip


def draw(difficulty: Difficulty, number: int, take: int = 0) -> np.ndarray:
    identity = draw_identity(np.random.default_rng(7))
    camera = draw_camera(0, number, difficulty=difficulty)
    random = np.random.default_rng([number, take])
    pose, yaw = Pose(phase=0.2), 30.0
    return draw_person(
        identity, camera, random, size=SIZE, yaw_degrees=yaw, pose=pose, difficulty=difficulty
    ).astype(float)


def sharpness(difficulty: Difficulty) -> float:
    pictures = [draw(difficulty, number) for number in CAMERAS]
    return float(np.mean([np.abs(np.diff(picture, axis=1)).mean() for picture in pictures]))


def saturation(difficulty: Difficulty) -> float:
    return float(np.mean([np.ptp(draw(difficulty, number), axis=2).mean() for number in CAMERAS]))


def brightness_spread(difficulty: Difficulty) -> float:
    gains = [draw(difficulty, number).mean() / draw(Difficulty(**ZERO), number).mean() for number in CAMERAS]
    return float(np.std(gains))


def cast_spread(difficulty: Difficulty) -> float:
    ratios = []
    for number in CAMERAS:
        red, _, blue = draw(difficulty, number).mean(axis=(0, 1))
        ratios.append(np.log(red / blue))
    return float(np.std(ratios))


def change(difficulty: Difficulty) -> float:
    """Mean difference from the same pictures without any difficulty."""
    easy = Difficulty(**ZERO)
    takes = [(number, take) for number in CAMERAS for take in range(2)]
    return float(np.mean([np.abs(draw(difficulty, *take) - draw(easy, *take)).mean() for take in takes]))


def grain(difficulty: Difficulty) -> float:
    """Spread of what differs between neighbouring pixels in a smooth place, the difference of second order."""
    pictures = [draw(difficulty, number) for number in CAMERAS]
    return float(np.mean([np.median(np.abs(np.diff(picture, n=2, axis=0))) for picture in pictures]))


def views(difficulty: Difficulty, *, within: str) -> float:
    order = Order(8, 5, 4, 0, SIZE, difficulty, ("images",))
    groups: dict[object, list[complex]] = {}
    for shot in plan_benchmark(order).shots:
        key = {"everything": 0, "camera": shot.camera, "walk": (shot.person, shot.camera)}[within]
        groups.setdefault(key, []).append(np.exp(1j * np.radians(shot.moment.yaw_degrees)))
    # 1 minus the resultant length: 0 where all directions agree.
    return float(np.mean([1 - abs(np.mean(group)) for group in groups.values()]))


def elevation(difficulty: Difficulty) -> float:
    return max(draw_camera(0, number, difficulty=difficulty).elevation_degrees for number in CAMERAS)


def distractors(difficulty: Difficulty) -> float:
    order = Order(8, 2, 2, 0, SIZE, difficulty, ("images",))
    return len({shot.person for shot in plan_benchmark(order).shots if shot.label == "distractors"})


# Number, high value, measure, and whether the measure rises or falls.
EFFECTS: dict[str, tuple[float, Callable[[Difficulty], float], int]] = {
    "distractors": (1.0, distractors, 1),
    "viewpoint_difference": (1.0, lambda hard: views(hard, within="everything"), 1),
    "viewpoint_spread_degrees": (60.0, lambda hard: views(hard, within="camera"), 1),
    "view_jitter_degrees": (40.0, lambda hard: views(hard, within="walk"), 1),
    "elevation": (1.0, elevation, 1),
    "light_change": (1.5, brightness_spread, 1),
    "light_drift": (0.5, brightness_spread, 1),
    "colour_cast": (0.4, cast_spread, 1),
    "saturation_loss": (0.9, saturation, -1),
    "defocus": (15.0, sharpness, -1),
    "motion_blur": (80.0, sharpness, -1),
    "resolution_loss": (0.8, sharpness, -1),
    "noise": (0.1, grain, 1),
    "compression": (1.0, change, 1),
    "box_error": (0.08, change, 1),
    "cut_probability": (1.0, change, 1),
    "occlusion_probability": (1.0, change, 1),
    "passer_by_probability": (1.0, change, 1),
}


def test_every_number_is_measured():
    assert set(EFFECTS) | OF_PEOPLE == {item.name for item in fields(Difficulty)}
    assert len(EFFECTS) >= 18


@pytest.mark.parametrize("name", EFFECTS)
def test_number_acts(name):
    high, measure, sign = EFFECTS[name]
    low_value, high_value = (measure(Difficulty(**(ZERO | {name: value}))) for value in (0, high))
    assert sign * (high_value - low_value) > 0.1 * max(abs(low_value), 0.05), (low_value, high_value)


def test_without_difficulty_pictures_of_a_camera_repeat():
    easy = Difficulty(**ZERO)
    first, second = draw(easy, 1, take=0), draw(easy, 1, take=0)
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("noise", -0.1),
        ("noise", 1.5),
        ("impostor_group_size", 1),
        ("elevation", float("nan")),
        ("defocus", 51),
    ],
)
def test_numbers_out_of_range_are_refused(name, value):
    with pytest.raises(
        DatasetError, match=rf"Difficulty number '{name}' is out of range, got .*\. Expected "
    ):
        Difficulty(**{name: value})
