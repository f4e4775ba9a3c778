import pytest
import torch

from reidkit.core.errors import CatalogError
from reidkit.models.pcb import PCB, RefinedPartPooling, StripePooling
from reidkit.models.zoo import build_model

IMAGES = torch.randn(2, 3, 96, 48, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def model() -> PCB:
    torch.manual_seed(0)
    return build_model("pcb_p6", num_identities=5, image_size=(96, 48)).eval()


def test_stripes_are_means_of_whole_rows():
    # Six rows and one column, value = row: three stripes of two rows.
    maps = torch.arange(6.0).reshape(1, 1, 6, 1)
    assert StripePooling(3)(maps).tolist() == [[[0.5, 2.5, 4.5]]]
    # Four stripes of six rows overlap: rows 0-1, 1-2, 3-4, 4-5.
    assert StripePooling(4)(maps).tolist() == [[[0.5, 1.5, 3.5, 4.5]]]


@pytest.mark.parametrize("parts", [4, 6])
def test_stripes_equal_adaptive_average_pooling(parts: int):
    maps = torch.randn(2, 5, 16, 8)
    expected = torch.nn.functional.adaptive_avg_pool2d(maps, (parts, 1)).squeeze(3)
    torch.testing.assert_close(StripePooling(parts)(maps), expected)


def test_refined_parts_weigh_positions_by_their_probability():
    pooling = RefinedPartPooling(channels=1, num_parts=2)
    with torch.no_grad():
        pooling.part.weight.copy_(torch.tensor([1.0, 0.0]).reshape(2, 1, 1, 1))
    # Scores (x, 0): a position of value 0 belongs to both parts by half, one of log 3 by 3 : 1.
    maps = torch.tensor([0.0, 3.0]).log().clamp(min=0).reshape(1, 1, 2, 1)
    value = float(torch.tensor(3.0).log())
    torch.testing.assert_close(pooling(maps), torch.tensor([[[0.75 * value / 2, 0.25 * value / 2]]]))


def test_descriptor_holds_parts_of_length_1_channel_by_channel(model: PCB):
    with torch.no_grad():
        parts = model(IMAGES).reshape(2, 2048, 6)
        pooled = model.pooling(model.feature_map(IMAGES))
    torch.testing.assert_close(parts.norm(dim=1), torch.ones(2, 6))
    torch.testing.assert_close(parts[:, :, 2], pooled[:, :, 2] / pooled[:, :, 2].norm(dim=1, keepdim=True))


def test_training_sees_one_branch_per_part(model: PCB):
    with torch.no_grad():
        outputs = model.training_outputs(IMAGES)
        assert [tuple(item.shape) for item in outputs.features] == [(2, 256)] * 6
        assert [tuple(item.shape) for item in outputs.logits] == [(2, 5)] * 6
        torch.testing.assert_close(outputs.logits[3], model.classifier[3](outputs.features[3]))


def test_refined_pcb_trains_its_parts():
    model = build_model("pcb_p4", num_identities=3, image_size=(64, 32), arguments={"is_refined": True})
    outputs = model.training_outputs(torch.randn(4, 3, 64, 32))
    sum(logits.square().sum() for logits in outputs.logits).backward()
    assert bool(model.pooling.part.weight.grad.any())


def test_too_low_an_image_says_what_it_needs():
    with pytest.raises(
        CatalogError,
        match=r"^PCB input is too small, got \(80, 48\) for 6 parts\. Expected a height of at least 81: one row",
    ):
        build_model("pcb_p6", image_size=(80, 48))
    assert build_model("pcb_p6", image_size=(81, 48)).eval()(torch.zeros(1, 3, 81, 48)).shape == (1, 12288)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_parts": 0}, r"^PCB num_parts is too small, got 0\. Expected at least 1\.$"),
        ({"num_parts": 6, "dropout": 1.0}, r"^PCB dropout is out of range, got 1\.0\. Expected from 0 up"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict, message: str):
    with pytest.raises(CatalogError, match=message):
        build_model("reidkit.models.pcb:pcb", arguments=arguments)
