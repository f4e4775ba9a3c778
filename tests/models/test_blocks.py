import math

import pytest
import torch
from torch import nn

from reidkit.models.blocks import ConvLayer, LiteConvLayer, initialize, make_norm


@pytest.mark.parametrize(
    ("name", "kind"), [("batch", nn.BatchNorm2d), ("instance", nn.InstanceNorm2d), ("none", nn.Identity)]
)
def test_norm_of_each_name_is_the_layer_with_learned_scale(name: str, kind: type[nn.Module]):
    norm = make_norm(name, 6)
    assert isinstance(norm, kind)
    assert [tuple(item.shape) for item in norm.parameters()] == ([] if name == "none" else [(6,), (6,)])


@pytest.mark.parametrize("kernel_size", [1, 3, 7])
@pytest.mark.parametrize("stride", [1, 2])
def test_conv_layer_keeps_the_size_but_for_its_stride(kernel_size: int, stride: int):
    layer = ConvLayer(3, 4, kernel_size, stride=stride)
    assert layer(torch.zeros(2, 3, 16, 8)).shape == (2, 4, 16 // stride, 8 // stride)


def test_conv_layer_is_convolution_then_norm_then_relu():
    layer = ConvLayer(3, 4, 3).eval()
    images = torch.randn(2, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        layer.norm.running_mean.fill_(0.1)
        convolved = nn.functional.conv2d(images, layer.conv.weight, padding=1)
        expected = ((convolved - 0.1) / math.sqrt(1 + 1e-5)).clamp_min(0)
        torch.testing.assert_close(layer(images), expected)
    assert layer.conv.bias is None


def test_conv_layer_not_activated_goes_below_zero():
    images = torch.randn(8, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    assert float(ConvLayer(3, 4, is_activated=False)(images).detach().min()) < 0
    assert float(ConvLayer(3, 4)(images).detach().min()) == 0


def test_lite_layer_has_no_nonlinearity_between_its_two_convolutions():
    layer = LiteConvLayer(3, 4).eval()
    images = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        pointwise = nn.functional.conv2d(images, layer.pointwise.weight)
        depthwise = nn.functional.conv2d(pointwise, layer.depthwise.weight, padding=1, groups=4)
        expected = (depthwise / math.sqrt(1 + 1e-5)).clamp_min(0)
        torch.testing.assert_close(layer(images), expected)


def test_initialize_draws_kaiming_over_the_fan_out():
    # He et al., "Delving Deep into Rectifiers", equation 14: variance 2 / (outputs * kernel area).
    torch.manual_seed(0)
    layer = nn.Conv2d(64, 128, 3)
    initialize(layer)
    assert float(layer.weight.detach().std()) == pytest.approx(math.sqrt(2 / (128 * 9)), rel=0.02)
    assert not layer.bias.any()


def test_initialize_resets_norms_and_draws_small_linear_layers():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Linear(256, 256), nn.BatchNorm1d(256), nn.BatchNorm2d(4), nn.InstanceNorm2d(4, affine=True)
    )
    with torch.no_grad():
        for item in network.parameters():
            item.fill_(7.0)
    initialize(network)
    assert float(network[0].weight.detach().std()) == pytest.approx(0.01, rel=0.02)
    assert not network[0].bias.any()
    for norm in network[1:]:
        assert bool((norm.weight == 1).all())
        assert not norm.bias.any()
