"""What holds for every model of the catalog; timm's row stands for three families of networks."""

import copy
import functools
import io
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from reidkit.core.errors import ShapeError
from reidkit.models.model import PipelineModel, ReidModel
from reidkit.models.zoo import MODELS, build_model

NUM_IDENTITIES = 5


@dataclass(frozen=True)
class Case:
    """A row of the catalog, with what it must be given."""

    key: str
    arguments: dict[str, Any] = field(default_factory=dict)
    image_size: tuple[int, int] = (64, 32)

    @property
    def name(self) -> str:
        """Key, and the timm network where there is one."""
        return "-".join([self.key, *(value for value in self.arguments.values() if isinstance(value, str))])

    def build(self, num_identities: int | None = NUM_IDENTITIES, *, seed: int = 0) -> ReidModel:
        torch.manual_seed(seed)
        return build_model(
            self.key, num_identities=num_identities, image_size=self.image_size, arguments=self.arguments
        )

    def images(self, count: int, *, seed: int = 0) -> Tensor:
        return torch.randn(count, 3, *self.image_size, generator=torch.Generator().manual_seed(seed))


# The Inceptions pad nothing in their stems.
SIZES = {"inceptionv4": (139, 75), "inceptionresnetv2": (139, 75), "pcb_p6": (96, 32)}
# Each shares its builder with a smaller row: here they are built once for the heart of the contract, and
# `make test-slow` puts them through all of it.
LARGE = {
    "densenet161", "densenet169", "densenet201", "inceptionresnetv2", "resnet50_ibn_b", "resnet101", "resnet152",
    "resnext50_32x4d", "resnext101_32x8d", "se_resnet50_fc512", "se_resnet101", "se_resnext101_32x4d",
}  # fmt: skip
# Rows that stand for many networks: some of them.
ANY = {"timm", "torchvision", "pipeline", "transreid"}
SMALL_VIT = {"width": 64, "depth": 3, "num_heads": 4}
CASES = [
    *(Case(key, image_size=SIZES.get(key, (64, 32))) for key in MODELS if key not in ANY),
    Case("transreid", SMALL_VIT),
    Case("transreid", {**SMALL_VIT, "cameras": ["1", "2"], "has_jigsaw": False}),
    Case("pipeline", {"backbone_arguments": {"depth": 18}, "aggregation": "gem", "head": "reduction"}),
    Case("torchvision", {"network": "mobilenet_v3_small"}),
    Case("timm", {"backbone": "resnet10t"}),
    Case("timm", {"backbone": "convnext_atto", "pooling": "own"}),
    Case("timm", {"backbone": "test_vit"}),
    Case("timm", {"backbone": "swin_tiny_patch4_window7_224"}),
    Case("timm", {"backbone": "test_vit"}, (256, 128)),
]
LARGE_CASES = [case for case in CASES if case.key in LARGE]
EVERY = pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=[pytest.mark.slow] if case.key in LARGE else []) for case in CASES],
    ids=[f"{case.name}-{case.image_size[0]}" for case in CASES],
)


def shake(model: ReidModel, *, seed: int) -> None:
    """Move every weight: some networks start with scales of 0, behind which no gradient passes."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter += 0.02 * noise * parameter.requires_grad


def build_with_statistics(case: Case) -> ReidModel:
    """Build a case with statistics of real batches in its norms and weights that all matter."""
    model = case.build()
    shake(model, seed=1)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.momentum = 1.0  # at 0.1 two batches leave a deep network without a signal
    with torch.no_grad():
        model.train()
        for seed in range(2):
            model(case.images(8, seed=seed))
    return model.eval()


@functools.cache
def built(number: int) -> ReidModel:
    """Build a case once for all its tests."""
    return build_with_statistics(CASES[number])


@pytest.fixture
def model(case: Case) -> ReidModel:
    """Return a copy that the test may change, in evaluation mode."""
    return copy.deepcopy(built(CASES.index(case)))


def assert_near(actual: Tensor, expected: Tensor, tolerance: float = 1e-4) -> None:
    """Compare relative to the largest value; float32 sums in another order for another batch size."""
    assert actual.shape == expected.shape
    assert float((actual - expected).abs().max()) <= tolerance * float(expected.abs().max())


def test_contract_covers_the_catalog():
    keys = Counter(case.key for case in CASES)
    assert set(keys) == set(MODELS) > LARGE
    assert len(MODELS) == 54
    assert keys["timm"] == 5


@EVERY
def test_descriptors_have_the_promised_form_in_both_modes(case: Case, model: ReidModel):
    assert model.descriptor_dim >= 64
    for mode in (True, False):
        descriptors = model.train(mode)(case.images(4))
        assert descriptors.shape == (4, model.descriptor_dim)
        assert descriptors.dtype == torch.float32
        assert bool(descriptors.isfinite().all())


@EVERY
def test_training_outputs_have_the_promised_form_in_both_modes(case: Case, model: ReidModel):
    for mode in (True, False):
        outputs = model.train(mode).training_outputs(case.images(4))
        assert min(len(outputs.features), len(outputs.logits)) >= 1
        assert all(features.ndim == 2 and len(features) == 4 for features in outputs.features)
        assert all(logits.shape == (4, NUM_IDENTITIES) for logits in outputs.logits)
    assert_near(outputs.descriptors.detach(), model(case.images(4)).detach(), tolerance=1e-5)


@EVERY
def test_every_trainable_parameter_receives_a_gradient(case: Case, model: ReidModel):
    model.train()
    without = {name for name, item in model.named_parameters() if item.requires_grad}
    assert len(without) > 20
    for seed in range(3):
        outputs = model.training_outputs(case.images(8, seed=seed))
        generator = torch.Generator().manual_seed(seed)
        total = torch.zeros(())
        for values in (*outputs.features, *outputs.logits):
            # Weighed at random: the plain sum over a batch cannot pass a batch normalisation.
            total = total + (values * torch.randn(values.shape, generator=generator)).sum()
        model.zero_grad()
        total.backward()
        gradients = {name: item.grad for name, item in model.named_parameters() if item.requires_grad}
        assert [name for name, gradient in gradients.items() if gradient is None] == []
        assert [name for name, gradient in gradients.items() if not gradient.isfinite().all()] == []
        without -= {name for name, gradient in gradients.items() if gradient.any()}
        if not without:
            break
        # The one hidden unit of a gate of 16 channels is dead where its weights sum below 0, since its
        # inputs are not negative. The same weights with the other sign tell that from a missing connection.
        with torch.no_grad():
            for name in without:
                model.get_parameter(name).neg_()
    assert without == set()


@EVERY
def test_an_image_alone_has_the_descriptor_it_has_in_a_batch(case: Case, model: ReidModel):
    model.double()  # a hundred layers make more of the rounding of float32 than the tolerance allows
    with torch.no_grad():
        images = case.images(3).double()
        alone = model(images[:1])
        assert alone.shape == (1, model.descriptor_dim)
        assert_near(alone, model(images)[:1])


@EVERY
def test_a_descriptor_does_not_depend_on_its_batch_mates(case: Case, model: ReidModel):
    images = case.images(6).to(next(model.parameters()).dtype)
    images[4:] *= 100  # mates of quite other statistics
    with torch.no_grad():
        calm, wild = model(images[[0, 1, 2]]), model(images[[0, 4, 5]])
    assert_near(wild[0], calm[0])
    assert float((calm[1] - calm[0]).abs().max()) > 1e-3 * float(calm.abs().max())


@EVERY
def test_images_are_not_changed(case: Case, model: ReidModel):
    images = case.images(4)
    before = images.clone()
    for mode in (True, False):
        model.train(mode)
        model(images)
        model.training_outputs(images)
        assert torch.equal(images, before)


@EVERY
def test_evaluation_is_deterministic_and_changes_no_state(case: Case, model: ReidModel):
    before = copy.deepcopy(model.state_dict())
    with torch.no_grad():
        first, second = (model(case.images(2)) for _ in range(2))
    assert torch.equal(first, second)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


@EVERY
def test_fresh_weights_come_from_the_global_generator(case: Case):
    one, same, other = (case.build(seed=seed).state_dict() for seed in (7, 7, 8))
    assert one.keys() == same.keys() == other.keys()
    assert all(torch.equal(value, same[key]) for key, value in one.items())
    assert sum(not torch.equal(value, other[key]) for key, value in one.items()) > 5


@EVERY
@pytest.mark.parametrize(
    ("images", "got"),
    [
        (torch.zeros(2, 3, 64, 32, dtype=torch.uint8), r"torch\.uint8 of shape \(2, 3, 64, 32\)"),
        (torch.zeros(2, 3, 64, 32, dtype=torch.int64), r"torch\.int64 of shape \(2, 3, 64, 32\)"),
        (torch.zeros(3, 64, 32), r"torch\.float32 of shape \(3, 64, 32\)"),
        (torch.zeros(2, 1, 64, 32), r"torch\.float32 of shape \(2, 1, 64, 32\)"),
        (torch.zeros(2, 64, 32, 3), r"torch\.float32 of shape \(2, 64, 32, 3\)"),
        (torch.zeros(1, 2, 3, 64, 32), r"torch\.float32 of shape \(1, 2, 3, 64, 32\)"),
    ],
)
def test_images_of_a_wrong_form_are_refused(case: Case, images: Tensor, got: str):
    model = built(CASES.index(case))
    message = rf"^Images have a wrong form, got {got}\. Expected standardised floating \(B, 3, H, W\), RGB\.$"
    for call in (model, model.training_outputs, model.feature_map):
        with pytest.raises(ShapeError, match=message):
            call(images)


@EVERY
def test_a_deep_copy_answers_the_same_and_shares_nothing(case: Case, model: ReidModel):
    original = built(CASES.index(case))
    with torch.no_grad():
        before = original(case.images(2))
        assert torch.equal(model(case.images(2)), before)
        for value in model.state_dict().values():
            value.zero_()
        assert torch.equal(original(case.images(2)), before)


@EVERY
def test_weights_round_trip_exactly_through_a_file(case: Case, model: ReidModel):
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    again = case.build(seed=9).eval()
    with torch.no_grad():
        assert not torch.equal(again(case.images(2)), model(case.images(2)))
        again.load_state_dict(torch.load(file, weights_only=True))
        assert torch.equal(again(case.images(2)), model(case.images(2)))


@EVERY
def test_a_model_that_only_embeds_has_no_classifier_and_the_same_descriptors(case: Case, model: ReidModel):
    bare = case.build(num_identities=None).eval()
    missing, unexpected = bare.load_state_dict(model.state_dict(), strict=False)
    assert missing == []
    assert unexpected
    assert all("classifier" in key for key in unexpected)
    with torch.no_grad():
        outputs = bare.training_outputs(case.images(2))
        assert outputs.logits == ()
        assert len(outputs.features) == len(model.training_outputs(case.images(2)).features)
        assert torch.equal(bare(case.images(2)), model(case.images(2)))


@EVERY
def test_descriptors_are_backbone_then_aggregation_then_head(case: Case, model: ReidModel):
    with torch.no_grad():
        maps = model.feature_map(case.images(2))
        assert maps.ndim == 4
        assert maps.shape[0] == 2
        # Each of the networks here gives a map that is 16 or 32 times smaller than the image, or a little
        # less where it pads nothing.
        assert case.image_size[0] / 64 < maps.shape[2] <= case.image_size[0] / 16
        assert maps.shape[2] > maps.shape[3]
        if isinstance(model, PipelineModel):
            assert torch.equal(model.head(model.aggregation(maps)), model(case.images(2)))


@EVERY
def test_a_small_step_down_the_gradient_lowers_the_loss(case: Case, model: ReidModel):
    model.double().train()
    images, identities = case.images(8).double(), torch.arange(8) % 4
    trainable = [item for item in model.parameters() if item.requires_grad]

    def loss() -> Tensor:
        torch.manual_seed(0)  # some networks drop paths at random
        logits = torch.stack(model.training_outputs(images).logits)
        return nn.functional.cross_entropy(logits.flatten(0, 1), identities.repeat(len(logits)))

    before = loss()
    gradients = torch.autograd.grad(before, trainable)
    # So small that the loss is a straight line: it should fall by a millionth of itself.
    fall = 1e-6 * float(before.detach())
    step = fall / sum(float(gradient.square().sum()) for gradient in gradients)
    with torch.no_grad():
        for item, gradient in zip(trainable, gradients, strict=True):
            item -= step * gradient
        assert float(before - loss()) == pytest.approx(fall, rel=0.05)


@pytest.mark.parametrize("case", LARGE_CASES, ids=lambda case: case.name)
def test_a_large_network_keeps_the_heart_of_the_contract(case: Case):
    """Built once, used by all of these, and released; what changes the model comes last."""
    model = build_with_statistics(case).double()
    test_an_image_alone_has_the_descriptor_it_has_in_a_batch(case, model)
    test_a_descriptor_does_not_depend_on_its_batch_mates(case, model)
    model.float()
    test_weights_round_trip_exactly_through_a_file(case, model)
    test_every_trainable_parameter_receives_a_gradient(case, model)


def test_every_large_network_is_tried():
    assert {case.key for case in LARGE_CASES} == LARGE
    assert len(LARGE_CASES) == 12


@EVERY
def test_a_graph_for_any_batch_is_exported_and_answers_the_same(case: Case, model: ReidModel):
    images = case.images(3)
    batch = torch.export.Dim("batch", min=1, max=64)
    with torch.no_grad():
        program = torch.export.export(model, (images,), dynamic_shapes=({0: batch},))
        for count in (1, 5):
            fed = case.images(count, seed=1)
            assert_near(program.module()(fed), model(fed))
