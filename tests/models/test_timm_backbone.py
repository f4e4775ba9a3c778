import re

import numpy as np
import pytest
import torch

from reidkit.core.errors import CatalogError, MissingExtraError, WeightsError
from reidkit.models.timm_backbone import TimmBackbone, timm_model


def draw_images(size: tuple[int, int]) -> torch.Tensor:
    return torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("name", "size", "shape"),
    [
        ("resnet10t", (64, 32), (2, 512, 2, 1)),
        ("resnet10t", (256, 128), (2, 512, 8, 4)),
        ("test_convnext", (64, 32), (2, 64, 2, 1)),
        ("test_vit", (64, 32), (2, 64, 4, 2)),
        ("test_vit", (256, 128), (2, 64, 16, 8)),
        ("swin_tiny_patch4_window7_224", (64, 32), (2, 768, 2, 1)),
    ],
)
def test_backbone_gives_a_map_of_channels_height_width(
    name: str, size: tuple[int, int], shape: tuple[int, ...]
):
    backbone = TimmBackbone(name, size).eval()
    with torch.no_grad():
        assert backbone(draw_images(size)).shape == shape
    assert backbone.num_channels == shape[1]


def test_convolutional_map_equals_timms_own_last_features():
    import timm

    backbone = TimmBackbone("resnet10t", (64, 32)).eval()
    whole = timm.create_model("resnet10t").eval()
    missing, unexpected = whole.load_state_dict(backbone.network.state_dict(), strict=False)
    assert unexpected == []
    assert all(key.startswith("fc.") for key in missing)
    with torch.no_grad():
        expected = whole.forward_features(draw_images((64, 32)))
        np.testing.assert_allclose(backbone(draw_images((64, 32))), expected, rtol=1e-5, atol=1e-6)


def test_channels_last_map_is_turned_and_keeps_its_last_norm():
    import timm

    backbone = TimmBackbone("swin_tiny_patch4_window7_224", (64, 32)).eval()
    whole = timm.create_model("swin_tiny_patch4_window7_224", img_size=(64, 32), num_classes=0).eval()
    whole.load_state_dict(backbone.network.state_dict())
    with torch.no_grad():
        whole.norm.bias.uniform_(-1, 1)  # so that a norm left out would show
        backbone.network.norm.bias.copy_(whole.norm.bias)
        expected = whole.forward_features(draw_images((64, 32)))
        assert expected.shape == (2, 2, 1, 768)
        actual = backbone(draw_images((64, 32)))
    np.testing.assert_allclose(actual, expected.numpy().transpose(0, 3, 1, 2), rtol=1e-4, atol=1e-5)


def test_channels_last_map_without_a_last_norm_is_turned():
    import timm

    backbone = TimmBackbone("mambaout_femto", (64, 32)).eval()
    whole = timm.create_model("mambaout_femto", num_classes=0).eval()
    own = {key.replace("stages_", "stages."): value for key, value in backbone.network.state_dict().items()}
    missing, unexpected = whole.load_state_dict(own, strict=False)
    assert unexpected == []
    assert all(key.startswith("head.") for key in missing)
    with torch.no_grad():
        expected = whole.forward_features(draw_images((64, 32)))
        actual = backbone(draw_images((64, 32)))
    assert expected.shape == (2, 2, 1, 288)
    np.testing.assert_allclose(actual, expected.numpy().transpose(0, 3, 1, 2), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "deit_tiny_distilled_patch16_224"])
def test_token_map_leaves_out_the_prefix_tokens_and_keeps_places_and_norm(name: str):
    import timm

    backbone = TimmBackbone(name, (64, 32)).eval()
    whole = timm.create_model(name, img_size=(64, 32), num_classes=0).eval()
    whole.load_state_dict(backbone.network.state_dict())
    with torch.no_grad():
        whole.norm.bias.uniform_(-1, 1)
        backbone.network.norm.bias.copy_(whole.norm.bias)
        tokens = whole.forward_features(draw_images((64, 32)))
        actual = backbone(draw_images((64, 32)))
    assert tokens.shape == (2, whole.num_prefix_tokens + 8, 192)
    expected = tokens[:, whole.num_prefix_tokens :].reshape(2, 4, 2, 192).permute(0, 3, 1, 2)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


def test_unknown_network_names_near_ones():
    with pytest.raises(CatalogError, match=r"^Unknown timm model 'test_vi'\. Near names: .*test_vit"):
        TimmBackbone("test_vi", (64, 32))


def test_misspelt_network_names_near_ones():
    with pytest.raises(CatalogError, match=r"^Unknown timm model 'resnt18'\. .*resnet18"):
        TimmBackbone("resnt18", (64, 32))


def test_unknown_network_unlike_any_says_where_to_look():
    with pytest.raises(CatalogError, match=r"^Unknown timm model 'qqqq'\. See timm\.list_models\(\)\.$"):
        TimmBackbone("qqqq", (64, 32))


def test_unknown_tag_is_refused():
    with pytest.raises(CatalogError, match=r"'resnet10t\.qqqq'.*Invalid pretrained tag"):
        TimmBackbone("resnet10t.qqqq", (64, 32))


def test_weights_out_of_reach_say_what_to_do(monkeypatch: pytest.MonkeyPatch):
    import timm

    def fail(name: str, **arguments: object) -> None:
        assert arguments["pretrained"] is True
        raise OSError("hub unreachable")

    monkeypatch.setattr(timm, "create_model", fail)
    message = (
        "Weights of 'resnet10t' cannot be loaded: hub unreachable. Expected a reachable hub or a filled cache. "
        "Set model.arguments.is_pretrained=false to train from scratch."
    )
    with pytest.raises(WeightsError, match=f"^{re.escape(message)}$") as caught:
        TimmBackbone("resnet10t", (64, 32), is_pretrained=True)
    assert isinstance(caught.value.__cause__, OSError)


def test_missing_timm_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "timm", None)
    with pytest.raises(
        MissingExtraError, match=r"^The backbone 'resnet10t' needs the package 'timm'.*\[train\]"
    ):
        TimmBackbone("resnet10t", (64, 32))


def test_timm_model_defaults_to_a_bnneck():
    model = timm_model(backbone="test_vit", num_identities=3, image_size=(64, 32))
    assert model.head.classifier.bias is None
    assert not model.head.neck.bias.requires_grad


def test_timm_model_with_an_embedding_layer():
    model = timm_model(backbone="test_vit", image_size=(64, 32), embedding_dim=32).eval()
    assert model.descriptor_dim == 32
    with torch.no_grad():
        assert model(draw_images((64, 32))).shape == (2, 32)
