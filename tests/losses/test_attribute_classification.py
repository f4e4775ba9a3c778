"""Loss of attributes: hand arithmetic, what is unknown, bad input."""

import math
from typing import Any

import pytest
import torch

from reidkit.core.errors import CatalogError, ShapeError
from reidkit.losses.attribute_classification import AttributeClassification, weighted_binary_cross_entropy


def test_weighted_loss_by_hand():
    # An undecided answer costs log 2; a yes of a share of 1/4 counts exp(3/4), a no exp(1/4).
    loss = weighted_binary_cross_entropy(
        torch.zeros(2, 1), torch.tensor([[1.0], [0.0]]), torch.tensor([0.25])
    )
    expected = math.log(2) * (math.exp(0.75) + math.exp(0.25)) / 2
    assert float(loss) == pytest.approx(expected)


def test_unknown_answers_do_not_count():
    logits = torch.tensor([[1.0, 5.0], [-2.0, 3.0]], requires_grad=True)
    targets = torch.tensor([[1.0, math.nan], [0.0, math.nan]])
    loss = weighted_binary_cross_entropy(logits, targets)
    loss.backward()
    expected = (math.log(1 + math.exp(-1)) + math.log(1 + math.exp(-2))) / 2
    assert float(loss.detach()) == pytest.approx(expected)
    assert logits.grad[:, 1].tolist() == [0, 0]


def test_nothing_known_costs_nothing():
    loss = weighted_binary_cross_entropy(torch.zeros(2, 2), torch.full((2, 2), math.nan))
    assert float(loss) == 0


def test_loss_learns_what_features_tell():
    torch.manual_seed(0)
    loss = AttributeClassification(feature_dim=2, positive_shares=[0.5], is_weighted=False)
    features = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    targets = torch.tensor([[1.0], [0.0]])
    optimizer = torch.optim.SGD(loss.parameters(), lr=5.0)
    for _ in range(50):
        optimizer.zero_grad()
        value = loss(features, targets)
        value.backward()
        optimizer.step()
    assert float(value.detach()) < 0.02
    assert sorted(loss.state_dict()) == ["classifier.bias", "classifier.weight"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"positive_shares": []}, r"Attribute shares are out of range, got \[\]"),
        ({"positive_shares": [2.0]}, r"Attribute shares are out of range"),
        ({"positive_shares": [0.5], "learning_rate_factor": 0}, r"learning_rate_factor is out of range"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any], message: str):
    with pytest.raises(CatalogError, match=message):
        AttributeClassification(feature_dim=4, **arguments)


def test_attributes_that_do_not_fit_are_refused():
    loss = AttributeClassification(feature_dim=4, positive_shares=[0.5, 0.5])
    with pytest.raises(ShapeError, match=r"Features and attributes do not fit, got \(3, 4\) and \(3, 1\)"):
        loss(torch.zeros(3, 4), torch.zeros(3, 1))
    with pytest.raises(ShapeError, match=r"Features have a wrong dimension"):
        loss(torch.zeros(3, 5), torch.zeros(3, 2))
