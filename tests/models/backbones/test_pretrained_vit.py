"""A vision transformer starts from timm's weights, here without a network: timm's own network stands in."""

from typing import Any

import pytest
import timm
import torch

from reidkit.core.errors import CatalogError, WeightsError
from reidkit.models.backbones.vit import PRETRAINED, VisionTransformer
from reidkit.models.transreid import transreid


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Everything that timm was asked for; its weights are fresh."""
    asked: list[Any] = []
    create = timm.create_model

    def create_fresh(name: str, *, pretrained: bool, **arguments: Any) -> Any:
        assert (name, pretrained) == (PRETRAINED, True)
        asked.append(create(name, pretrained=False, **arguments))
        return asked[-1]

    monkeypatch.setattr(timm, "create_model", create_fresh)
    return asked


def test_weights_arrive_with_position_embeddings_of_the_grid(source: list[Any]):
    network = transreid(image_size=(64, 40), patch_stride=12, is_pretrained=True, has_jigsaw=False)
    tokens = network.backbone.network
    (given,) = source
    assert tokens.pos_embed.shape == (1, 1 + 5 * 3, 768)  # 5 x 3 overlapping patches, and the class token
    assert torch.equal(tokens.pos_embed, given.pos_embed)
    assert torch.equal(tokens.blocks[0].attn.qkv.weight, given.blocks[0].attn.qkv.weight)
    assert torch.equal(network.global_branch[0].mlp.fc1.weight, given.blocks[-1].mlp.fc1.weight)


def test_another_network_has_no_weights(source: list[Any]):
    with pytest.raises(CatalogError, match="ViT-B/16 alone"):
        VisionTransformer((32, 32), width=96, depth=2, num_heads=3, is_pretrained=True)
    assert len(source) == 1


def test_unreachable_weights_say_so(monkeypatch: pytest.MonkeyPatch):
    def fail(name: str, **arguments: Any) -> None:
        raise OSError("no network")

    monkeypatch.setattr(timm, "create_model", fail)
    with pytest.raises(WeightsError, match=r"no network. Expected a reachable hub"):
        VisionTransformer((32, 32), is_pretrained=True)
