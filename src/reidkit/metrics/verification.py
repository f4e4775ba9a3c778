"""Pairs instead of rankings: how far apart are images of the same and of different individuals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from reidkit.core.errors import EvaluationError
from reidkit.core.types import Protocol, Threshold
from reidkit.metrics.blocks import DescriptorBlocks
from reidkit.metrics.labels import Labels
from reidkit.metrics.matches import make_index
from reidkit.metrics.open_set import NearestDistances, nearest_of_row

NUM_BINS = 2000


@dataclass(frozen=True, eq=False)
class PairDistances:
    """Histograms of the distances of all query-gallery pairs that count.

    Args:
        edges: (B + 1,) ascending, from 0.
        genuine: (B,) pairs of the same individual per bin; a bin holds its upper edge.
        impostor: (B,) pairs of different individuals per bin.
    """

    edges: NDArray[np.float64]
    genuine: NDArray[np.int64]
    impostor: NDArray[np.int64]


def pair_distances(
    query_descriptors: Tensor,
    gallery_descriptors: Tensor,
    query: Labels,
    gallery: Labels,
    protocol: Protocol,
    *,
    num_bins: int = NUM_BINS,
) -> PairDistances:
    """Count the distances of all pairs, a block of queries at a time.

    Rows that the protocol ignores for a query make no pair with it.

    Args:
        query_descriptors: (Q, D) float.
        gallery_descriptors: (G, D) float.
        query: Labels of the queries.
        gallery: Labels of the gallery.
        protocol: Says which rows are right and which do not count.
        num_bins: Number B of bins, over [0, 2] for cosine, else up to the largest possible distance.

    Raises:
        ShapeError: shapes or types do not fit.
        EvaluationError: descriptors are not finite.
    """
    return pairs_and_nearest(
        query_descriptors, gallery_descriptors, query, gallery, protocol, num_bins=num_bins
    )[0]


def pairs_and_nearest(
    query_descriptors: Tensor,
    gallery_descriptors: Tensor,
    query: Labels,
    gallery: Labels,
    protocol: Protocol,
    *,
    num_bins: int = NUM_BINS,
) -> tuple[PairDistances, NearestDistances]:
    """Count the distances of all pairs, and find the nearest of each query, in one pass.

    The arguments are those of `pair_distances`.

    Raises:
        ShapeError: shapes or types do not fit.
        EvaluationError: descriptors are not finite.
    """
    blocks = DescriptorBlocks(query_descriptors, gallery_descriptors, protocol.distance)
    index = make_index(query, gallery, protocol, blocks.shape)
    top = 2.0
    if protocol.distance != "cosine":
        # In float64: half precision would overflow here.
        both = (query_descriptors, gallery_descriptors)
        top = sum(float(rows.detach().double().norm(dim=1).max()) for rows in both) or 1.0
        top = top**2 if protocol.distance == "squared-euclidean" else top
    edges = np.linspace(0, top, num_bins + 1)
    genuine, impostor = np.zeros(num_bins, np.int64), np.zeros(num_bins, np.int64)
    nearest = np.full((2, len(query)), np.inf)
    for rows in blocks.row_slices():
        for number, distances in enumerate(blocks.distances(rows), start=rows.start):
            # A bin holds its upper edge: who accepts up to an edge accepts the bins below it, and no other.
            # In float64, or a distance just above an edge could round down to it.
            bins = np.ceil(distances.astype(np.float64) * (num_bins / top)).astype(np.int64) - 1
            bins = bins.clip(0, num_bins - 1)
            matches = index.matches(number)
            genuine += np.bincount(bins[matches.positives], minlength=num_bins)
            impostor += np.bincount(bins, minlength=num_bins)
            impostor -= np.bincount(bins[matches.ignored], minlength=num_bins)
            nearest[:, number] = nearest_of_row(distances, matches)  # last: it changes the row
    pairs = PairDistances(edges, genuine=genuine, impostor=impostor - genuine)
    return pairs, NearestDistances(nearest[0], nearest[1])


def thresholds_at(
    pairs: PairDistances, false_accept_rates: tuple[float, ...] = (0.1, 0.01, 0.001)
) -> list[Threshold]:
    """Return the largest thresholds that keep the share of wrongly accepted pairs at each rate.

    Thresholds are bin edges, so they err on the safe side by up to a bin. A rate is left out that cannot
    be measured, being below one over the number of impostor pairs, or that no threshold keeps, since too
    many impostors lie in the nearest bin.

    Raises:
        EvaluationError: there are no genuine or no impostor pairs.
    """
    num_genuine, num_impostor = int(pairs.genuine.sum()), int(pairs.impostor.sum())
    if num_genuine == 0 or num_impostor == 0:
        raise EvaluationError(
            f"Thresholds need pairs of both kinds, got {num_genuine} genuine and {num_impostor} impostor "
            f"pairs. Expected at least one of each. Add images of further individuals."
        )
    accepted_impostor = pairs.impostor.cumsum() / num_impostor
    accepted_genuine = pairs.genuine.cumsum() / num_genuine
    thresholds = []
    for rate in false_accept_rates:
        if rate < 1 / num_impostor:
            continue
        below = np.flatnonzero(accepted_impostor <= rate)
        if not len(below):  # the nearest bin alone holds too many impostors: no threshold keeps the rate
            continue
        last = int(below[-1])
        thresholds.append(
            Threshold(
                distance=float(pairs.edges[last + 1]),
                false_accept_rate=float(accepted_impostor[last]),
                true_accept_rate=float(accepted_genuine[last]),
            )
        )
    return thresholds
