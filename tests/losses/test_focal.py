import math

import pytest
import torch
from torch.nn import functional as F

from reidkit.core.errors import CatalogError
from reidkit.losses.focal import Focal


def test_focal_equals_a_loop():
    logits = torch.randn(6, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    identities = torch.tensor([0, 1, 2, 3, 4, 0])
    total = 0.0
    for row, identity in zip(logits.tolist(), identities.tolist(), strict=True):
        probability = math.exp(row[identity]) / sum(math.exp(value) for value in row)
        total -= 0.7 * (1 - probability) ** 1.5 * math.log(probability)
    assert float(Focal(alpha=0.7, gamma=1.5)(logits, identities)) == pytest.approx(total / 6, rel=1e-12)


def test_focal_without_gamma_is_alpha_times_cross_entropy():
    logits, identities = (
        torch.randn(4, 3, generator=torch.Generator().manual_seed(0)),
        torch.tensor([0, 1, 2, 0]),
    )
    torch.testing.assert_close(
        Focal(alpha=0.25, gamma=0.0)(logits, identities), 0.25 * F.cross_entropy(logits, identities)
    )


@pytest.mark.parametrize("gamma", [-1.0, 0.5, float("nan")])
def test_focal_gamma_out_of_range_is_refused(gamma: float):
    with pytest.raises(CatalogError, match=rf"^Focal gamma is out of range, got {gamma}\. Expected 0, or"):
        Focal(gamma=gamma)


@pytest.mark.parametrize("alpha", [0.0, -1.0, float("nan")])
def test_focal_alpha_out_of_range_is_refused(alpha: float):
    with pytest.raises(CatalogError, match=rf"^Focal alpha is out of range, got {alpha}\. Expected above 0"):
        Focal(alpha=alpha)
