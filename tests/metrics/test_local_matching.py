"""Local matching against FastReID 1.3, hand arithmetic and loops."""

from pathlib import Path

import numpy as np
import pytest
import torch

from reidkit.core.errors import CatalogError, EvaluationError, ShapeError
from reidkit.metrics.local_matching import RIDGE, max_matching, spatial_features, spatial_reconstruction

STORED = np.load(Path(__file__).parents[1] / "golden" / "fastreid" / "dsr.npz")
QUERY, GALLERY, WEIGHTS, THEIRS = (
    torch.from_numpy(STORED[key]) for key in ("query", "gallery", "scores", "dsr_dist")
)


def by_inverse() -> torch.Tensor:
    """Reconstruct with the inverse of a matrix, as FastReID does, but in float64."""
    query, gallery, weights = QUERY.double(), GALLERY.double(), WEIGHTS.double()
    found = []
    for one in gallery:
        inverse = torch.linalg.inv(one.T @ one + RIDGE * torch.eye(one.shape[1]).double()) @ one.T
        found.append((one @ (inverse @ query) - query).norm(dim=0) @ weights)
    return torch.stack(found)


def test_reconstruction_is_that_of_fastreid_without_its_rounding():
    assert len(THEIRS) == 7
    exact = by_inverse()
    # What FastReID stores is the float32 inverse of a badly conditioned matrix: some 9 to 15 % too much.
    excess = THEIRS / exact - 1
    assert ((excess > 0.05) & (excess < 0.2)).all()
    ours = spatial_reconstruction(QUERY.double(), GALLERY.double(), weights=WEIGHTS.double())
    torch.testing.assert_close(ours, exact, rtol=1e-5, atol=0)


def test_reconstruction_ignores_order_and_finds_parts():
    generator = torch.Generator().manual_seed(0)
    whole, other = torch.randn(2, 32, 6, generator=generator, dtype=torch.float64)
    candidates = torch.stack([whole.flip(1), other])
    same, different = spatial_reconstruction(whole[:, :3], candidates).tolist()
    assert same < 0.01 < different


def test_max_matching_is_a_loop_over_locations():
    generator = torch.Generator().manual_seed(1)
    query, candidates = torch.randn(5, 4, generator=generator), torch.randn(3, 5, 7, generator=generator)
    for number, found in enumerate(max_matching(query, candidates).tolist()):
        best = [
            max(float(torch.cosine_similarity(one, other, dim=0)) for other in candidates[number].T)
            for one in query.T
        ]
        assert found == pytest.approx(1 - sum(best) / 4, abs=1e-6)
    assert max_matching(query, query[None]).item() == pytest.approx(0, abs=1e-6)


def test_locations_are_the_columns_of_a_map():
    maps = torch.arange(24.0).reshape(1, 2, 3, 4)
    assert spatial_features(maps)[0, 1].tolist() == list(range(12, 24))


def test_bad_input_is_refused():
    with pytest.raises(
        ShapeError, match=r"^Feature maps have a wrong form, got torch\.float32 of shape \(2, 3\)"
    ):
        spatial_features(torch.ones(2, 3))
    with pytest.raises(
        ShapeError, match=r"^Locations do not fit, got query \(5, 2\) and candidates \(1, 4, 2\)"
    ):
        max_matching(torch.ones(5, 2), torch.ones(1, 4, 2))
    with pytest.raises(ShapeError, match=r"^Weights have a wrong shape, got \(3,\)\. Expected \(2,\)"):
        spatial_reconstruction(torch.ones(5, 2), torch.ones(1, 5, 2), weights=torch.ones(3))
    with pytest.raises(CatalogError, match=r"^Ridge is out of range, got 0"):
        spatial_reconstruction(torch.ones(5, 2), torch.ones(1, 5, 2), ridge=0)
    with pytest.raises(EvaluationError, match=r"^Feature maps are not finite"):
        max_matching(torch.full((5, 2), torch.nan), torch.ones(1, 5, 2))
