"""The pictures themselves: poses, views, cameras and cities."""

import dataclasses
import itertools

import numpy as np
import pytest

from reidkit.synthetic import Body, Difficulty, Pose, draw_camera, draw_identity, draw_person
from reidkit.synthetic.camera import CITIES
from reidkit.synthetic.person.garments import LOWER_CUTS, UPPER_CUTS
from reidkit.synthetic.person.identity import Identity
from reidkit.synthetic.person.mesh import View
from reidkit.synthetic.person.patterns import LOGOS
from reidkit.synthetic.person.pose import place_joints
from reidkit.synthetic.person.render import Placement, build_person, render_person
from reidkit.synthetic.scenery.scene import STYLES, build_scene
from reidkit.synthetic.scenery.stage import PLATE_SIZE

PLAIN = Identity(
    body=Body(), skin="light", hair_style="short", hair_colour="brown", beard="none", glasses="none",
    hat="none", hat_colour="none", scarf_colour="none", upper="t_shirt", upper_colour="red",
    upper_pattern="plain", upper_second_colour="none", sleeve="short", inner_colour="none", logo="none",
    logo_colour="none", logo_place="none", lower="trousers", lower_colour="navy", lower_pattern="plain",
    lower_second_colour="none", legwear="none", shoes="sneakers", shoes_colour="black", bag="none",
    bag_colour="none", bag_side="none",
)  # fmt: skip


def render(
    identity: Identity, yaw: float = 0.0, pose: Pose | None = None, elevation: float = 8.0
) -> np.ndarray:
    """Return RGBA of a person alone, 200 pixels high with 100 pixels per metre."""
    view = View(yaw, elevation, 7.0, (-0.4, 0.7, 0.59))
    solid = build_person(identity, pose or Pose(stride=0), view)
    place = Placement((64.0, 190.0), (100.0, 100.0), (200, 128))
    return render_person(identity, solid, place, sunlight=0.5, folds=0.0)


def changed(first: Identity, second: Identity, yaw: float = 0.0) -> float:
    """Return the share of a person's pixels in which two people clearly differ."""
    a, b = render(first, yaw).astype(int), render(second, yaw).astype(int)
    body = (a[..., 3] > 0) | (b[..., 3] > 0)
    return float((np.abs(a - b).max(axis=2) > 40)[body].mean())


def but(**changes: object) -> Identity:
    return dataclasses.replace(PLAIN, **changes)


def test_person_has_natural_proportions():
    picture = render(PLAIN)
    rows = np.flatnonzero(picture[..., 3].any(axis=1))
    assert rows[-1] - rows[0] == pytest.approx(178, abs=10)
    widths = (picture[..., 3] > 0).sum(axis=1)
    head, shoulders, ankles = (
        widths[rows[0] + 8],
        widths[rows[0] + 38 : rows[0] + 60].max(),
        widths[rows[-1] - 12],
    )
    assert head < 0.5 * shoulders
    assert ankles < shoulders


@pytest.mark.parametrize("upper", UPPER_CUTS)
def test_every_upper_garment_is_drawn_in_its_colour(upper):
    sleeve = "long" if upper not in ("tank_top", "dress") else "none"
    lower = "none" if upper == "dress" else "trousers"
    one = but(upper=upper, sleeve=sleeve, lower=lower, upper_colour="red", inner_colour="white")
    assert changed(one, dataclasses.replace(one, upper_colour="teal")) > 0.12


@pytest.mark.parametrize("lower", [name for name in LOWER_CUTS if name != "none"])
def test_every_lower_garment_is_drawn_in_its_colour(lower):
    one = but(lower=lower, legwear="bare", lower_colour="yellow")
    assert changed(one, dataclasses.replace(one, lower_colour="navy")) > 0.1


@pytest.mark.parametrize(
    "changes",
    [
        {"bag": "backpack", "bag_colour": "yellow"},
        {"bag": "shoulder_bag", "bag_colour": "yellow", "bag_side": "left"},
        {"bag": "handbag", "bag_colour": "yellow", "bag_side": "left"},
        {"bag": "tote", "bag_colour": "yellow", "bag_side": "left"},
        {"bag": "suitcase", "bag_colour": "yellow", "bag_side": "left"},
        {"hat": "cap", "hat_colour": "white"},
        {"hat": "beanie", "hat_colour": "white"},
        {"hat": "brimmed", "hat_colour": "white"},
        {"scarf_colour": "white"},
        {"shoes": "boots", "shoes_colour": "orange"},
        {"shoes_colour": "white"},
        {"sleeve": "long"},
        {"lower_pattern": "side_stripe", "lower_second_colour": "white"},
        *({"hair_style": style, "hair_colour": "blond"} for style in
          ("short", "side_part", "curly", "afro", "bob", "long", "ponytail", "bun")),
        *({"upper_pattern": pattern, "upper_second_colour": "white"} for pattern in
          ("bands", "pinstripes", "checks", "dots", "blocks", "raglan", "camouflage")),
    ],
    ids=lambda changes: "-".join(changes.values()),
)  # fmt: skip
def test_small_things_show_from_more_than_one_side(changes):
    views = [changed(PLAIN, but(**changes), yaw) for yaw in (0, 90, 180, 270)]
    assert sum(share > 0.004 for share in views) >= 2, views


@pytest.mark.parametrize("logo", LOGOS)
def test_logos_show_from_the_front_only(logo):
    one = but(logo=logo, logo_colour="white", logo_place="chest")
    assert changed(PLAIN, one, 0) > 0.005
    assert changed(PLAIN, one, 180) == 0


def test_backpack_shows_most_from_behind_and_bag_on_its_side():
    backpack = but(bag="backpack", bag_colour="yellow")
    assert changed(PLAIN, backpack, 180) > 2 * changed(PLAIN, backpack, 0) > 0
    bag = but(bag="shoulder_bag", bag_colour="yellow", bag_side="left")
    # Whoever walks to the left of the picture, at 270 degrees, turns the left side to the camera.
    near, far = changed(PLAIN, bag, 270), changed(PLAIN, bag, 90)
    assert near > far


def test_face_shows_from_the_front_only():
    bearded = but(beard="full", hair_colour="blond", skin="dark")
    shaved = but(hair_colour="blond", skin="dark")
    assert changed(bearded, shaved, 0) > 0.004
    assert changed(bearded, shaved, 180) < 0.001


def test_lower_foot_stands_on_the_ground_through_the_gait():
    for phase in np.linspace(0, 1, 21):
        joints = place_joints(Body(), Pose(phase=float(phase)))
        lowest = min(float(leg[2:, 1].min()) for leg in joints.legs)
        assert 0 < lowest < 0.12
        for limb in (*joints.legs, *joints.arms):
            assert np.isfinite(limb).all()


def test_legs_change_places_after_half_a_cycle():
    first, second = (place_joints(Body(), Pose(phase=phase)) for phase in (0.1, 0.6))
    mirror = np.array([-1, 1, 1])
    np.testing.assert_allclose(first.legs[0], second.legs[1] * mirror, atol=1e-5)
    np.testing.assert_allclose(first.arms[0], second.arms[1] * mirror, atol=1e-5)


def test_limbs_keep_their_length():
    lengths = []
    for phase in np.linspace(0, 1, 9):
        legs = place_joints(Body(), Pose(phase=float(phase))).legs
        lengths.append([np.linalg.norm(np.diff(leg, axis=0)[:2], axis=1) for leg in legs])
    np.testing.assert_allclose(lengths, np.broadcast_to(lengths[0], np.shape(lengths)), rtol=0.02)


def test_gait_moves_the_picture():
    pictures = [render(PLAIN, 90, Pose(phase=phase)) for phase in (0.0, 0.25, 0.5)]
    for first, second in itertools.pairwise(pictures):
        assert (first[120:, :, 3] != second[120:, :, 3]).mean() > 0.02


@pytest.mark.parametrize("style", STYLES)
def test_backgrounds_have_the_size_and_are_not_flat(style):
    plate = np.asarray(build_scene(style, 12.0, 1.7, 0).plate)
    assert plate.shape == (*PLATE_SIZE, 3)
    assert plate.std() > 15


def test_backgrounds_differ_between_styles_and_places():
    plates = {style: np.asarray(build_scene(style, 12.0, 1.7, 0).plate, float) for style in STYLES}
    for first, second in itertools.combinations(plates.values(), 2):
        assert np.abs(first - second).mean() > 8
    for plate in plates.values():
        left, right = plate[150:400, 300:430], plate[150:400, 900:1030]
        assert np.abs(left - right).mean() > 4


def test_every_city_has_backgrounds_of_its_own():
    first, second = CITIES
    assert not set(first.styles) & set(second.styles)
    assert {*first.styles, *second.styles} == set(STYLES)


def test_second_city_is_darker_warmer_and_seen_from_above():
    def statistics(city: int) -> np.ndarray:
        rows = []
        for number in range(1, 4):
            camera = draw_camera(0, number, city=city)
            random = np.random.default_rng(number)
            picture = draw_person(draw_identity(random), camera, random, size=(96, 48)).astype(float)
            warmth = np.log(camera.gains[0] / camera.gains[2])
            rows.append((picture.mean(), warmth, camera.elevation_degrees, camera.resolution))
        return np.mean(rows, axis=0)

    first, second = statistics(0), statistics(1)
    assert second[0] < 0.85 * first[0]
    assert second[1] > first[1] + 0.3
    assert second[2] > first[2] + 8
    assert second[3] < first[3]


def test_cameras_depend_on_seed_number_and_city_only():
    assert draw_camera(0, 2) == draw_camera(0, 2)
    cameras = [draw_camera(0, 1), draw_camera(0, 2), draw_camera(1, 1), draw_camera(0, 1, city=1)]
    assert len({camera.scene_seed for camera in cameras}) == 4
    assert len({draw_camera(0, number).style for number in range(1, 7)}) == 6


def test_camera_numbers_are_possible():
    hardest = Difficulty(
        light_change=3,
        colour_cast=1,
        saturation_loss=1,
        resolution_loss=0.9,
        noise=1,
        compression=1,
        elevation=2,
    )
    for city, number in itertools.product((0, 1), range(1, 30)):
        camera = draw_camera(0, number, city=city, difficulty=hardest)
        assert 0 <= camera.yaw_degrees < 360
        assert 0 <= camera.saturation <= 1
        assert 0 < camera.resolution <= 1
        assert 1 <= camera.jpeg_quality <= 95
        assert np.linalg.norm(camera.light) == pytest.approx(1, abs=1e-3)
        assert min(camera.gains) > 0


def test_draw_person_is_repeatable_and_takes_any_size():
    camera = draw_camera(0, 3)
    pictures = [draw_person(PLAIN, camera, np.random.default_rng(1), size=(200, 90)) for _ in range(2)]
    assert pictures[0].shape == (200, 90, 3)
    assert pictures[0].dtype == np.uint8
    assert np.array_equal(*pictures)


def test_occlusion_hides_part_of_the_person():
    camera = draw_camera(0, 3)
    shares = []
    for seed in range(12):
        free, hidden = (
            draw_person(PLAIN, camera, np.random.default_rng(seed), is_occluded=is_occluded).astype(int)
            for is_occluded in (False, True)
        )
        shares.append((np.abs(free - hidden).max(axis=2) > 30).mean())
    assert min(shares) > 0.02
    assert max(shares) < 0.8
