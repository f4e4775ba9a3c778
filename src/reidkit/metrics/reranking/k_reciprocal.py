"""Re-ranking by k-reciprocal encoding, without a matrix of all images by all images.

Each image is described by those that have it among their neighbours as it has them. Two images are near
where these descriptions overlap. A description has some dozens of entries, so they are kept sparse, and
only images that share an entry are compared.
"""

from typing import Literal, get_args

import torch
from torch import Tensor

from reidkit.core.errors import CatalogError
from reidkit.core.types import ReportProgress
from reidkit.metrics.blocks import BLOCK_BYTES
from reidkit.metrics.neighbours import GapName, Gaps, Neighbours, find_neighbours, join_sides
from reidkit.metrics.reranking.reranked import RerankedDistances, check_counts, check_share
from reidkit.metrics.sparse_rows import SparseRows, combine_rows, join_rows, match_rows, sum_entries

Variant = Literal["classic", "fastreid"]

STEP_ROWS = 2048
"""Rows whose neighbours' neighbours are looked at in one step."""


def k_reciprocal(
    query: Tensor,
    gallery: Tensor,
    *,
    distance: GapName = "cosine",
    k1: int = 20,
    k2: int = 6,
    distance_weight: float = 0.3,
    variant: Variant = "classic",
    report: ReportProgress | None = None,
) -> RerankedDistances:
    """Re-rank by the overlap of reciprocal neighbourhoods.

    Queries and gallery are neighbours of each other, so the result for a query depends on the other
    queries too: it is an evaluation of a closed set, not what a single search would find.

    Args:
        query: (Q, D) float, raw.
        gallery: (G, D) float, of the same dtype and device.
        distance: Between descriptors.
        k1: Size of the neighbourhood.
        k2: Neighbours over which descriptions are averaged; 1 leaves them as they are.
        distance_weight: Share of the original distance in the result (lambda), 0 to 1.
        variant: "classic" takes k1 neighbours besides the image itself, weighs them by exp(-d) of its
            squared distance over the largest of the row, and adds that scaled distance. "fastreid" takes
            k1 with the image itself, weighs by a softmax of the negative squared distance, and adds the
            plain distance. Their results differ by up to 0.2.
        report: Called with (rows done, rows in all) while neighbours are searched.

    Returns:
        Distances, computed a block of queries at a time. Of equal distances to a k-th neighbour it is
        left open which counts.

    Raises:
        ShapeError: shapes or types do not fit.
        EvaluationError: a descriptor is not finite.
        CatalogError: a value out of range, or an unknown distance or variant.

    Reference:
        Zhong, Zheng, Cao, Li, "Re-ranking Person Re-identification with k-reciprocal Encoding", CVPR 2017,
        equations 1 to 12.

    Differs:
        The paper weighs by exp(-d); the classic program by exp(-d^2 / max d^2), and so do we under
        "classic". Torchreid's "euclidean" is our "squared-euclidean".
    """
    check_counts(k1=k1, k2=k2)
    check_share("distance_weight", distance_weight)
    if variant not in get_args(Variant):
        raise CatalogError(
            f"Unknown variant '{variant}' of k-reciprocal. Known: {', '.join(get_args(Variant))}."
        )
    gaps = Gaps(join_sides(query, gallery), distance)
    return rerank_gaps(
        gaps, len(query), k1=k1, k2=k2, distance_weight=distance_weight, variant=variant, report=report
    )


def rerank_gaps(
    gaps: Gaps,
    num_queries: int,
    *,
    k1: int,
    k2: int,
    distance_weight: float,
    variant: Variant,
    report: ReportProgress | None = None,
) -> RerankedDistances:
    """Re-rank by gaps of any origin; see `k_reciprocal`.

    Args:
        gaps: Between queries and gallery, as one, the queries first.
        num_queries: How many of them are queries.
        k1: Size of the neighbourhood.
        k2: Neighbours over which descriptions are averaged.
        distance_weight: Share of the original distance in the result.
        variant: Whose rules.
        report: Called with (rows done, rows in all).
    """
    size = k1 + 1 if variant == "classic" else k1
    neighbours = find_neighbours(gaps, max(size, k2), report=report)
    scale = _Scale(gaps.distance, variant, neighbours.farthest)
    descriptions = _describe(gaps, neighbours, scale, size, round(k1 / 2) + 1)
    if k2 > 1:
        near = neighbours.rows[:, :k2]
        weights = torch.full(near.shape, 1 / near.shape[1], device=near.device, dtype=gaps.rows.dtype)
        descriptions = combine_rows(descriptions, near, weights)
    by_column = descriptions.part(slice(num_queries, None)).transposed()
    of_queries = descriptions.part(slice(0, num_queries))

    def compute(rows: slice) -> Tensor:
        overlap = match_rows(of_queries.part(rows), by_column, torch.minimum)
        # 1 - s / (2 - s), of which rounding must not make less than 0.
        jaccard = overlap.div_(2 - overlap).neg_().add_(1).clamp_min_(0)
        own = gaps.as_gaps(gaps.keys(rows, slice(num_queries, None)), rows)
        return jaccard.mul_(1 - distance_weight).add_(scale.distance(own, rows), alpha=distance_weight)

    text = f"k_reciprocal(variant={variant}, k1={k1}, k2={k2}, distance_weight={distance_weight:g})"
    return RerankedDistances(num_queries, len(gaps) - num_queries, compute, text)


class _Scale:
    """How a variant turns gaps into weights of neighbours, and into the distance that it adds.

    Args:
        distance: Between descriptors.
        variant: Whose rules.
        farthest: (N,) the largest gap of each row.
    """

    def __init__(self, distance: str, variant: Variant, farthest: Tensor) -> None:
        self._is_classic = variant == "classic"
        # A gap is a squared distance for "euclidean", and a plain one otherwise.
        self._is_squared = distance == "euclidean"
        # On unit rows a squared Euclidean distance is twice the cosine distance.
        self._factor = 2.0 if distance == "cosine" else 1.0
        self._farthest = torch.where(farthest > 0, farthest, 1)  # all images are equal: all are at 0

    def exponent(self, gaps: Tensor, rows: Tensor) -> Tensor:
        """Return what goes into exp(-x) for the gaps of these rows, (P,) and (P,) -> (P,)."""
        return self._relative(gaps, self._farthest[rows]) if self._is_classic else gaps * self._factor

    def distance(self, gaps: Tensor, rows: slice) -> Tensor:
        """Return the distances of some rows, (B, G) -> (B, G), in place."""
        if self._is_classic:
            return self._relative(gaps, self._farthest[rows, None])
        return gaps.sqrt_() if self._is_squared else gaps

    def _relative(self, gaps: Tensor, farthest: Tensor) -> Tensor:
        gaps = gaps.div_(farthest)
        return gaps if self._is_squared else gaps.square_()


def _describe(gaps: Gaps, neighbours: Neighbours, scale: _Scale, size: int, half: int) -> SparseRows:
    """Return the weights (N, N) of the expanded reciprocal neighbours of each row; each row sums to 1."""
    count = len(gaps)
    near = neighbours.rows[:, :size]
    is_mutual = _find_mutual(near)
    half_near = near[:, :half]
    half_sets = torch.where(_find_mutual(half_near), half_near, count)
    parts = []
    for start in range(0, count, STEP_ROWS):
        rows = slice(start, min(start + STEP_ROWS, count))
        own = torch.where(is_mutual[rows], near[rows], count)
        chosen = _expand(own, half_sets)
        sets = sum_entries(chosen, torch.zeros_like(chosen, dtype=gaps.rows.dtype), count)
        numbers = sets.row_numbers()
        exponent = scale.exponent(gaps.of_pairs(numbers + start, sets.columns), numbers + start)
        weights = exponent.neg_().exp_()
        sums = weights.new_zeros(len(sets)).index_add_(0, numbers, weights)
        parts.append(SparseRows(sets.starts, sets.columns, weights / sums[numbers], count))
    return join_rows(parts)


def estimate_bytes(num_queries: int, num_gallery: int, dim: int, *, k1: int = 20, k2: int = 6) -> int:
    """Return about how much memory `k_reciprocal` will take beside its input, in bytes, for float32.

    Args:
        num_queries: Q.
        num_gallery: G.
        dim: Numbers per descriptor.
        k1: Size of the neighbourhood.
        k2: Neighbours over which descriptions are averaged.
    """
    count = num_queries + num_gallery
    copies = 2 * 4 * dim  # queries and gallery as one, and the unit rows
    near = 2 * 12 * max(k1 + 1, k2)
    # An entry is a column and a value, kept by rows and by columns; at worst no two of k2 lists share one.
    entries = 2 * 12 * k1 * k2
    return count * (copies + near + entries) + 3 * max(BLOCK_BYTES, 4 * num_gallery)


def _find_mutual(near: Tensor) -> Tensor:
    """Say which neighbours (N, k) have the row among their own k."""
    numbers = torch.arange(len(near), device=near.device)
    parts = [
        (near[neighbours] == rows[:, None, None]).any(2)
        for neighbours, rows in zip(
            torch.split(near, STEP_ROWS), torch.split(numbers, STEP_ROWS), strict=True
        )
    ]
    return torch.cat(parts)


def _expand(own: Tensor, half_sets: Tensor) -> Tensor:
    """Add the half-size set of each mutual neighbour that shares more than two thirds with the own set.

    Args:
        own: (B, k) mutual neighbours; N stands for none.
        half_sets: (N, h) the mutual neighbours of every row at half the size; N stands for none.

    Returns:
        (B, k + k * h) row numbers, some of them several times; N stands for none.
    """
    count = len(half_sets)
    sets = half_sets[own.clamp_max(count - 1)]
    is_there = (sets < count) & (own < count)[..., None]
    is_shared = torch.zeros_like(is_there)
    for column in own.T:  # one after the other, so that no (B, k, h, k) is held
        is_shared |= sets == column[:, None, None]
    shared, sizes = (is_shared & is_there).sum(2), is_there.sum(2)
    is_added = (3 * shared > 2 * sizes)[..., None] & is_there
    return torch.cat([own, torch.where(is_added, sets, count).flatten(1)], dim=1)
