"""Re-ranking by passing neighbourhoods along a graph of neighbours, with sparse rows."""

import torch
from torch import Tensor

from reidkit.core.errors import CatalogError
from reidkit.core.types import ReportProgress
from reidkit.metrics.blocks import BLOCK_BYTES
from reidkit.metrics.neighbours import Gaps, find_neighbours, join_sides
from reidkit.metrics.reranking.reranked import RerankedDistances, check_counts, check_share
from reidkit.metrics.sparse_rows import SparseRows, combine_rows, join_rows, match_rows

ENTRY_BYTES = 48
"""What an entry of the lists takes while they are turned and scaled, as measured."""


def graph(
    query: Tensor,
    gallery: Tensor,
    *,
    k1: int = 26,
    k2: int = 7,
    distance_weight: float = 0.3,
    alpha: float = 2.0,
    rounds: int = 2,
    report: ReportProgress | None = None,
) -> RerankedDistances:
    """Re-rank by what a graph neural network without learned weights makes of the neighbours.

    Each image starts as the list of its k1 nearest. In each round it also takes up who lists it, and then
    becomes the sum over its k2 nearest, weighted by their similarity to a power. Images are near whose
    lists point the same way. Works on the CPU and on CUDA, without an extension to be compiled.

    Args:
        query: (Q, D) float, raw; the cosine is taken whatever distance a protocol names.
        gallery: (G, D) float, of the same dtype and device.
        k1: Length of the first lists.
        k2: Neighbours that are summed in each round; 1 leaves the lists as they are.
        distance_weight: Share of the cosine in the result (lambda), 0 to 1.
        alpha: Power of the similarities.
        rounds: How often.
        report: Called with (rows done, rows in all) while neighbours are searched.

    Returns:
        1 - score: 0 for images whose lists and descriptors are alike, at most 1 + ``distance_weight``.

    Raises:
        ShapeError: shapes or types do not fit.
        EvaluationError: a descriptor is not finite.
        CatalogError: a value out of range.

    Reference:
        Zhang, Jiang, Wang, Wang, Zhao, Wang, "Understanding Image Retrieval Re-Ranking: A Graph Neural
        Network Perspective", arXiv 2012.07620, 2020.

    Differs:
        Lists are scaled to unit length also where they are not passed along (k2 = 1), and negative
        similarities weigh nothing.
    """
    check_counts(k1=k1, k2=k2)
    check_share("distance_weight", distance_weight)
    if rounds < 0 or alpha < 0:
        raise CatalogError(
            f"Rounds and power of the graph are out of range, got {rounds} and {alpha}. Expected 0 or more."
        )
    gaps = Gaps(join_sides(query, gallery), "cosine")
    near = find_neighbours(gaps, max(k1, k2), report=report)
    lists = _unit_rows(_first_lists(near.rows[:, :k1], gaps.rows.dtype))
    if k2 > 1 and rounds:
        lists = _first_lists(near.rows[:, :k1], gaps.rows.dtype)
        weights = (1 - near.gaps[:, :k2]).clamp_min(0) ** alpha
        for _ in range(rounds):
            lists = _unit_rows(combine_rows(_add_transposed(lists), near.rows[:, :k2], weights))
    num_queries = len(query)
    by_column = lists.part(slice(num_queries, None)).transposed()
    of_queries = lists.part(slice(0, num_queries))

    def compute(rows: slice) -> Tensor:
        score = match_rows(of_queries.part(rows), by_column, torch.mul).mul_(1 - distance_weight)
        cosine = gaps.keys(rows, slice(num_queries, None)).neg_()
        return score.add_(cosine, alpha=distance_weight).neg_().add_(1).clamp_min_(0)

    text = f"graph(k1={k1}, k2={k2}, distance_weight={distance_weight:g}, alpha={alpha:g}, rounds={rounds})"
    return RerankedDistances(num_queries, len(gallery), compute, text)


def estimate_graph_bytes(
    num_queries: int, num_gallery: int, dim: int, *, k1: int = 26, k2: int = 7, rounds: int = 2
) -> tuple[int, int]:
    """Return about how much memory `graph` takes beside its input, in bytes, for float32.

    It depends on the data: on how many neighbours the neighbours have in common.

    Args:
        num_queries: Q.
        num_gallery: G.
        dim: Numbers per descriptor.
        k1: Length of the first lists.
        k2: Neighbours that are summed in each round.
        rounds: How often.

    Returns:
        Where neighbours share most of theirs, and where they share none.
    """
    count = num_queries + num_gallery
    steps = rounds if k2 > 1 else 0
    typical, worst = (k1 * k2 if steps else k1), k1 * (2 * k2) ** steps
    fixed = count * (2 * 4 * dim + 2 * 12 * max(k1, k2)) + 3 * max(BLOCK_BYTES, 4 * num_gallery)
    few, many = (fixed + ENTRY_BYTES * count * min(count, entries) for entries in (typical, worst))
    return min(few, many), many


def _first_lists(near: Tensor, dtype: torch.dtype) -> SparseRows:
    count, k = near.shape
    starts = torch.arange(0, count * k + 1, k, device=near.device)
    columns = near.sort(dim=1).values.flatten()
    return SparseRows(starts, columns, torch.ones(count * k, dtype=dtype, device=near.device), count)


def _add_transposed(lists: SparseRows) -> SparseRows:
    """Return the sum of a square matrix and its transpose."""
    numbers = torch.arange(len(lists), device=lists.starts.device)
    both = torch.stack([numbers, numbers + len(lists)], dim=1)
    ones = torch.ones(both.shape, dtype=lists.values.dtype, device=numbers.device)
    return combine_rows(join_rows([lists, lists.transposed()]), both, ones)


def _unit_rows(lists: SparseRows) -> SparseRows:
    numbers = lists.row_numbers()
    squares = lists.values.new_zeros(len(lists)).index_add_(0, numbers, lists.values.square())
    lengths = squares.sqrt().clamp_min(1e-12)
    return SparseRows(lists.starts, lists.columns, lists.values / lengths[numbers], lists.num_columns)
