"""Distances between descriptors: the only score inside reidkit, smaller is more alike."""

from typing import get_args

from torch import Tensor
from torch.nn import functional as F

from reidkit.core.errors import CatalogError, ShapeError
from reidkit.core.types import DistanceName


def normalize(descriptors: Tensor) -> Tensor:
    """Scale each row to unit L2 length; a row of zeros stays zeros.

    Args:
        descriptors: (N, D) float.
    """
    return F.normalize(descriptors, dim=1, eps=1e-12)


def check_distance(distance: str) -> None:
    """Refuse a distance of another name.

    Raises:
        CatalogError: it is unknown.
    """
    if distance not in get_args(DistanceName):
        raise CatalogError(f"Unknown distance '{distance}'. Known: {', '.join(get_args(DistanceName))}.")


def pairwise_distance(query: Tensor, gallery: Tensor, *, distance: DistanceName = "cosine") -> Tensor:
    """Return the distance from each query descriptor to each gallery descriptor.

    The whole (Q, G) matrix is built: for a few pairs, or for a batch. An evaluation streams instead
    (`reidkit.metrics.ranking`).

    Args:
        query: (Q, D) float, one descriptor per row.
        gallery: (G, D) float, same D, dtype and device as ``query``.
        distance: "cosine" is 1 - cosine, in [0, 2]; "euclidean" is L2 in descriptor units, and
            "squared-euclidean" its square.

    Returns:
        (Q, G) float; smaller is more alike, never negative, a cosine distance never above 2.

    Raises:
        ShapeError: an input is not 2-D, or D differs.
        CatalogError: another distance.

    Example:
        >>> import torch
        >>> pairwise_distance(torch.eye(2), torch.eye(2))
        tensor([[0., 1.],
                [1., 0.]])
    """
    check_distance(distance)
    if query.ndim != 2 or gallery.ndim != 2 or query.shape[1] != gallery.shape[1]:
        raise ShapeError(
            f"Descriptors do not fit, got query {tuple(query.shape)} and gallery {tuple(gallery.shape)}. "
            f"Expected (Q, D) and (G, D)."
        )
    if distance == "cosine":
        return (1 - normalize(query) @ normalize(gallery).T).clamp(0, 2)
    squared = query.square().sum(1, keepdim=True) + gallery.square().sum(1) - 2 * query @ gallery.T
    squared = squared.clamp_min(0)
    return squared if distance == "squared-euclidean" else squared.sqrt()
