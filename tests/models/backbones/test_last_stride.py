import pytest
import timm
import torch
from torch import nn

from reidkit.core.errors import CatalogError
from reidkit.models.backbones.last_stride import keep_last_resolution
from reidkit.models.timm_backbone import TimmBackbone, pixel_statistics

# The layers that halve the map for the last time, as read off each network by hand.
LAYERS = {
    "resnet18": {"layer4.0.conv1", "layer4.0.downsample.0"},
    "resnet26": {"layer4.0.conv2", "layer4.0.downsample.0"},
    "resnet26d": {"layer4.0.conv2", "layer4.0.downsample.0"},
    "seresnet18": {"layer4.0.conv1", "layer4.0.downsample.0"},
    "resnest14d": {"layer4.0.avd_last", "layer4.0.downsample.0"},
    "regnetx_002": {"s4.b1.conv2.conv", "s4.b1.downsample.conv"},
    "convnext_atto": {"stages_3.downsample.1"},
    "densenet121": {"features_transition3.pool"},
    "efficientnet_b0": {"blocks.5.0.conv_dw"},
    "mobilenetv3_small_050": {"blocks.4.0.conv_dw"},
    "repvgg_a0": {"stages_3.0.conv_kxk.conv", "stages_3.0.conv_1x1.conv"},
}


@pytest.mark.parametrize("name", LAYERS)
def test_the_layers_of_the_last_halving_and_no_others_change(name: str):
    torch.manual_seed(0)
    network = timm.create_model(name, features_only=True, out_indices=(-1,)).eval()
    by_hand = timm.create_model(name, features_only=True, out_indices=(-1,)).eval()
    by_hand.load_state_dict(network.state_dict())
    changed = set(keep_last_resolution(network, name=name))
    assert changed == LAYERS[name]
    for layer in LAYERS[name]:
        if isinstance(by_hand.get_submodule(layer), nn.AvgPool2d) and layer != "layer4.0.avd_last":
            by_hand.set_submodule(layer, nn.Identity())
        by_hand.get_submodule(layer).stride = (1, 1)
    images = torch.randn(1, 3, 128, 64)
    with torch.no_grad():
        (maps,), (expected,) = network(images), by_hand(images)
    assert torch.equal(maps, expected)
    # A convolution of even size loses a row and a column.
    assert maps.shape[2:] == ((7, 3) if name == "convnext_atto" else (8, 4))


def test_it_is_no_dilation():
    torch.manual_seed(0)
    network = timm.create_model("resnet26", num_classes=0, global_pool="", zero_init_last=False).eval()
    dilated = timm.create_model(
        "resnet26", num_classes=0, global_pool="", output_stride=16, zero_init_last=False
    ).eval()
    dilated.load_state_dict(network.state_dict())
    keep_last_resolution(network, name="resnet26")
    images = torch.randn(1, 3, 128, 64)
    with torch.no_grad():
        ours, theirs = network(images), dilated(images)
    assert ours.shape == theirs.shape
    assert float((ours - theirs).norm() / theirs.norm()) > 0.05


@pytest.mark.parametrize("name", ["test_vit", "swin_tiny_patch4_window7_224"])
def test_transformers_are_refused(name: str):
    with pytest.raises(CatalogError, match=r"has no stride in its last stage\. Expected a convolutional"):
        TimmBackbone(name, (224, 224), last_stride=1)


def test_a_backbone_takes_it_as_an_argument():
    images = torch.zeros(1, 3, 64, 32)
    assert TimmBackbone("resnet18", (64, 32)).eval()(images).shape[2:] == (2, 1)
    assert TimmBackbone("resnet18", (64, 32), last_stride=1).eval()(images).shape[2:] == (4, 2)
    with pytest.raises(CatalogError, match=r"last_stride is out of range, got 3\. Expected 1 or 2\."):
        TimmBackbone("resnet18", (64, 32), last_stride=3)


def test_patches_must_divide_the_image():
    with (
        pytest.raises(
            CatalogError, match=r"patches of 14x14 pixels, which do not divide .*such as 252x126\."
        ),
        torch.device("meta"),
    ):
        TimmBackbone("vit_small_patch14_dinov2", (256, 128))


@pytest.mark.parametrize(
    ("name", "size", "shape"),
    [
        ("vit_small_patch14_dinov2", (56, 28), (384, 4, 2)),
        ("vit_small_patch14_reg4_dinov2", (56, 28), (384, 4, 2)),
        ("vit_small_patch16_dinov3", (64, 32), (384, 4, 2)),
        ("eva02_tiny_patch14_224", (56, 28), (192, 4, 2)),
        ("swin_tiny_patch4_window7_224", (64, 32), (768, 2, 1)),
        ("convnext_atto", (64, 32), (320, 2, 1)),
    ],
)
def test_maps_hold_the_patches_and_no_other_tokens(
    name: str, size: tuple[int, int], shape: tuple[int, int, int]
):
    with torch.device("meta"):
        backbone = TimmBackbone(name, size)
        assert backbone(torch.zeros(2, 3, *size)).shape == (2, *shape)


def test_pixel_statistics_are_those_of_the_tag():
    imagenet = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    half = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert pixel_statistics("resnet50.a1_in1k") == imagenet
    assert pixel_statistics("vit_base_patch16_224.augreg_in21k") == half
    assert pixel_statistics("vit_small_patch16_dinov3") == imagenet
    with pytest.raises(CatalogError, match=r"Unknown timm model 'resnet5'"):
        pixel_statistics("resnet5")


def test_a_network_of_plain_torch_is_changed_too():
    network = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3, 2, 1))
    assert keep_last_resolution(network, name="mine") == ["2"]
    assert network(torch.zeros(1, 3, 32, 16)).shape == (1, 4, 8, 4)
    assert network.training
