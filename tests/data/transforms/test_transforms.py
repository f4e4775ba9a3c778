"""The contract of every transform in the catalog."""

import inspect
import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidkit.core.errors import CatalogError
from reidkit.core.types import Preprocessing
from reidkit.data.transforms import TRANSFORMS, build_augmentation
from tests.data.transforms.images import SIZE, noise, outcomes

ALWAYS = {"probability": 1.0}
ARGUMENTS = {
    "flip": [{}, ALWAYS],
    "pad_crop": [{}, {"padding": 3, "fill": 255}],
    "translation_crop": [{}, ALWAYS, {"probability": 1.0, "enlargement": 1.5}],
    "random_resized_crop": [{}, {"probability": 1.0, "area": (0.3, 0.6), "stretch": (1, 1)}],
    "random_affine": [
        {},
        {"probability": 1.0, "degrees": 30, "translation": 0.2, "scale": (1, 1), "shear_degrees": 10},
    ],
    "random_erasing": [{"probability": 1.0, "fill": fill} for fill in ("mean", "zero", "noise")],
    "cutout": [{}, *({"probability": 1.0, "fill": fill} for fill in ("mean", "zero", "noise"))],
    "random_patch": [{}, ALWAYS, {"probability": 1.0, "turn_probability": 1.0, "degrees": 180}],
    "colour_jitter": [
        {},
        {"probability": 1.0, "brightness": 0.5, "contrast": 0.5, "saturation": 0.5, "hue": 0.1},
    ],
    "grayscale": [{}, ALWAYS],
    "blur": [{}, {"probability": 1.0, "sigma": (0.5, 5)}],
    "low_resolution": [{}, {"probability": 1.0, "factor": (1, 8)}],
    "auto_augment": [
        {"probability": 0.5},
        *({"probability": 1.0, "policy": policy} for policy in ("imagenet", "cifar10", "svhn")),
    ],
    "rand_augment": [{}, {"probability": 1.0, "num_changes": 14, "magnitude": 30}],
    "augmix": [
        {},
        {
            "probability": 1.0,
            "severity": 10,
            "width": 2,
            "depth": 10,
            "alpha": 0.01,
            "with_colours": True,
        },
    ],
}
ROWS = [(key, arguments) for key, several in ARGUMENTS.items() for arguments in several]
FIXED = [("flip", ALWAYS), ("grayscale", ALWAYS)]  # with probability 1 nothing about them is random
WITH_PROBABILITY = sorted(
    key for key, builder in TRANSFORMS.items() if "probability" in inspect.signature(builder).parameters
)


def test_every_transform_has_arguments_here():
    assert set(ARGUMENTS) == set(TRANSFORMS)
    assert len(ROWS) >= 30
    assert set(TRANSFORMS) - set(WITH_PROBABILITY) == {"pad_crop"}


@pytest.mark.parametrize(("key", "arguments"), ROWS)
@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**63 - 1), height=st.integers(17, 48), width=st.integers(17, 48), value=st.integers()
)
def test_transform_keeps_form_and_input_and_torchs_random_numbers(key, arguments, seed, height, width, value):
    augment = build_augmentation([(key, arguments)], Preprocessing(height=height, width=width))
    image = noise(height, width, value % 2**32)
    before, state = image.clone(), torch.get_rng_state()
    changed = augment(image, seed)
    assert changed.shape == image.shape
    assert changed.dtype == torch.uint8
    assert torch.equal(image, before)
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(1)  # whoever draws in between must not matter
    assert torch.equal(augment(image, seed), changed)


@pytest.mark.parametrize(("key", "arguments"), ROWS)
def test_transform_depends_on_the_seed_alone(key, arguments):
    image = noise()
    augment = build_augmentation([(key, arguments)], SIZE)
    torch.manual_seed(1)
    first = [augment(image, seed) for seed in range(10)]
    torch.manual_seed(2)
    again = [augment(image, seed) for seed in reversed(range(10))][::-1]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize(("key", "arguments"), [row for row in ROWS if row not in FIXED])
def test_transform_differs_between_seeds(key, arguments):
    assert len({changed.numpy().tobytes() for changed in outcomes([(key, arguments)], noise())}) > 1


@pytest.mark.parametrize(
    ("key", "arguments"),
    [row for row in ROWS if row not in FIXED and row[1].get("probability") == 1.0],
)
def test_transform_that_always_happens_mostly_differs_between_seeds(key, arguments):
    different = {changed.numpy().tobytes() for changed in outcomes([(key, arguments)], noise(), 40)}
    assert len(different) > 10


@pytest.mark.parametrize(("key", "arguments"), ROWS)
def test_transform_can_be_pickled(key, arguments):
    augment = build_augmentation([(key, arguments)], SIZE)
    copy = pickle.loads(pickle.dumps(augment))
    assert torch.equal(copy(noise(), 5), augment(noise(), 5))


@pytest.mark.parametrize("key", WITH_PROBABILITY)
def test_transform_of_probability_zero_is_the_identity(key):
    image = noise()
    assert all(torch.equal(changed, image) for changed in outcomes([(key, {"probability": 0.0})], image, 20))


@pytest.mark.parametrize("key", WITH_PROBABILITY)
def test_transform_happens_as_often_as_asked(key):
    # Some changes leave an image as it is, and so do not count: as many as with probability 1.
    image = noise()

    def changed(probability, count):
        specification = [(key, {"probability": probability})]
        return sum(not torch.equal(result, image) for result in outcomes(specification, image, count)) / count

    assert abs(changed(0.3, 400) - 0.3 * changed(1.0, 100)) < 0.09


@pytest.mark.parametrize("key", WITH_PROBABILITY)
@pytest.mark.parametrize("probability", [-0.1, 1.1, "often", None])
def test_what_is_no_probability_is_refused(key, probability):
    with pytest.raises(CatalogError, match=f"(probability is out of range|'{key}' cannot be built), got"):
        build_augmentation([(key, {"probability": probability})], SIZE)
