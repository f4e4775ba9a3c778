"""Rank a gallery for every query and score the ranking, exactly and without a query x gallery matrix.

Average precision, CMC and inverse negative penalty depend only on the ranks of the right gallery images.
The rank of one is found by counting what is nearer, and no more than a block of rows is held.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reidkit.core.distance import normalize
from reidkit.core.errors import EvaluationError, ShapeError
from reidkit.core.types import Protocol, ReportProgress
from reidkit.metrics.blocks import DescriptorBlocks, KeyBlocks, Keys, cut_rows
from reidkit.metrics.counting import count_before, count_before_on_device
from reidkit.metrics.labels import Labels
from reidkit.metrics.matches import BlockMatches, GalleryIndex, Rows, make_index
from reidkit.metrics.scores import RetrievalScores
from reidkit.metrics.single_shot import single_shot_ranks


def rank_gallery(
    query_descriptors: Tensor,
    gallery_descriptors: Tensor,
    query: Labels,
    gallery: Labels,
    protocol: Protocol,
    *,
    max_rank: int = 50,
    report: ReportProgress | None = None,
) -> RetrievalScores:
    """Rank the gallery for each query and score the result.

    Args:
        query_descriptors: (Q, D) float, raw: they are scaled to unit length as the protocol says.
        gallery_descriptors: (G, D) float, same D, dtype and device.
        query: Labels of the queries.
        gallery: Labels of the gallery.
        protocol: How the ranking is judged.
        max_rank: Length of the CMC curve.
        report: Called with (queries done, queries in all).

    Returns:
        Scores with one row per query. Equal distances rank by gallery order. Descriptors on another device
        than the CPU are ranked there; only ranks come back.

    Raises:
        ShapeError: shapes, types or numbers of labels do not fit, or max_rank is below 1.
        EvaluationError: descriptors are not finite, or no query can be scored.

    Differs:
        Torchreid and FastReID sort unstably, so that equal distances rank as the processor has it: on one
        stored case with many ties Torchreid gives an mAP of 0.3424 with AVX-512 and 0.3675 without; gallery
        order gives 0.3456 on every machine. Where queries keep different numbers of gallery images their
        Python versions raise, and the compiled ones answer a curve that falls, such as 1/3, 1, 1, 1, 1, 2/3
        for 1/3, 1, 1, 1, 1, 1.
    """
    if protocol.normalization == "unit" and protocol.distance != "cosine":
        query_descriptors, gallery_descriptors = normalize(query_descriptors), normalize(gallery_descriptors)
    blocks = DescriptorBlocks(query_descriptors, gallery_descriptors, protocol.distance)
    return rank_blocks(blocks, query, gallery, protocol, max_rank=max_rank, report=report)


def rank_blocks(
    blocks: KeyBlocks,
    query: Labels,
    gallery: Labels,
    protocol: Protocol,
    *,
    max_rank: int = 50,
    report: ReportProgress | None = None,
) -> RetrievalScores:
    """Score distances that come a block of queries at a time, such as re-ranked ones.

    Args:
        blocks: What gives the distances, or whatever orders the gallery as they do.
        query: Labels of the queries.
        gallery: Labels of the gallery.
        protocol: How the ranking is judged; its distance is not computed here.
        max_rank: Length of the CMC curve.
        report: Called with (queries done, queries in all).

    Raises:
        ShapeError: the number of labels does not fit, or max_rank is below 1.
        EvaluationError: no query can be scored.
    """
    index = make_index(query, gallery, protocol, blocks.shape)
    return _score(blocks.key_tensor, blocks.row_slices(), index, max_rank, report)


def rank_distances(
    distances: NDArray[np.floating],
    query: Labels,
    gallery: Labels,
    protocol: Protocol,
    *,
    max_rank: int = 50,
) -> RetrievalScores:
    """Score a ready (Q, G) matrix of distances, such as a re-ranked one; smaller is more alike.

    Raises:
        ShapeError: not a (Q, G) floating matrix with one label per row and column, or max_rank below 1.
        EvaluationError: a distance is NaN, or no query can be scored.
    """
    if distances.ndim != 2 or 0 in distances.shape or not np.issubdtype(distances.dtype, np.floating):
        raise ShapeError(
            f"Distances have a wrong form, got {distances.dtype} of shape {distances.shape}. "
            f"Expected floating (Q, G) with Q and G at least 1."
        )
    num_nan = int(np.isnan(distances).sum())
    if num_nan:
        raise EvaluationError(
            f"Distances are NaN in {num_nan} places. Expected numbers. Check the descriptors."
        )
    num_queries, num_gallery = distances.shape
    index = make_index(query, gallery, protocol, (num_queries, num_gallery))
    slices = cut_rows(num_queries, num_gallery, distances.itemsize)
    return _score(lambda rows: distances[rows], slices, index, max_rank, None)


def _score(
    block_keys: Callable[[slice], Keys | Tensor],
    slices: Iterable[slice],
    index: GalleryIndex,
    max_rank: int,
    report: ReportProgress | None,
) -> RetrievalScores:
    if max_rank < 1:
        raise ShapeError(f"CMC length max_rank is too small, got {max_rank}. Expected at least 1.")
    ranks: list[Rows] = []
    counts: list[Rows] = []
    shots: list[Rows] = []
    with ThreadPoolExecutor(max_workers=torch.get_num_threads()) as pool:
        for block in slices:
            keys = block_keys(block)
            if isinstance(keys, Tensor) and not _stays_on_device(keys):
                keys = keys.numpy()
            matches = index.block_matches(block)
            before = _count_before(_without(keys, index.junk), _move_up(matches, index.junk), pool)
            ranks.append(ranks_that_count(before, matches))
            counts.append(np.bincount(matches.queries[matches.is_right], minlength=len(keys)))
            if index.protocol.single_shot_repeats:
                shots += _single_shots(keys, index, block.start, counts[-1])
            del keys  # before the next block is computed
            if report is not None:
                report(block.stop, index.num_queries)
    scores = _assemble(np.concatenate(ranks), np.concatenate(counts), shots, index, max_rank)
    if scores.num_valid == 0:
        raise EvaluationError(index.explain_no_match())
    return scores


def _stays_on_device(keys: Tensor) -> bool:
    """Say whether keys are counted where they are; NumPy does it faster on the CPU."""
    return keys.device.type != "cpu"


def _without(keys: Keys | Tensor, junk: Rows) -> Keys | Tensor:
    """Return the keys of all gallery rows but the junk."""
    if not len(junk):
        return keys
    counts = np.ones(keys.shape[1], bool)
    counts[junk] = False
    if isinstance(keys, Tensor):
        return keys[:, torch.from_numpy(counts).to(keys.device)]
    return keys[:, counts]


def _move_up(matches: BlockMatches, junk: Rows) -> BlockMatches:
    """Return the matches with their rows in a gallery without the junk."""
    return BlockMatches(matches.queries, matches.rows - junk.searchsorted(matches.rows), matches.is_right)


def _count_before(keys: Keys | Tensor, matches: BlockMatches, pool: ThreadPoolExecutor) -> Rows:
    """Count what is nearer than each row of interest: on the CPU in several threads."""
    if isinstance(keys, Tensor):
        return count_before_on_device(keys, matches.queries, matches.rows)
    ends = np.linspace(0, len(keys), torch.get_num_threads() + 1).astype(np.int64)
    cuts = matches.queries.searchsorted(ends)

    def count(part: int) -> Rows:
        start, own = ends[part], slice(cuts[part], cuts[part + 1])
        return count_before(keys[start : ends[part + 1]], matches.queries[own] - start, matches.rows[own])

    return np.concatenate(list(pool.map(count, range(len(ends) - 1))))


def ranks_that_count(before: Rows, matches: BlockMatches) -> Rows:
    """Return the ranks of the right rows, ascending in each query, among the rows that count.

    Args:
        before: (P,) rows before each row of interest; no two of a query have as many.
        matches: The P rows of interest.
    """
    order = np.lexsort((before, matches.queries))  # the queries stay where they are
    is_right = matches.is_right[order]
    ignored = np.concatenate([[0], (~is_right).cumsum()])
    of_earlier_queries = ignored[matches.queries.searchsorted(matches.queries)]
    ranks: Rows = before[order] - (ignored[:-1] - of_earlier_queries) + 1
    return ranks[is_right]


def _single_shots(keys: Keys | Tensor, index: GalleryIndex, start: int, counts: Rows) -> list[Rows]:
    """Return the ranks in random galleries of one image per identity, for each query of a block."""
    rows = keys.cpu().numpy() if isinstance(keys, Tensor) else keys
    repeats = index.protocol.single_shot_repeats or 0
    none = np.zeros(repeats, np.int64)
    return [
        single_shot_ranks(row, index, start + place, repeats) if counts[place] else none
        for place, row in enumerate(rows)
    ]


def _assemble(
    ranks: Rows, counts: Rows, shots: list[Rows], index: GalleryIndex, max_rank: int
) -> RetrievalScores:
    """Return the scores of all queries from the ranks of their right rows."""
    ends = counts.cumsum()
    has_match = counts > 0
    first = np.zeros(len(counts), np.int64)
    first[has_match] = ranks[(ends - counts)[has_match]]
    penalty = np.full(len(counts), np.nan)
    penalty[has_match] = counts[has_match] / ranks[ends[has_match] - 1]
    return RetrievalScores(
        protocol=index.protocol,
        num_gallery=index.num_gallery,
        max_rank=max_rank,
        first_match_rank=first,
        average_precision=average_precisions(ranks, counts, index.protocol),
        inverse_negative_penalty=penalty,
        num_matches=counts,
        match_ranks=ranks,
        single_shot_ranks=np.stack(shots) if index.protocol.single_shot_repeats else None,
    )


def average_precisions(ranks: Rows, counts: Rows, protocol: Protocol) -> NDArray[np.float64]:
    """Return the average precision of each query, by the rule of the protocol; NaN without a match.

    Args:
        ranks: Ascending 1-based ranks of the right rows, one query after the other.
        counts: (Q,) right rows of each query.
        protocol: Names the rule.
    """
    found = np.full(len(counts), np.nan)
    starts = counts.cumsum() - counts
    for count in np.unique(counts[counts > 0]).tolist():  # all queries with as many at once
        queries = np.flatnonzero(counts == count)
        own = ranks[starts[queries][:, None] + np.arange(count)]
        numbers = np.arange(1, count + 1)
        precisions = numbers / own
        if protocol.average_precision == "trapezoid":
            before = np.where(own == 1, 1.0, (numbers - 1) / np.maximum(own - 1, 1))
            precisions = (before + precisions) / 2
        found[queries] = precisions.sum(axis=1) / count
    return found
