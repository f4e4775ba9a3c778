import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidkit.core.errors import CatalogError, ShapeError
from reidkit.data.transforms import TRANSFORMS, Augmentation, SeveralViews, build_augmentation, view_seed
from tests.data.transforms.images import SIZE, noise

ALL = [(key, {}) for key in TRANSFORMS]
seeds = st.integers(0, 2**63 - 1)
relaxed = settings(deadline=None)  # a busy machine is no fault


@pytest.fixture
def image():
    return noise()


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


def test_transform_of_your_own_is_found_by_its_path(image):
    augment = build_augmentation([("reidkit.data.transforms:flip", {"probability": 1.0})], SIZE)
    assert torch.equal(augment(image, 0), image.flip(2))


@settings(max_examples=25, deadline=None)
@given(seed=seeds, count=st.integers(1, 5))
def test_views_are_augmentations_by_seeds_of_their_own(seed, count):
    image = noise()
    before, state = image.clone(), torch.get_rng_state()
    augment = build_augmentation([("pad_crop", {"padding": 8}), ("colour_jitter", {"probability": 1})], SIZE)
    views = SeveralViews(augment, count)(image, seed)
    assert views.shape == (count, 3, 32, 16)
    assert views.dtype == torch.uint8
    assert torch.equal(views[0], augment(image, seed))
    assert len({view.numpy().tobytes() for view in views}) == count
    assert torch.equal(views, SeveralViews(augment, 5)(image, seed)[:count])
    assert torch.equal(image, before)
    assert torch.equal(torch.get_rng_state(), state)


@relaxed
@given(seed=seeds, other=seeds)
def test_view_seeds_never_meet(seed, other):
    several = [view_seed(seed, view) for view in range(8)]
    assert len(set(several)) == 8
    assert several[0] == seed
    assert all(0 <= value < 2**63 for value in several)
    if other != seed:
        assert not set(several) & {view_seed(other, view) for view in range(8)}


def test_views_of_neighbouring_seeds_differ():
    values = [view_seed(seed, view) for seed in range(1000) for view in range(4)]
    assert len(set(values)) == 4000


def test_no_view_is_refused():
    with pytest.raises(CatalogError, match=r"Number of views is too small, got 0\. Expected at least 1"):
        SeveralViews(build_augmentation([], SIZE), 0)
