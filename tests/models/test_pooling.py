from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from reidkit.core.errors import CatalogError
from reidkit.models.pooling import (
    AGGREGATIONS,
    AttentionAggregation,
    AverageAggregation,
    GeneralizedMeanAggregation,
)

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "fastreid" / "pooling.npz")


def build(name: str, **arguments: object) -> nn.Module:
    return AGGREGATIONS[name](**({"channels": 5} if name == "attention" else {}), **arguments)


def draw(seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((2, 5, 4, 3)))


def test_average_aggregation_is_the_mean_over_positions():
    actual = AverageAggregation()(draw())
    maps = draw().numpy()
    expected = [[sum(maps[b, c].ravel()) / 12 for c in range(5)] for b in range(2)]
    np.testing.assert_allclose(actual.numpy(), expected, rtol=1e-12)


def test_average_aggregation_has_no_weights():
    assert AverageAggregation().state_dict() == {}


@pytest.mark.parametrize(
    ("name", "arguments", "theirs"),
    [
        ("average", {}, "GlobalAvgPool"),
        ("average", {}, "FastGlobalAvgPool"),
        ("max", {}, "GlobalMaxPool"),
        ("gem", {"is_learned": False}, "GeneralizedMeanPooling"),
        ("gem", {}, "GeneralizedMeanPoolingP"),
        ("average_max", {}, "AdaptiveAvgMaxPool"),
        ("clipped_average", {}, "ClipGlobalAvgPool"),
    ],
)
def test_aggregations_equal_fastreids(name: str, arguments: dict[str, object], theirs: str):
    pooled = build(name, **arguments)(torch.from_numpy(GOLDEN["x"])).detach().numpy()
    expected = GOLDEN[theirs][:, :, 0, 0]
    assert pooled.shape == expected.shape == (2, 6)
    np.testing.assert_allclose(pooled, expected, rtol=1e-5, atol=1e-6)


def test_generalised_mean_of_power_1_is_the_average_and_of_a_high_power_near_the_maximum():
    maps = draw().abs() + 0.1
    average = GeneralizedMeanAggregation(power=1, is_learned=False)(maps)
    torch.testing.assert_close(average, maps.mean(dim=(2, 3)))
    high = GeneralizedMeanAggregation(power=200, is_learned=False)(maps)
    torch.testing.assert_close(high, maps.amax(dim=(2, 3)), rtol=0.02, atol=0)


def test_generalised_mean_learns_its_power_only_if_told():
    learned, fixed = GeneralizedMeanAggregation(), GeneralizedMeanAggregation(is_learned=False)
    assert list(learned.state_dict()) == ["power"]
    assert list(fixed.state_dict()) == []
    learned(draw().float()).sum().backward()
    assert learned.power.grad is not None
    assert float(learned.power.grad) != 0


@pytest.mark.parametrize(("name", "value"), [("power", 0), ("power", -1), ("minimum", 0), ("power", np.nan)])
def test_generalised_mean_refuses_what_has_no_root(name: str, value: float):
    with pytest.raises(CatalogError, match=rf"^Generalised mean {name} is too small, got {value}\. Expected"):
        GeneralizedMeanAggregation(**{name: value})


def test_fresh_attention_is_the_average():
    torch.testing.assert_close(AttentionAggregation(5).double()(draw()), draw().mean(dim=(2, 3)))


@pytest.mark.parametrize("is_per_channel", [True, False])
def test_attention_equals_a_naive_loop(is_per_channel: bool):
    torch.manual_seed(0)
    attention = AttentionAggregation(5, is_per_channel=is_per_channel).double()
    nn.init.normal_(attention.score.weight)
    maps, weight = draw().numpy(), attention.score.weight.detach().numpy()[:, :, 0, 0]
    expected = np.zeros((2, 5))
    for image in range(2):
        for channel in range(5):
            row = weight[channel if is_per_channel else 0]
            scores = np.array([row @ maps[image, :, y, x] for y in range(4) for x in range(3)])
            shares = np.exp(scores) / np.exp(scores).sum()
            expected[image, channel] = shares @ maps[image, channel].ravel()
    np.testing.assert_allclose(attention(draw()).detach().numpy(), expected, rtol=1e-10)


@pytest.mark.parametrize("name", AGGREGATIONS)
def test_aggregations_do_not_depend_on_the_order_of_positions(name: str):
    torch.manual_seed(0)
    module = build(name).double()
    with torch.no_grad():
        for item in module.parameters():
            item += 0.3 * torch.rand_like(item)
    order = torch.randperm(12, generator=torch.Generator().manual_seed(1))
    shuffled = draw().flatten(2)[:, :, order].unflatten(2, (3, 4))
    torch.testing.assert_close(module(shuffled), module(draw()))


@pytest.mark.parametrize("name", AGGREGATIONS)
def test_one_position_is_its_own_summary(name: str):
    maps = torch.rand(2, 5, 1, 1, generator=torch.Generator().manual_seed(0))
    factor = 2 if name == "average_max" else 1
    torch.testing.assert_close(build(name)(maps), factor * maps[:, :, 0, 0])
