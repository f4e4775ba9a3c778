import pytest
import torch

from reidkit.core.errors import CatalogError
from reidkit.models.mgn import MultipleGranularityNetwork, mgn
from reidkit.models.model import ReidModel


@pytest.fixture(scope="module")
def model() -> ReidModel:
    torch.manual_seed(0)
    return mgn(num_identities=4, image_size=(96, 32)).eval()


def images(height: int = 96) -> torch.Tensor:
    return torch.randn(2, 3, height, 32, generator=torch.Generator().manual_seed(0))


def test_eight_heads_make_the_descriptor(model: ReidModel):
    assert model.descriptor_dim == 8 * 256
    with torch.no_grad():
        assert model(images()).shape == (2, 2048)
        outputs = model.training_outputs(images())
        assert model.feature_map(images()).shape == (2, 3 * 2048, 6, 2)
    assert [tuple(item.shape) for item in outputs.features] == [(2, 256)] * 3 + [(2, 512), (2, 768)]
    assert [tuple(item.shape) for item in outputs.logits] == [(2, 4)] * 8


def test_parts_are_halves_and_thirds_from_the_top_down(model: MultipleGranularityNetwork):
    with torch.no_grad():
        maps = model.backbone(images())
        descriptors = model(images()).split(256, dim=1)
        rows = {3: (1, 0, 3), 4: (1, 3, 6), 5: (2, 0, 2), 6: (2, 2, 4), 7: (2, 4, 6)}
        for number, (branch, start, end) in rows.items():
            pooled = model.aggregations[number](maps[branch][:, :, start:end])
            torch.testing.assert_close(descriptors[number], model.heads[number](pooled))


def test_branches_start_equal_and_share_no_weights(model: MultipleGranularityNetwork):
    first, second, third = (branch.state_dict() for branch in model.backbone.branches)
    assert len(first) > 100
    for key, value in first.items():
        assert torch.equal(value, second[key])
        assert torch.equal(value, third[key])
        assert len({value.data_ptr(), second[key].data_ptr(), third[key].data_ptr()}) == 3


def test_a_height_that_does_not_divide_by_three_still_has_three_parts(model: ReidModel):
    with torch.no_grad():
        assert model(images(height=64)).shape == (2, 2048)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"depth": 18}, r"^MGN depth is too small, got 18\. Expected 50, 101 or 152\.$"),
        (
            {"image_size": (32, 32)},
            r"^MGN input is too low for three parts, got \(32, 32\)\. Expected at least 48",
        ),
        ({"aggregation": "gemm"}, r"^Unknown aggregation 'gemm'\. Did you mean 'gem'\?"),
        ({"aggregation_arguments": {"powr": 2}}, r"^Aggregation 'gem' has no argument 'powr'\."),
    ],
)
def test_what_cannot_be_built_is_refused(arguments: dict[str, object], message: str):
    with pytest.raises(CatalogError, match=message), torch.device("meta"):
        mgn(**arguments)  # type: ignore[arg-type]
