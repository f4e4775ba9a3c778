"""Distances between feature maps instead of descriptors, for images of which parts are hidden.

They cost far more than a distance between descriptors, so they are for the nearest candidates of a query.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from reidkit.core.distance import normalize
from reidkit.core.errors import CatalogError, EvaluationError, ShapeError

RIDGE = 0.001
"""Weight of the penalty on the coefficients of a reconstruction, as published."""


def spatial_features(maps: Tensor) -> Tensor:
    """Return the features of every location of maps (B, C, h, w) as columns (B, C, h * w).

    Raises:
        ShapeError: not a floating (B, C, h, w) tensor.
    """
    if maps.ndim != 4 or 0 in maps.shape or not maps.is_floating_point():
        raise ShapeError(
            f"Feature maps have a wrong form, got {maps.dtype} of shape {tuple(maps.shape)}. Expected "
            f"floating (B, C, h, w)."
        )
    return maps.flatten(2)


def spatial_reconstruction(
    query: Tensor, candidates: Tensor, *, weights: Tensor | None = None, ridge: float = RIDGE
) -> Tensor:
    """Return how badly the locations of each candidate reconstruct those of the query.

    A location of the query that is visible in the candidate is a combination of its locations, wherever
    they are; so images need not be aligned, nor show the same part.

    Args:
        query: (C, N) features of the locations of one query.
        candidates: (K, C, M) of some gallery images.
        weights: (N,) how much each location of the query counts; None weighs all alike, with sum 1.
        ridge: Penalty on the coefficients, more than 0.

    Returns:
        (K,) weighted sum of the lengths of the residuals, of locations scaled to unit length.

    Raises:
        ShapeError: shapes do not fit.
        EvaluationError: a feature is not finite.
        CatalogError: the ridge is not positive.

    Reference:
        He, Liang, Li, Sun, "Deep Spatial Feature Reconstruction for Partial Person Re-identification:
        Alignment-free Approach", CVPR 2018.
    """
    _check(query, candidates)
    if ridge <= 0:
        raise CatalogError(f"Ridge is out of range, got {ridge}. Expected more than 0, such as {RIDGE}.")
    count = query.shape[1]
    if weights is None:
        weights = query.new_full((count,), 1 / count)
    if weights.shape != (count,):
        raise ShapeError(f"Weights have a wrong shape, got {tuple(weights.shape)}. Expected ({count},).")
    rows, others = normalize(query.T), torch.nn.functional.normalize(candidates, dim=1)
    inner = others.transpose(1, 2) @ others
    inner.diagonal(dim1=1, dim2=2).add_(ridge)
    coefficients = torch.linalg.solve(inner, others.transpose(1, 2) @ rows.T)
    lengths = torch.linalg.vector_norm(others @ coefficients - rows.T, dim=1)
    return torch.mv(lengths, weights)


def max_matching(query: Tensor, candidates: Tensor) -> Tensor:
    """Return 1 - the mean, over the locations of the query, of the best cosine in each candidate.

    Args:
        query: (C, N) features of the locations of one query.
        candidates: (K, C, M) of some gallery images.

    Returns:
        (K,) from 0, where every location has its like, to 2.

    Raises:
        ShapeError: shapes do not fit.
        EvaluationError: a feature is not finite.

    Reference:
        He, Liao, Liu, Liu, Cheng, Mei, "FastReID: A Pytorch Toolbox for General Instance Re-identification",
        2020, section 5.1, where it describes deep spatial reconstruction.

    Differs:
        The paper sums the scores; the mean does not depend on the size of the map, and smaller is more alike.
    """
    _check(query, candidates)
    cosines = normalize(query.T) @ torch.nn.functional.normalize(candidates, dim=1)
    return (1 - cosines.amax(2).mean(1)).clamp(0, 2)


def _check(query: Tensor, candidates: Tensor) -> None:
    if query.ndim != 2 or candidates.ndim != 3 or candidates.shape[1] != query.shape[0]:
        raise ShapeError(
            f"Locations do not fit, got query {tuple(query.shape)} and candidates "
            f"{tuple(candidates.shape)}. Expected (C, N) and (K, C, M)."
        )
    if not bool(query.isfinite().all() and candidates.isfinite().all()):
        raise EvaluationError("Feature maps are not finite. Expected numbers. Check the images.")


LOCAL_MATCHERS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "dsr": spatial_reconstruction,
    "max_matching": max_matching,
}
"""By name: a distance between the locations of one query (C, N) and those of candidates (K, C, M)."""
