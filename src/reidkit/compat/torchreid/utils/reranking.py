"""Torchreid's re-ranking of ready distance matrices."""

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from reidkit.core.errors import ShapeError
from reidkit.metrics.neighbours import ReadyGaps
from reidkit.metrics.reranking.k_reciprocal import rerank_gaps


def re_ranking(
    q_g_dist: ArrayLike,
    q_q_dist: ArrayLike,
    g_g_dist: ArrayLike,
    k1: int = 20,
    k2: int = 6,
    lambda_value: float = 0.3,
) -> NDArray[np.float32]:
    """Re-rank by k-reciprocal neighbours.

    The matrix of all distances is built, as it is given; `reidkit.metrics.reranking.k_reciprocal` takes
    descriptors instead and needs a small part of the memory.

    Args:
        q_g_dist: Distances (Q, G).
        q_q_dist: Distances (Q, Q).
        g_g_dist: Distances (G, G).
        k1: Size of the neighbourhood.
        k2: Neighbours over which descriptions are averaged.
        lambda_value: Share of the original distance in the result.

    Returns:
        (Q, G).

    Raises:
        ShapeError: the matrices do not fit together.
    """
    between, queries, gallery = (
        torch.as_tensor(np.asarray(matrix), dtype=torch.float32) for matrix in (q_g_dist, q_q_dist, g_g_dist)
    )
    num_queries, num_gallery = between.shape
    if queries.shape != (num_queries, num_queries) or gallery.shape != (num_gallery, num_gallery):
        raise ShapeError(
            f"Distance matrices do not fit together, got {tuple(between.shape)}, {tuple(queries.shape)} and "
            f"{tuple(gallery.shape)}. Expected (Q, G), (Q, Q) and (G, G)."
        )
    joined = torch.cat([torch.cat([queries, between], 1), torch.cat([between.T, gallery], 1)])
    reranked = rerank_gaps(
        ReadyGaps(joined), num_queries, k1=k1, k2=k2, distance_weight=lambda_value, variant="classic"
    )
    return reranked.matrix().astype(np.float32)
