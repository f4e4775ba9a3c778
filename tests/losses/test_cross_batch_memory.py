"""Pairs with earlier batches: what is remembered, for how long, and what gets a gradient."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from reidkit.core.errors import CatalogError, ShapeError
from reidkit.losses.cross_batch_memory import CrossBatchMemory
from reidkit.losses.pairwise_cos_face import PairwiseCosFace

IDENTITIES = torch.tensor([0, 0, 1, 1, 2])


def draw(seed: int) -> Tensor:
    return torch.randn(5, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def filled(size: int, *seeds: int) -> CrossBatchMemory:
    loss = CrossBatchMemory(feature_dim=4, size=size).double()
    for seed in seeds:
        loss.remember(draw(seed), IDENTITIES)
    return loss


def test_empty_memory_leaves_the_pairs_of_the_batch():
    loss = CrossBatchMemory(feature_dim=4).double()
    torch.testing.assert_close(loss(draw(0), IDENTITIES), PairwiseCosFace(scale=32)(draw(0), IDENTITIES))


def test_loss_equals_a_naive_loop_over_batch_and_memory():
    loss = filled(20, 1, 2)
    others = torch.cat([draw(0), draw(1), draw(2)])
    labels = IDENTITIES.repeat(3)
    values = []
    for row in range(5):
        cosines = [float(torch.cosine_similarity(draw(0)[row], other, dim=0)) for other in others]
        positive = [c for i, c in enumerate(cosines) if labels[i] == IDENTITIES[row] and i != row]
        negative = [c for i, c in enumerate(cosines) if labels[i] != IDENTITIES[row]]
        pull = sum(math.exp(-32 * c) for c in positive)
        push = sum(math.exp(32 * (c + 0.25)) for c in negative)
        values.append(math.log(1 + pull * push))
    assert float(loss(draw(0), IDENTITIES)) == pytest.approx(sum(values) / 5)


def test_sample_without_a_partner_finds_one_in_memory():
    alone = torch.tensor([0, 1, 2, 3, 4])
    loss = CrossBatchMemory(feature_dim=4, size=5).double()
    assert float(loss(draw(0), alone)) == 0
    loss.remember(draw(1), alone)
    assert float(loss(draw(0), alone)) > 0


def test_oldest_features_give_way():
    kept, whole = filled(10, 1, 2, 3), filled(10, 2, 3)
    torch.testing.assert_close(kept(draw(0), IDENTITIES), whole(draw(0), IDENTITIES))
    short = filled(3, 1)
    assert short.identities.tolist() == [1, 1, 2]


def test_gradient_goes_to_the_batch_only_and_the_loss_changes_nothing():
    loss, features = filled(10, 1), draw(0).requires_grad_()
    before = {name: value.clone() for name, value in loss.state_dict().items()}
    value = loss(features, IDENTITIES)
    loss.remember(features, IDENTITIES)  # before the backward pass, as in training
    value.backward()
    assert bool(features.grad.any())
    assert torch.autograd.gradcheck(lambda item: filled(10, 1)(item, IDENTITIES), (features,))
    again = filled(10, 1)
    again(features, IDENTITIES)
    assert all(torch.equal(value, before[name]) for name, value in again.state_dict().items())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"size": 0}, "size is too small"), ({"scale": 0}, "scale is out"), ({"margin": 1}, "margin is out")],
)
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any], message: str):
    with pytest.raises(CatalogError, match=message):
        CrossBatchMemory(feature_dim=4, **arguments)


def test_features_of_another_width_are_refused():
    with pytest.raises(ShapeError, match=r"Features have a wrong dimension, got 5"):
        CrossBatchMemory(feature_dim=4)(torch.zeros(2, 5), torch.arange(2))
