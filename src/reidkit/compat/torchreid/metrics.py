"""Torchreid's metrics, by its names and arguments."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from reidkit.core.distance import check_distance, pairwise_distance
from reidkit.core.errors import ShapeError
from reidkit.core.types import Protocol
from reidkit.metrics.labels import Labels
from reidkit.metrics.protocols import find_protocol
from reidkit.metrics.ranking import rank_distances


def compute_distance_matrix(input1: Tensor, input2: Tensor, metric: str = "euclidean") -> Tensor:
    """Return the distance from each row of one matrix to each row of another.

    Args:
        input1: (M, D).
        input2: (N, D).
        metric: "euclidean", which is the squared distance as in Torchreid, or "cosine".

    Returns:
        (M, N).

    Raises:
        CatalogError: an unknown metric.
        ShapeError: the shapes do not fit.

    Differs:
        Never negative; Torchreid's squared distances of equal rows come out between -0.035 and 0.025.
    """
    check_distance(metric)
    distance = cosine_distance if metric == "cosine" else euclidean_squared_distance
    return distance(input1, input2)


def euclidean_squared_distance(input1: Tensor, input2: Tensor) -> Tensor:
    """Return squared L2 distances (M, N)."""
    return pairwise_distance(input1, input2, distance="euclidean").square()


def cosine_distance(input1: Tensor, input2: Tensor) -> Tensor:
    """Return 1 - cosine (M, N)."""
    return pairwise_distance(input1, input2, distance="cosine")


def accuracy(output: Tensor | Sequence[Tensor], target: Tensor, topk: Sequence[int] = (1,)) -> list[Tensor]:
    """Return for each k the percentage of rows whose label is among the k largest logits.

    Args:
        output: (B, C) logits; of several branches the first counts.
        target: (B,) labels.
        topk: Each k.
    """
    logits = output if isinstance(output, Tensor) else output[0]
    order = logits.topk(max(topk), dim=1).indices
    is_right = order == target[:, None]
    return [is_right[:, :k].any(1).float().mean().mul(100).reshape(1) for k in topk]


def evaluate_rank(
    distmat: ArrayLike,
    q_pids: ArrayLike,
    g_pids: ArrayLike,
    q_camids: ArrayLike,
    g_camids: ArrayLike,
    max_rank: int = 50,
    use_metric_cuhk03: bool = False,
    use_cython: bool = True,
) -> tuple[NDArray[np.float64], float]:
    """Return the CMC curve and mAP of a distance matrix.

    Args:
        distmat: (Q, G); smaller is more alike.
        q_pids: Identity of each query.
        g_pids: Identity of each gallery image.
        q_camids: Camera of each query.
        g_camids: Camera of each gallery image.
        max_rank: Length of the curve, which ends with the gallery.
        use_metric_cuhk03: Whether to draw galleries of one image per identity for the curve.
        use_cython: Not used.

    Raises:
        ShapeError: shapes do not fit.
        EvaluationError: no query has a match.

    Differs:
        Equal distances rank by gallery order; Torchreid's order depends on the processor. The curve never
        falls; that of Torchreid's compiled metric may. The draws of the single-shot curve have a seed.
    """
    del use_cython
    distances = np.asarray(distmat.cpu() if isinstance(distmat, Tensor) else distmat)
    if distances.ndim != 2:
        raise ShapeError(f"Distance matrix has a wrong form, got {distances.shape}. Expected (Q, G).")
    if not np.issubdtype(distances.dtype, np.floating):
        distances = distances.astype(np.float64)
    scores = rank_distances(
        distances,
        Labels(np.asarray(q_pids).tolist(), np.asarray(q_camids).tolist()),
        Labels(np.asarray(g_pids).tolist(), np.asarray(g_camids).tolist()),
        protocol_of(use_metric_cuhk03),
        max_rank=min(max_rank, distances.shape[1]),
    )
    return scores.cmc, scores.mean_ap


def protocol_of(use_metric_cuhk03: bool, metric: str = "euclidean") -> Protocol:
    """Return the protocol that Torchreid's arguments ask for; squared and plain distances rank alike."""
    check_distance(metric)
    name = "cuhk03-single-shot" if use_metric_cuhk03 else "market1501"
    return replace(find_protocol(name), distance=metric)  # type: ignore[arg-type]
