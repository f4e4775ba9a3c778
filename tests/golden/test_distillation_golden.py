"""Losses of distillation against stored outputs of FastReID 1.3."""

from pathlib import Path

import numpy as np
import pytest
import torch

from reidkit.losses.feature_overhaul import negative_means, partial_squared_distance
from reidkit.losses.kl_divergence import KlDivergence, SymmetricKl

STORED = np.load(Path(__file__).parent / "fastreid/distillation.npz")


def stored(name: str) -> torch.Tensor:
    """Return a stored array in float64."""
    return torch.from_numpy(STORED[name]).double()


def test_stored_outputs_are_all_there():
    assert len(STORED.files) == 10


@pytest.mark.parametrize(
    ("loss", "name"), [(SymmetricKl(), "jsdiv_T16"), (KlDivergence(temperature=16), "kldiv_st")]
)
def test_divergences_equal_fastreid(loss: torch.nn.Module, name: str):
    value = float(loss(stored("student_logits"), stored("teacher_logits")))
    # It computed in float32.
    assert value == pytest.approx(float(STORED[name]), rel=1e-6)


def test_margins_equal_fastreid():
    margins = negative_means(stored("bn_weight"), stored("bn_bias"))
    np.testing.assert_allclose(margins.numpy(), STORED["margins"], rtol=1e-6)
    # One channel is negative, and one is never negative and has 3 deviations.
    assert float(stored("bn_weight")[2]) < 0
    assert float(margins[4]) == pytest.approx(-0.03)


def test_partial_distance_equals_fastreid():
    margins = stored("margins")[:, None, None]
    value = float(partial_squared_distance(stored("src"), stored("tgt"), margins))
    assert value == pytest.approx(float(STORED["overhaul_sum"]), rel=1e-6)
