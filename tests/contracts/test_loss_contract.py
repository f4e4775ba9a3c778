"""What holds for every loss of the catalog, built with its defaults."""

import inspect
import math

import pytest
import torch
from torch import Tensor, nn

from reidkit.losses.catalog import LOSSES

EVERY = pytest.mark.parametrize("key", LOSSES)
# Four identities, four samples each: what an identity-balanced batch brings.
IDENTITIES = torch.arange(4).repeat_interleave(4)
GIVEN = {"num_identities": 4, "feature_dim": 8, "positive_shares": (0.25, 0.5, 0.75)}
ATTRIBUTES = (torch.arange(16)[:, None] % torch.tensor([2, 3, 5]) == 0).float()
# What they learn for each identity or attribute is not where the samples are yet.
WITH_PARAMETERS = ("center", "proxy_anchor", "attribute_classification")
# No gradient goes through their weights by definition; their own tests show the gradient that is meant.
WITH_STILL_WEIGHTS = ("circle_softmax", "pairwise_circle")
# What cannot reach 0: three positives compete, and twelve negatives at a right angle count a little. Instance
# loss tells the four samples of an identity apart too.
LEAST = {
    "supervised_contrastive": math.log(3 + 12 * math.exp(-10)),
    "instance": math.log(4 + 12 * math.exp(-32)),
}


def draw_input(key: str, *, dtype: torch.dtype = torch.float32, seed: int = 0) -> Tensor:
    """Return logits (16, 4), cosines (16, 4) or features (16, 8), whichever the loss consumes."""
    columns = {"logits": 4, "cosines": 4, "features": 8}[LOSSES[key].consumes]
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(16, columns, generator=generator, dtype=torch.float64)
    return (values.tanh() if LOSSES[key].consumes == "cosines" else values).to(dtype)


def targets_of(key: str) -> Tensor:
    """Return identities (16,), or attributes (16, 3)."""
    return ATTRIBUTES if getattr(LOSSES[key], "targets", "identities") == "attributes" else IDENTITIES


def build_loss(key: str) -> nn.Module:
    """Return the loss with its defaults, told the identities and the dimension if it asks."""
    takes = inspect.signature(LOSSES[key]).parameters
    torch.manual_seed(0)
    return LOSSES[key](**{name: value for name, value in GIVEN.items() if name in takes})


def separated_input(key: str) -> Tensor:
    """Return an input that answers every identity without doubt."""
    sure = 1000 * torch.eye(4)[IDENTITIES]
    given = {"logits": sure, "cosines": sure / 500 - 1, "features": torch.cat([sure, sure], dim=1)}
    return given[LOSSES[key].consumes]


def test_contract_covers_the_catalog():
    assert len(LOSSES) >= 15
    assert {"cross_entropy", "batch_hard_triplet"} <= set(LOSSES)


@EVERY
def test_loss_is_a_module_that_says_what_it_consumes(key: str):
    assert issubclass(LOSSES[key], nn.Module)
    assert LOSSES[key].consumes in ("features", "logits", "cosines")


@EVERY
def test_loss_arguments_are_by_keyword_with_defaults(key: str):
    parameters = inspect.signature(LOSSES[key]).parameters.values()
    assert all(item.kind is inspect.Parameter.KEYWORD_ONLY for item in parameters)
    assert all(item.default is not inspect.Parameter.empty for item in parameters if item.name not in GIVEN)


@EVERY
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_loss_is_a_finite_scalar_of_the_input_type(key: str, dtype: torch.dtype):
    loss = build_loss(key)(draw_input(key, dtype=dtype), targets_of(key)).detach()
    assert loss.shape == ()
    assert loss.dtype == dtype
    assert bool(loss.isfinite())
    assert float(loss) > 0


@EVERY
@pytest.mark.parametrize("seed", range(5))
def test_loss_does_not_depend_on_batch_order(key: str, seed: int):
    values = draw_input(key, dtype=torch.float64)
    order = torch.randperm(16, generator=torch.Generator().manual_seed(seed))
    loss = build_loss(key)
    one, other = loss(values, targets_of(key)), loss(values[order], targets_of(key)[order])
    torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-15)


@EVERY
@pytest.mark.parametrize("level", [0.0, 1.0, 1e4])
def test_loss_gradient_is_finite_where_all_samples_coincide(key: str, level: float):
    values = torch.full_like(draw_input(key), level).requires_grad_()
    build_loss(key)(values, targets_of(key)).backward()
    assert bool(values.grad.isfinite().all())


@EVERY
def test_loss_gradient_equals_finite_differences(key: str):
    loss = build_loss(key)
    values = draw_input(key, dtype=torch.float64).requires_grad_()
    assert key in WITH_STILL_WEIGHTS or torch.autograd.gradcheck(
        lambda item: loss(item, targets_of(key)), (values,)
    )
    loss(values, targets_of(key)).backward()
    assert bool((values.grad != 0).any())


@EVERY
def test_loss_is_least_and_its_gradient_zero_where_identities_are_well_separated(key: str):
    if key in WITH_PARAMETERS:
        pytest.skip("depends on parameters of the loss")
    values = separated_input(key).requires_grad_()
    loss = build_loss(key)(values, targets_of(key))
    loss.backward()
    assert float(loss.detach()) == pytest.approx(LEAST.get(key, 0), abs=1e-5)
    assert float(values.grad.abs().max()) == pytest.approx(0, abs=1e-5)


@EVERY
def test_loss_falls_along_its_gradient(key: str):
    loss = build_loss(key)
    values = draw_input(key, dtype=torch.float64).requires_grad_()
    before = loss(values, targets_of(key))
    before.backward()
    with torch.no_grad():
        assert float(loss(values - 1e-4 * values.grad, targets_of(key))) < float(before.detach())


@EVERY
def test_loss_parameters_are_those_declared_and_get_a_gradient(key: str):
    loss = build_loss(key)
    assert bool(list(loss.parameters())) == (key in WITH_PARAMETERS)
    loss(draw_input(key).requires_grad_(), targets_of(key)).backward()
    assert all(bool(item.grad.any()) for item in loss.parameters())


@EVERY
def test_loss_does_not_change_its_input(key: str):
    values, identities = draw_input(key), targets_of(key).clone()
    copy = values.clone()
    build_loss(key)(values, identities)
    assert torch.equal(values, copy)
    assert torch.equal(identities, targets_of(key))
