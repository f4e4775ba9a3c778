"""Instance loss: hand arithmetic, a naive loop, and why it is not that of pytorch-metric-learning."""

import math

import pytest
import torch
from pytorch_metric_learning.losses import InstanceLoss
from torch import Tensor

from reidkit.core.errors import CatalogError
from reidkit.losses.instance import Instance


def draw(seed: int = 0) -> Tensor:
    return torch.randn(6, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_two_samples_at_a_right_angle_by_hand():
    loss = Instance(scale=2)(torch.tensor([[3.0, 0.0], [0.0, 0.5]]), torch.tensor([0, 1]))
    assert float(loss) == pytest.approx(math.log(1 + math.exp(-2)))


@pytest.mark.parametrize("merges", [False, True])
def test_loss_equals_a_naive_loop(merges: bool):
    features, identities = draw(), torch.tensor([4, 2, 4, 9, 2, 4])
    units = [item / item.norm() for item in features]
    if merges:
        sums = [sum(units[i] for i in range(6) if identities[i] == label) for label in (2, 4, 9)]
        units = [item / item.norm() for item in sums]
    expected = 0.0
    for number, own in enumerate(units):
        powers = [math.exp(32 * float(own @ other)) for other in units]
        expected -= math.log(powers[number] / sum(powers)) / len(units)
    assert float(Instance(merges_identities=merges)(features, identities)) == pytest.approx(expected)


def test_loss_of_samples_knows_no_identities_and_no_length():
    features = draw()
    value = Instance()(features, torch.arange(6))
    torch.testing.assert_close(Instance()(5 * features, torch.zeros(6, dtype=torch.int64)), value)


def test_samples_of_one_identity_merge_to_one_class():
    assert float(Instance(merges_identities=True)(draw(), torch.zeros(6, dtype=torch.int64))) == 0


def test_pytorch_metric_learning_answers_by_the_rank_of_the_label():
    features = torch.eye(6, dtype=torch.float64)
    shuffled = torch.tensor([3, 1, 5, 0, 2, 4])
    theirs = InstanceLoss(gamma=32)
    assert float(theirs(features, torch.arange(6))) == pytest.approx(0, abs=1e-9)
    assert float(theirs(features, shuffled)) > 20
    assert float(Instance()(features, torch.arange(6))) == pytest.approx(5 * math.exp(-32))
    assert float(Instance()(features, shuffled)) == pytest.approx(5 * math.exp(-32))


def test_scale_out_of_range_is_refused():
    with pytest.raises(CatalogError, match=r"Instance scale is out of range, got 0"):
        Instance(scale=0)
