import pytest
import torch

from reidkit.core.errors import CatalogError
from reidkit.models.hacnn import HACNN, HardAttention, cut_region
from reidkit.models.zoo import build_model

IMAGES = torch.randn(2, 3, 160, 64, generator=torch.Generator().manual_seed(0))


def build(**arguments: object) -> HACNN:
    torch.manual_seed(0)
    return build_model("hacnn", num_identities=5, image_size=(160, 64), arguments=arguments).eval()


@pytest.mark.parametrize("sampling", ["corners", "centres"])
def test_region_equals_torchs_affine_sampling(sampling: str):
    maps = torch.randn(3, 4, 10, 6)
    centres = torch.rand(3, 2) * 2 - 1
    theta = torch.zeros(3, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1], theta[:, :, 2] = 1.0, 0.25, centres
    aligned = sampling == "corners"
    grid = torch.nn.functional.affine_grid(theta, list(maps.shape), align_corners=aligned)
    expected = torch.nn.functional.grid_sample(maps, grid, align_corners=aligned)
    torch.testing.assert_close(cut_region(maps, centres, sampling), expected)


def test_region_is_cut_where_its_centre_lies():
    # Nine rows of value = row. A quarter of the height around the middle, corners on corners: rows 3 to 5.
    maps = torch.arange(9.0).reshape(1, 1, 9, 1).expand(1, 1, 9, 3).contiguous()
    region = cut_region(maps, torch.zeros(1, 2), "corners")
    torch.testing.assert_close(region[0, 0, :, 1], torch.linspace(3, 5, 9))
    # Half the height further down: rows 5 to 7.
    region = cut_region(maps, torch.tensor([[0.0, 0.5]]), "corners")
    torch.testing.assert_close(region[0, 0, :, 1], torch.linspace(5, 7, 9))


def test_regions_start_spread_from_top_to_bottom():
    centres = HardAttention(8)(torch.randn(2, 8, 4, 4))
    expected = torch.tensor([[0, -0.75], [0, -0.25], [0, 0.25], [0, 0.75]]).tanh()
    torch.testing.assert_close(centres, expected.expand(2, 4, 2))


def test_descriptor_is_two_halves_of_length_1():
    with torch.no_grad():
        halves = build()(IMAGES).reshape(2, 2, 512)
    torch.testing.assert_close(halves.norm(dim=2), torch.ones(2, 2))


def test_training_sees_a_global_and_a_local_branch():
    with torch.no_grad():
        outputs = build().training_outputs(IMAGES)
    assert [tuple(item.shape) for item in outputs.features] == [(2, 512), (2, 512)]
    assert [tuple(item.shape) for item in outputs.logits] == [(2, 5), (2, 5)]


def test_sampling_changes_the_local_half_only():
    corners, centres = build(), build(sampling="centres")
    centres.load_state_dict(corners.state_dict())
    with torch.no_grad():
        one, other = corners(IMAGES), centres(IMAGES)
    torch.testing.assert_close(one[:, :512], other[:, :512])
    assert not torch.allclose(one[:, 512:], other[:, 512:], atol=1e-4)


@pytest.mark.parametrize("size", [(160, 64), (97, 41), (256, 128)])
def test_any_image_size_and_number_format_works(size: tuple[int, int]):
    model = build_model("hacnn", image_size=size).eval().double()
    with torch.no_grad():
        descriptors = model(torch.randn(1, 3, *size, dtype=torch.float64))
    assert descriptors.shape == (1, 1024)
    assert descriptors.dtype == torch.float64


def test_nothing_is_made_on_another_device():
    # "meta" stands for an accelerator: a tensor of the CPU among its own would raise.
    with torch.no_grad():
        assert build().to("meta")(IMAGES.to("meta")).device.type == "meta"


def test_unknown_sampling_is_refused():
    with pytest.raises(CatalogError, match=r"^HACNN sampling is unknown, got 'edges'\. Expected one of: "):
        build(sampling="edges")
