"""What the networks of Torchreid's zoo do beyond the contract of models."""

import pytest
import torch

from reidkit.core.errors import CatalogError, ShapeError, WeightsError
from reidkit.models.backbones.classic import ClassicBackbone
from reidkit.models.backbones.torchvision_networks import torchvision_backbone
from reidkit.models.image_size import check_image_size
from reidkit.models.zoo import build_model

# Least side of the image, by row; what shares a network shares the number.
SMALLEST = {
    "densenet121": 29,
    "densenet161": 29,
    "inceptionresnetv2": 75,
    "inceptionv4": 75,
    "mudeep": 13,
    "nasnet_mobile": 3,
    "resnet50_ibn_a": 17,
    "se_resnet50": 3,
    "squeezenet1_0": 21,
    "squeezenet1_1": 17,
    "xception": 7,
}


@pytest.mark.parametrize(("key", "smallest"), SMALLEST.items())
def test_smallest_image_works_and_a_smaller_one_is_refused(key: str, smallest: int):
    size = (smallest, smallest)
    model = build_model(key, image_size=size).to("meta").eval()
    with torch.no_grad():
        assert model.feature_map(torch.empty(1, 3, *size, device="meta")).numel() > 0
        assert model(torch.empty(1, 3, *size, device="meta")).shape == (1, model.descriptor_dim)
    with pytest.raises(
        CatalogError,
        match=rf"is too small, got \({smallest - 1}, 200\)\. Expected at least {smallest} pixels in height",
    ):
        build_model(key, image_size=(smallest - 1, 200))


def test_nasnet_takes_sides_that_halve_to_odd_numbers():
    model = build_model("nasnet_mobile", image_size=(101, 43)).to("meta").eval()
    with torch.no_grad():
        assert model.feature_map(torch.empty(1, 3, 101, 43, device="meta")).shape[2:] == (4, 2)


def test_image_of_the_smallest_size_passes():
    check_image_size("X", (5, 6), smallest=5)


def test_mudeep_takes_only_the_size_that_it_was_built_for():
    model = build_model("mudeep", image_size=(64, 32), arguments={"embedding_dim": 8}).eval()
    assert model(torch.zeros(1, 3, 64, 32)).shape == (1, 8)
    with pytest.raises(
        ShapeError, match=r"^Map has a wrong size, got \(8, 4\)\. Expected \(4, 2\): .* another image_size\.$"
    ):
        model(torch.zeros(1, 3, 128, 64))


def test_last_stride_doubles_the_map_of_an_se_network():
    images = torch.empty(1, 3, 256, 128, device="meta")
    sizes = {
        key: tuple(build_model(key).to("meta").feature_map(images).shape[2:])
        for key in ("se_resnet50", "se_resnet50_fc512")
    }
    assert sizes == {"se_resnet50": (8, 4), "se_resnet50_fc512": (16, 8)}


def test_networks_without_stages_have_no_last_stride():
    with pytest.raises(
        CatalogError, match=r"^last_stride of 'legacy_xception' is wrong, got 1\. Expected 2:"
    ):
        ClassicBackbone("legacy_xception", last_stride=1)
    with pytest.raises(
        CatalogError, match=r"^last_stride of 'legacy_seresnet50' is wrong, got 3\. Expected 1"
    ):
        ClassicBackbone("legacy_seresnet50", last_stride=3)


def test_unknown_networks_are_refused():
    with pytest.raises(CatalogError, match=r"^Classic network is unknown, got 'senet999'\. Expected one of:"):
        ClassicBackbone("senet999")
    with pytest.raises(
        CatalogError, match=r"^torchvision network is unknown, got 'densenet9'\. Expected one"
    ):
        torchvision_backbone("densenet9")


def test_weights_that_cannot_be_had_are_explained(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("torchvision.models.get_model", refuse)
    with pytest.raises(WeightsError, match=r"^Weights of 'densenet121' cannot be loaded: no network\."):
        torchvision_backbone("densenet121", is_pretrained=True)
    monkeypatch.setattr("timm.create_model", refuse)
    with pytest.raises(WeightsError, match=r"^Weights of 'legacy_xception' cannot be loaded: no network\."):
        ClassicBackbone("legacy_xception", is_pretrained=True)


def test_resnet_mid_ends_with_the_last_pooled_map():
    torch.manual_seed(0)
    model = build_model("resnet50mid", image_size=(64, 32)).eval()
    images = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        expected = model.feature_map(images).mean(dim=(2, 3))
        assert torch.equal(model(images)[:, 1024:], expected)
        assert torch.equal(model.feature_map(images), model.backbone(images))


def test_mlfn_describes_by_map_and_factors():
    torch.manual_seed(0)
    model = build_model("mlfn", image_size=(64, 32)).eval()
    images = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        maps, factors = model.backbone(images)
        assert factors.shape == (2, 16 * 32, 1, 1)
        assert 0 < float(factors.min()) < float(factors.max()) < 1
        of_map = model.map_projection(maps.mean(dim=(2, 3), keepdim=True))
        expected = (of_map + model.factor_projection(factors)).flatten(1) / 2
        torch.testing.assert_close(model(images), expected)
