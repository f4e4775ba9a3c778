"""MobileNets, ShuffleNet, the vision transformer and timm's families."""

import pytest
import torch
from torch import nn
from torchvision import models

from reidkit.core.errors import CatalogError, ShapeError, WeightsError
from reidkit.models.backbones.mobilenet import MobileNetV2, MobileNetV3
from reidkit.models.backbones.shufflenet import ShuffleBlock, ShuffleNetV2
from reidkit.models.backbones.timm_network import efficientnet, fuse_branches, regnet, repvgg, resnest
from reidkit.models.backbones.vit import VisionTransformer


def images(height: int = 64, width: int = 32) -> torch.Tensor:
    return torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(0))


def test_mobilenet_v2_is_torchvisions():
    torch.manual_seed(0)
    theirs, ours = models.mobilenet_v2().eval(), MobileNetV2().eval()
    ours.load_state_dict({key: item for key, item in theirs.state_dict().items() if "classifier" not in key})
    with torch.no_grad():
        assert torch.equal(ours(images()), theirs.features(images()))
        assert theirs.last_channel == ours.num_channels == 1280


@pytest.mark.parametrize("size", ["large", "small"])
def test_mobilenet_v3_is_torchvisions(size: str):
    torch.manual_seed(0)
    theirs = models.get_model(f"mobilenet_v3_{size}").eval()
    ours = MobileNetV3(size=size).eval()
    ours.load_state_dict({key: item for key, item in theirs.state_dict().items() if "classifier" not in key})
    with torch.no_grad():
        maps = ours(images())
        assert torch.equal(maps, theirs.features(images()))
    assert maps.shape == (2, ours.num_channels, 2, 1)


def test_mobilenet_v3_norms_have_the_epsilon_asked_for():
    epsilons = {
        item.eps for item in MobileNetV3(norm_epsilon=1e-5).modules() if isinstance(item, nn.BatchNorm2d)
    }
    assert epsilons == {1e-5}


@pytest.mark.parametrize("width", [0.5, 1.0, 1.5, 2.0])
def test_shufflenet_gives_its_channels(width: float):
    with torch.device("meta"):
        network = ShuffleNetV2(width=width)
        assert network(images().to("meta")).shape == (2, 2048 if width == 2 else 1024, 2, 1)


def test_shuffle_block_lets_every_other_channel_pass():
    block, maps = ShuffleBlock(8, 8, stride=1).eval(), torch.randn(1, 8, 4, 4)
    with torch.no_grad():
        assert torch.equal(block(maps)[:, :4], maps[:, 0::2])


FAMILIES = [
    (resnest, {}),
    (regnet, {"size": "x_002"}),
    (efficientnet, {}),
    (repvgg, {}),
]


@pytest.mark.parametrize(("family", "arguments"), FAMILIES)
def test_last_stride_1_doubles_the_map_at_equal_weights(family, arguments: dict[str, str]):
    with torch.device("meta"):
        fine, coarse = family(**arguments).eval(), family(**arguments, last_stride=2).eval()
        shapes = [{key: item.shape for key, item in part.state_dict().items()} for part in (fine, coarse)]
        assert shapes[0] == shapes[1]
        assert fine(images().to("meta")).shape == (2, fine.num_channels, 4, 2)
        assert coarse(images().to("meta")).shape == (2, fine.num_channels, 2, 1)
        dilations = {item.dilation for item in fine.modules() if isinstance(item, nn.Conv2d)}
    assert dilations == {(1, 1)}


def test_resnest_can_dilate_its_last_stage():
    with torch.device("meta"):
        network = resnest(last_dilation=2)
        dilations = [block.conv2.conv.dilation for block in network.network.layer4]
        assert network.eval()(images().to("meta")).shape == (2, 2048, 4, 2)
    assert dilations == [(1, 1), (2, 2), (2, 2)]


@pytest.mark.parametrize("size", ["a0", "b1g2"])
def test_fused_repvgg_is_plain_and_gives_the_same_map(size: str):
    torch.manual_seed(0)
    network = repvgg(size=size)
    with torch.no_grad():
        network.train()
        network(images())  # statistics that are not 0 and 1
        before = network.eval()(images())
        many = len(list(network.modules()))
        assert fuse_branches(network) == sum((1, *(len(stage) for stage in network.network.stages)))
        after = network(images())
    assert len(list(network.modules())) < many / 2
    assert not any(isinstance(item, nn.BatchNorm2d) for item in network.modules())
    torch.testing.assert_close(after, before, rtol=0, atol=1e-4 * float(before.abs().max()))


def small_vit(**arguments: object) -> VisionTransformer:
    torch.manual_seed(0)
    return VisionTransformer((64, 32), width=32, depth=2, num_heads=2, **arguments).eval()


def test_vit_gives_its_class_token_or_its_patches_of_one_sequence():
    token, patches = small_vit(), small_vit(output="patches")
    with torch.no_grad():
        assert token(images()).shape == (2, 32, 1, 1)
        assert patches(images()).shape == (2, 32, 4, 2)
        tokens = patches.network.forward_features(images())
        assert torch.equal(token(images())[:, :, 0, 0], tokens[:, 0])
        assert torch.equal(patches(images())[:, :, 1, 0], tokens[:, 1 + 2])


@pytest.mark.parametrize(("stride", "grid"), [(16, (4, 2)), (12, (5, 2)), (8, (7, 3))])
def test_vit_patches_may_overlap(stride: int, grid: tuple[int, int]):
    network = small_vit(patch_stride=stride)
    assert network.grid == grid
    assert network.network.pos_embed.shape[1] == 1 + grid[0] * grid[1]
    assert network(images()).shape == (2, 32, 1, 1)


def test_vit_refuses_images_that_its_positions_are_not_for():
    with pytest.raises(
        ShapeError, match=r"^ViT images have another size, got \(96, 32\)\. Expected \(64, 32\)"
    ):
        small_vit()(images(height=96))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: MobileNetV2(width=0), r"^MobileNetV2 width is too small, got 0\. Expected above 0"),
        (lambda: MobileNetV3(size="big"), r"^MobileNetV3 size is unknown, got 'big'\."),
        (lambda: MobileNetV3(last_channels=0), r"^MobileNetV3 last_channels is too small, got 0\."),
        (
            lambda: ShuffleNetV2(width=3),
            r"^ShuffleNetV2 width is unknown, got 3\. Expected one of: \(0\.5, 1",
        ),
        (lambda: resnest(depth=18), r"^ResNeSt depth is unknown, got 18\. Expected one of: \(50, 101, 200"),
        (lambda: resnest(last_stride=2, last_dilation=2), r"^ResNeSt last_dilation is out of range, got 2\."),
        (lambda: resnest(last_stride=3), r"^ResNeSt last_stride is unknown, got 3\. Expected one of: \(1, 2"),
        (lambda: regnet(size="y008"), r"^RegNet size is unknown, got 'y008'\. Did you mean 'y_008'\?"),
        (lambda: efficientnet(size="b9"), r"^EfficientNet size is unknown, got 'b9'\."),
        (lambda: repvgg(size="b0g2"), r"^RepVGG size is unknown, got 'b0g2'\."),
        (lambda: small_vit(output="tokens"), r"^ViT output is unknown, got 'tokens'\."),
        (lambda: small_vit(patch_stride=17), r"^ViT patch_stride is out of range, got 17\."),
        (lambda: VisionTransformer((8, 32)), r"^ViT input is too small, got \(8, 32\)\."),
        (lambda: VisionTransformer((64, 32), num_heads=7), r"^ViT width does not divide among 7 heads"),
    ],
)
def test_unknown_choices_are_refused(build, message: str):
    with pytest.raises(CatalogError, match=message), torch.device("meta"):
        build()


@pytest.mark.parametrize(
    "build",
    [
        lambda: MobileNetV2(width=0.5, is_pretrained=True),
        lambda: repvgg(size="b1g2", is_pretrained=True),
    ],
)
def test_weights_that_nobody_has_are_said_not_to_exist(build):
    with pytest.raises(
        WeightsError, match=r"do not exist at .*Set is_pretrained=false to train from scratch\.$"
    ):
        build()
