import pickle

import pytest
import torch

from reidkit.core.errors import CatalogError, ShapeError
from reidkit.core.types import Preprocessing
from reidkit.data.transforms import TRANSFORMS, Augmentation, build_augmentation

SIZE = Preprocessing(height=32, width=16)
ARGUMENTS = {
    "flip": [{}, {"probability": 1.0}],
    "pad_crop": [{}, {"padding": 3, "fill": 255}],
    "random_erasing": [{"probability": 1.0, "fill": fill} for fill in ("mean", "zero", "noise")],
    "colour_jitter": [
        {},
        {"probability": 1.0, "brightness": 0.5, "contrast": 0.5, "saturation": 0.5, "hue": 0.1},
    ],
}
ROWS = [(key, arguments) for key, several in ARGUMENTS.items() for arguments in several]
ALL = [(key, {}) for key in ARGUMENTS]


@pytest.fixture
def image():
    return torch.randint(0, 256, (3, 32, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def outcomes(specifications, image, count=40):
    augment = build_augmentation(specifications, SIZE)
    return [augment(image, seed) for seed in range(count)]


def test_every_transform_has_arguments_here():
    assert set(ARGUMENTS) == set(TRANSFORMS)
    assert len(ROWS) >= 8


@pytest.mark.parametrize(("key", "arguments"), ROWS)
def test_transform_keeps_form_and_input_and_torchs_random_numbers(key, arguments, image):
    augment = build_augmentation([(key, arguments)], SIZE)
    before, state = image.clone(), torch.get_rng_state()
    for seed in range(10):
        changed = augment(image, seed)
        assert changed.shape == image.shape
        assert changed.dtype == torch.uint8
    assert torch.equal(image, before)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(("key", "arguments"), ROWS)
def test_transform_depends_on_the_seed_alone(key, arguments, image):
    augment = build_augmentation([(key, arguments)], SIZE)
    torch.manual_seed(1)
    first = [augment(image, seed) for seed in range(10)]
    torch.manual_seed(2)
    again = [augment(image, seed) for seed in reversed(range(10))][::-1]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize(("key", "arguments"), [row for row in ROWS if row != ("flip", {"probability": 1.0})])
def test_transform_differs_between_seeds(key, arguments, image):
    assert len({changed.numpy().tobytes() for changed in outcomes([(key, arguments)], image)}) > 1


@pytest.mark.parametrize(("key", "arguments"), ROWS)
def test_transform_can_be_pickled(key, arguments, image):
    augment = build_augmentation([(key, arguments)], SIZE)
    copy = pickle.loads(pickle.dumps(augment))
    assert torch.equal(copy(image, 5), augment(image, 5))


def test_augmentation_without_transforms_changes_nothing(image):
    assert torch.equal(build_augmentation([], SIZE)(image, 3), image)


def test_augmentation_applies_in_the_given_order(image):
    erase = ("random_erasing", {"probability": 1.0, "fill": "zero", "area": (0.3, 0.3)})
    shift = ("pad_crop", {"padding": 8, "fill": 255})
    white_last = build_augmentation([erase, shift], SIZE)
    black_last = build_augmentation([shift, erase], SIZE)
    assert any(not torch.equal(white_last(image, seed), black_last(image, seed)) for seed in range(5))


def test_seeds_up_to_the_largest_are_taken(image):
    augment = build_augmentation(ALL, SIZE)
    augment(image, 0)
    augment(image, 2**63 - 1)


def test_torchs_random_numbers_come_back_after_a_failure(image):
    def fail(_):
        torch.rand(3)
        raise RuntimeError("broken")

    state = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="broken"):
        Augmentation([fail])(image, 0)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    "fault", [lambda image: image.float(), lambda image: image[:, :4]], ids=["type", "size"]
)
def test_transform_of_your_own_that_changes_the_form_is_refused(fault, image):
    with pytest.raises(
        ShapeError,
        match=r"Augmented image has a wrong form, got torch\..* Expected torch\.uint8 \(3, 32, 16\)",
    ):
        Augmentation([fault])(image, 0)


def test_flip_mirrors_left_to_right_half_of_the_time(image):
    mirrored = [torch.equal(changed, image.flip(2)) for changed in outcomes([("flip", {})], image, 200)]
    assert 70 < sum(mirrored) < 130
    assert all(torch.equal(c, image.flip(2)) for c in outcomes([("flip", {"probability": 1})], image))
    assert all(torch.equal(c, image) for c in outcomes([("flip", {"probability": 0})], image))


def test_pad_crop_shifts_by_up_to_its_padding(image):
    padded = torch.nn.functional.pad(image, (2, 2, 2, 2), value=9)
    shifts = {
        padded[:, top : top + 32, left : left + 16].numpy().tobytes() for top in range(5) for left in range(5)
    }
    seen = {c.numpy().tobytes() for c in outcomes([("pad_crop", {"padding": 2, "fill": 9})], image, 300)}
    assert seen == shifts


@pytest.mark.parametrize(("fill", "value"), [("mean", [124, 116, 104]), ("zero", [0, 0, 0])])
def test_random_erasing_paints_one_rectangle(fill, value):
    image = torch.full((3, 32, 16), 200, dtype=torch.uint8)
    specification = ("random_erasing", {"probability": 1.0, "fill": fill})
    for changed in outcomes([specification], image, 100):
        painted = (changed != image).all(0)
        rows, columns = painted.any(1).nonzero()[:, 0], painted.any(0).nonzero()[:, 0]
        height, width = int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1
        assert int(painted.sum()) == height * width
        # Sides are whole pixels: half a pixel of rounding each way around area .02 to .4, aspect .3 to 3.3.
        assert (height + 0.5) * (width + 0.5) >= 0.02 * 512
        assert (height - 0.5) * (width - 0.5) <= 0.4 * 512
        assert (height + 0.5) / (width - 0.5) >= 0.3
        assert (height - 0.5) / (width + 0.5) <= 3.3
        assert changed[:, rows[0], columns[0]].tolist() == value


def test_random_erasing_mean_is_about_zero_after_normalisation():
    from reidkit.data.images import normalize_pixels

    image = torch.full((3, 32, 16), 200, dtype=torch.uint8)
    specification = ("random_erasing", {"probability": 1.0, "area": (0.3, 0.3), "aspect": (1, 1)})
    changed = normalize_pixels(build_augmentation([specification], SIZE)(image, 0)[None], SIZE)
    assert float(changed.abs().amin((2, 3)).max()) < 0.01


def test_random_erasing_noise_differs_between_pixels():
    image = torch.zeros(3, 32, 16, dtype=torch.uint8)
    specification = (
        "random_erasing",
        {"probability": 1.0, "fill": "noise", "area": (0.4, 0.4), "aspect": (1, 1)},
    )
    changed = build_augmentation([specification], SIZE)(image, 0)
    assert len(changed.unique()) > 100
    assert int(changed.max()) > 240


def test_random_erasing_happens_as_often_as_asked(image):
    specification = ("random_erasing", {"probability": 0.3, "fill": "zero"})
    changed = sum(not torch.equal(changed, image) for changed in outcomes([specification], image, 500))
    assert 110 < changed < 190


def test_random_erasing_that_fits_nowhere_leaves_the_image(image):
    specification = ("random_erasing", {"probability": 1.0, "area": (0.9, 0.9), "aspect": (50, 60)})
    assert all(torch.equal(changed, image) for changed in outcomes([specification], image, 5))


def test_colour_jitter_keeps_grey_grey_and_hue_by_default():
    image = torch.full((3, 32, 16), 100, dtype=torch.uint8)
    for changed in outcomes([("colour_jitter", {"probability": 1.0})], image):
        assert torch.equal(changed[0], changed[1])
        assert torch.equal(changed[0], changed[2])


def test_transform_of_your_own_is_found_by_its_path(image):
    augment = build_augmentation([("reidkit.data.transforms:flip", {"probability": 1.0})], SIZE)
    assert torch.equal(augment(image, 0), image.flip(2))


@pytest.mark.parametrize(
    ("specification", "message"),
    [
        (("flipp", {}), "Unknown transform 'flipp'. Did you mean 'flip'?"),
        (
            ("flip", {"probabilityy": 1}),
            "Transform 'flip' has no argument 'probabilityy'. Did you mean 'probability'?",
        ),
        (("flip", {"preprocessing": SIZE}), "Transform 'flip' has no argument 'preprocessing'"),
        (("flip", {"probability": 2}), "Transform 'flip' cannot be built, got {'probability': 2}"),
        (("flip", {"probability": "often"}), "Transform 'flip' cannot be built"),
        (("pad_crop", {"padding": -1}), "padding is out of range, got -1. Expected 0 to 16"),
        (("pad_crop", {"fill": 256}), "fill is out of range, got 256. Expected 0 to 255"),
        (("random_erasing", {"probability": 1.1}), "probability is out of range, got 1.1. Expected 0 to 1"),
        (("random_erasing", {"area": [0.5, 0.2]}), r"area is out of range, got \(0.5, 0.2\)"),
        (("random_erasing", {"area": [0.2]}), r"area is out of range, got \(0.2,\)"),
        (("random_erasing", {"area": 0.2}), "Transform 'random_erasing' cannot be built"),
        (("random_erasing", {"aspect": [0, 3]}), r"aspect is out of range, got \(0, 3\)"),
        (
            ("random_erasing", {"fill": "white"}),
            "Fill is unknown, got 'white'. Expected one of: mean, zero, noise",
        ),
        (("colour_jitter", {"hue": 0.7}), "Transform 'colour_jitter' cannot be built, got {'hue': 0.7}"),
        (("colour_jitter", {"brightness": -1}), "Transform 'colour_jitter' cannot be built"),
        (("colour_jitter", {"probability": 3}), "Transform 'colour_jitter' cannot be built"),
    ],
)
def test_bad_specification_is_refused(specification, message):
    with pytest.raises(CatalogError, match=message.replace("{", r"\{").replace("?", r"\?")):
        build_augmentation([specification], SIZE)
