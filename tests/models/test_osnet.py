import math
import re
from contextlib import suppress

import numpy as np
import pytest
import torch
from torch import nn

from reidkit.core.errors import CatalogError
from reidkit.models.osnet import AggregationGate, OmniScaleBlock, OSNet, StreamFusion, osnet
from reidkit.models.zoo import build_model

FUSIONS = ["unified_gate", "separate_gates", "stream_gate", "fixed_gate", "addition", "concatenation"]


def draw_streams(count: int, channels: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(2, channels, 3, 2, generator=generator) for _ in range(count)]


def gate_by_hand(gate: AggregationGate, stream: np.ndarray) -> np.ndarray:
    """Return G(x) of one image (C, h, w), number by number: mean, two layers, sigmoid."""
    reduce_weight, reduce_bias = (item.detach().numpy() for item in (gate.reduce.weight, gate.reduce.bias))
    restore_weight, restore_bias = (
        item.detach().numpy() for item in (gate.restore.weight, gate.restore.bias)
    )
    channels, height, width = stream.shape
    pooled = [
        sum(stream[c, y, x] for y in range(height) for x in range(width)) / (height * width)
        for c in range(channels)
    ]
    hidden = [
        max(0.0, reduce_bias[row] + sum(reduce_weight[row, c, 0, 0] * pooled[c] for c in range(channels)))
        for row in range(len(reduce_bias))
    ]
    outputs = [
        restore_bias[row]
        + sum(restore_weight[row, column, 0, 0] * hidden[column] for column in range(len(hidden)))
        for row in range(len(restore_bias))
    ]
    return np.array([1 / (1 + math.exp(-value)) for value in outputs])


def make_lively(module: nn.Module) -> None:
    """Give every weight a value, biases too, which start at 0."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))


def test_unified_gate_equals_equation_3_by_hand():
    fusion = StreamFusion(32, 3, "unified_gate")
    make_lively(fusion)
    streams = draw_streams(3, 32)
    with torch.no_grad():
        actual = fusion(streams)
    assert actual.shape == (2, 32, 3, 2)
    for image in range(2):
        expected = np.zeros((32, 3, 2))
        for stream in streams:
            values = stream[image].numpy()
            weights = gate_by_hand(fusion.gate, values)
            for channel in range(32):
                expected[channel] += weights[channel] * values[channel]
        np.testing.assert_allclose(actual[image].numpy(), expected, rtol=1e-4, atol=1e-5)
    weights = np.stack([gate_by_hand(fusion.gate, stream[0].numpy()) for stream in streams])
    assert np.ptp(weights, axis=0).max() > 0.1  # the streams are weighed differently


def test_separate_gates_weigh_each_stream_by_its_own_gate():
    fusion = StreamFusion(32, 3, "separate_gates")
    make_lively(fusion)
    streams = draw_streams(3, 32)
    assert len(fusion.gates) == 3
    with torch.no_grad():
        actual = fusion(streams)[0].numpy()
    expected = sum(
        gate_by_hand(gate, stream[0].numpy())[:, None, None] * stream[0].numpy()
        for gate, stream in zip(fusion.gates, streams, strict=True)
    )
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


def test_stream_gate_gives_one_weight_per_stream():
    fusion = StreamFusion(32, 3, "stream_gate")
    make_lively(fusion)
    streams = draw_streams(3, 32)
    with torch.no_grad():
        actual = fusion(streams)[0].numpy()
    weights = [gate_by_hand(fusion.gate, stream[0].numpy()) for stream in streams]
    assert [weight.shape for weight in weights] == [(1,)] * 3
    expected = sum(weight[0] * stream[0].numpy() for weight, stream in zip(weights, streams, strict=True))
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


def test_fixed_gate_starts_at_one_half_and_follows_no_input():
    fusion = StreamFusion(32, 3, "fixed_gate")
    streams = draw_streams(3, 32)
    with torch.no_grad():
        torch.testing.assert_close(fusion(streams), sum(streams) / 2)
        make_lively(fusion)
        weights = 1 / (1 + torch.exp(-fusion.fixed))
        assert weights.shape == (3, 32, 1, 1)
        expected = sum(weight * stream for weight, stream in zip(weights, streams, strict=True))
        torch.testing.assert_close(fusion(streams), expected)
        # Twice the input is twice the output: nothing looks at it.
        torch.testing.assert_close(fusion([2 * stream for stream in streams]), 2 * expected)


def test_addition_and_concatenation_are_what_they_say():
    streams = draw_streams(3, 32)
    with torch.no_grad():
        torch.testing.assert_close(StreamFusion(32, 3, "addition")(streams), sum(streams))
        stacked = StreamFusion(32, 3, "concatenation")
        assert stacked.out_channels == 96
        assert torch.equal(stacked(streams), torch.cat(streams, dim=1))


@pytest.mark.parametrize("fusion", FUSIONS)
def test_fusion_does_not_change_its_streams(fusion: str):
    streams = draw_streams(3, 32)
    before = [stream.clone() for stream in streams]
    with torch.no_grad():
        StreamFusion(32, 3, fusion)(streams)
    assert all(torch.equal(one, other) for one, other in zip(streams, before, strict=True))


@pytest.mark.parametrize(("channels", "hidden"), [(128, 8), (64, 4), (24, 1), (16, 1), (8, 1)])
def test_gate_reduces_sixteen_times_but_never_to_nothing(channels: int, hidden: int):
    gate = AggregationGate(channels, channels)
    assert gate.reduce.out_channels == gate.restore.in_channels == hidden
    assert gate(torch.randn(2, channels, 3, 2)).shape == (2, channels, 1, 1)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_block_is_shortcut_plus_restored_fusion(fusion: str):
    block = OmniScaleBlock(
        16, 64, stream_depths=(1, 2), fusion=fusion, convolution="lite", norm_place="none"
    ).eval()
    maps = torch.randn(2, 16, 5, 4, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        reduced = block.reduce(maps)
        streams = [block.streams[0][0](reduced), block.streams[1][1](block.streams[1][0](reduced))]
        expected = torch.relu(block.shortcut(maps) + block.restore(block.fusion(streams)))
        torch.testing.assert_close(block(maps), expected)
    assert reduced.shape[1] == 16  # a quarter of the output


def test_block_of_equal_channels_passes_its_input_by():
    block = OmniScaleBlock(
        64, 64, stream_depths=(1,), fusion="addition", convolution="lite", norm_place="none"
    ).eval()
    maps = torch.randn(2, 64, 5, 4)
    with torch.no_grad():
        block.restore.norm.weight.zero_()  # the residual is 0
        assert torch.equal(block(maps), torch.relu(maps))


@pytest.mark.parametrize(
    ("key", "places"),
    [
        ("osnet_x1_0", {}),
        (
            "osnet_ibn_x1_0",
            {"stem.0.norm", "stages.0.0.norm", "stages.0.1.norm"},
        ),
        (
            "osnet_ain_x1_0",
            {
                "stem.0.norm",
                "stages.0.0.restore.norm",
                "stages.0.1.restore.norm",
                "stages.1.1.restore.norm",
                "stages.2.0.restore.norm",
            },
        ),
    ],
)
def test_instance_norm_stands_where_the_published_networks_have_it(key: str, places: set[str]):
    backbone = build_model(key).backbone
    found = {name for name, module in backbone.named_modules() if isinstance(module, nn.InstanceNorm2d)}
    assert found == set(places)


def embed_in_both_modes(key: str, image_size: tuple[int, int]) -> None:
    model = build_model(key, num_identities=3, image_size=image_size)
    with torch.no_grad():
        assert model.eval()(torch.randn(1, 3, *image_size)).shape == (1, 512)
        assert model.train()(torch.randn(2, 3, *image_size)).shape == (2, 512)


@pytest.mark.parametrize("key", ["osnet_x0_25", "osnet_ibn_x1_0", "osnet_ain_x0_25"])
@pytest.mark.parametrize("image_size", [(16, 32), (32, 16), (17, 31), (80, 48)])
def test_small_and_odd_images_can_be_embedded(key: str, image_size: tuple[int, int]):
    embed_in_both_modes(key, image_size)


@pytest.mark.parametrize("key", ["osnet_x0_25", "osnet_ibn_x1_0"])
def test_smallest_images_can_be_embedded(key: str):
    embed_in_both_modes(key, (16, 16))


@pytest.mark.parametrize("image_size", [(16, 16), (28, 28)])
def test_images_that_leave_osnet_ain_one_position_are_embedded_or_refused(image_size: tuple[int, int]):
    # Its last stage normalises each map by itself, and torch refuses to do so for a map of one position.
    with suppress(CatalogError):
        embed_in_both_modes("osnet_ain_x0_25", image_size)


@pytest.mark.parametrize("image_size", [(15, 128), (256, 15), (0, 0)])
def test_images_too_small_are_refused(image_size: tuple[int, int]):
    message = f"OSNet input is too small, got {image_size}. Expected at least 16 pixels in height and width."
    with pytest.raises(CatalogError, match=re.escape(message)):
        osnet(width=0.25, image_size=image_size)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fusion": "gate"}, r"^OSNet fusion is unknown, got 'gate'\. Expected one of: \('unified_gate', "),
        (
            {"instance_norm": "ain2"},
            r"^OSNet instance_norm is unknown, got 'ain2'\. Expected one of: \('none', ",
        ),
        (
            {"convolution": "light"},
            r"^OSNet convolution is unknown, got 'light'\. Expected one of: \('lite', ",
        ),
        ({"stream_depths": ()}, r"^OSNet stream_depths are wrong, got \(\)\. Expected at least one stream"),
        (
            {"stream_depths": [1, 0]},
            r"^OSNet stream_depths are wrong, got \(1, 0\)\. Expected .* 1 layer deep",
        ),
    ],
)
def test_wrong_choices_are_refused(arguments: dict[str, object], message: str):
    with pytest.raises(CatalogError, match=message):
        OSNet(width=0.25, **arguments)
    with pytest.raises(CatalogError, match=message):
        build_model(
            "osnet_ain_x0_25" if "instance_norm" not in arguments else "osnet_x0_25", arguments=arguments
        )


@pytest.mark.parametrize("width", [0.0, -1.0, 0.001])
def test_a_width_that_leaves_no_channels_is_refused(width: float):
    with pytest.raises(CatalogError, match=rf"width .*{width}"):
        osnet(width=width)


def test_neck_between_features_and_descriptor_is_an_option():
    model = build_model("osnet_x0_25", num_identities=3, arguments={"neck": "batch_norm"}).train()
    outputs = model.training_outputs(torch.randn(4, 3, 64, 32))
    assert isinstance(model.head.neck, nn.BatchNorm1d)
    assert outputs.features[0].shape == (4, 512)


def test_embedding_layer_can_be_left_out():
    model = build_model("osnet_x0_25", arguments={"embedding_dim": None}).eval()
    assert model.descriptor_dim == 128
    with torch.no_grad():
        maps = model.feature_map(torch.randn(2, 3, 64, 32, generator=torch.Generator().manual_seed(0)))
        descriptors = model(torch.randn(2, 3, 64, 32, generator=torch.Generator().manual_seed(0)))
    np.testing.assert_allclose(descriptors.numpy(), maps.numpy().mean(axis=(2, 3)), rtol=1e-5, atol=1e-6)
