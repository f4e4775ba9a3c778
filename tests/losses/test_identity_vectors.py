"""The losses that learn a vector for each identity: center and proxy_anchor."""

import math

import pytest
import torch
from pytorch_metric_learning.losses import ProxyAnchorLoss
from torch import nn

from reidkit.core.errors import CatalogError, ShapeError
from reidkit.losses.center import Center
from reidkit.losses.proxy_anchor import ProxyAnchor


def test_center_hand_worked_example():
    loss = Center(num_identities=2, feature_dim=2)
    loss.centres.data = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    features = torch.tensor([[3.0, 4.0], [1.0, 2.0]], requires_grad=True)
    value = loss(features, torch.tensor([0, 1]))
    value.backward()
    assert float(value.detach()) == (25 + 1) / 2 / 2
    assert features.grad.tolist() == [[1.5, 2.0], [0.0, 0.5]]
    assert loss.centres.grad.tolist() == [[-1.5, -2.0], [0.0, -0.5]]


def test_center_at_the_features_is_zero():
    loss = Center(num_identities=3, feature_dim=4)
    assert float(loss(loss.centres.detach(), torch.arange(3)).detach()) == 0


def test_proxy_anchor_equals_pytorch_metric_learning_with_gradients():
    features = torch.randn(8, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    identities = torch.tensor([0, 0, 1, 1, 1, 2, 4, 4])  # 3 is not in the batch
    ours = ProxyAnchor(num_identities=5, feature_dim=5).double()
    theirs = ProxyAnchorLoss(5, 5, margin=0.1, alpha=32).double()
    theirs.proxies.data = ours.proxies.detach().clone()
    value, expected = ours(features, identities), theirs(features, identities)
    torch.testing.assert_close(value, expected, rtol=1e-9, atol=0)
    value.backward()
    expected.backward()
    torch.testing.assert_close(ours.proxies.grad, theirs.proxies.grad, rtol=1e-6, atol=1e-9)


def test_proxy_anchor_hand_worked_example():
    loss = ProxyAnchor(num_identities=2, feature_dim=2, scale=2.0, margin=0.1)
    loss.proxies.data = torch.tensor([[1.0, 0.0], [0.0, 5.0]])
    value = float(loss(torch.tensor([[3.0, 0.0]]), torch.tensor([0])).detach())
    # Own cosine 1, one identity in the batch; cosine 0 to the other, a mean over two proxies.
    expected = math.log(1 + math.exp(-2 * 0.9)) + math.log(1 + math.exp(2 * 0.1)) / 2
    assert value == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("loss", [Center, ProxyAnchor])
def test_features_of_another_dimension_are_refused(loss: type[nn.Module]):
    with pytest.raises(ShapeError, match=r"^Features have a wrong dimension, got 3\. Expected 4\.$"):
        loss(num_identities=2, feature_dim=4)(torch.ones(2, 3), torch.tensor([0, 1]))


@pytest.mark.parametrize("loss", [Center, ProxyAnchor])
def test_learning_rate_factor_out_of_range_is_refused(loss: type[nn.Module]):
    message = rf"^{loss.__name__} learning_rate_factor is out of range, got 0\. Expected above 0"
    with pytest.raises(CatalogError, match=message):
        loss(num_identities=2, feature_dim=4, learning_rate_factor=0)


@pytest.mark.parametrize(("name", "value"), [("scale", 0.0), ("margin", 1.0)])
def test_proxy_anchor_argument_out_of_range_is_refused(name: str, value: float):
    with pytest.raises(CatalogError, match=rf"^ProxyAnchor {name} is out of range, got {value}"):
        ProxyAnchor(num_identities=2, feature_dim=4, **{name: value})
