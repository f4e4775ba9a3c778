"""The nearest gallery images of single queries, for people to look at."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from reidkit.core.errors import ShapeError
from reidkit.core.types import Protocol
from reidkit.metrics.blocks import DescriptorBlocks, KeyBlocks, Keys
from reidkit.metrics.labels import Labels
from reidkit.metrics.matches import QueryMatches, make_index


@dataclass(frozen=True, eq=False)
class RankList:
    """The first k gallery rows that count for one query, nearest first.

    Args:
        query: Number of the query.
        gallery: Gallery rows (k,).
        distances: Their distances (k,).
        is_match: Whether each is right (k,).
    """

    query: int
    gallery: NDArray[np.int64]
    distances: NDArray[np.floating]
    is_match: NDArray[np.bool_]


def rank_lists(
    queries: Sequence[int],
    query_descriptors: Tensor,
    gallery_descriptors: Tensor,
    query: Labels,
    gallery: Labels,
    protocol: Protocol,
    *,
    length: int = 10,
    blocks: KeyBlocks | None = None,
) -> list[RankList]:
    """Return the rank lists of some queries; rows that the protocol ignores are left out.

    Args:
        queries: Numbers of the queries wanted.
        query_descriptors: (Q, D) float.
        gallery_descriptors: (G, D) float.
        query: Labels of all Q queries.
        gallery: Labels of the gallery.
        protocol: Says what is right and what does not count.
        length: Rows per list; fewer where the gallery is smaller.
        blocks: Ready distances, such as re-ranked ones; None takes those of the descriptors.

    Raises:
        ShapeError: shapes or types do not fit, a query number is not there, or length is below 1.
        EvaluationError: descriptors are not finite.
    """
    blocks = blocks or DescriptorBlocks(query_descriptors, gallery_descriptors, protocol.distance)
    index = make_index(query, gallery, protocol, blocks.shape)
    wrong = [number for number in queries if not 0 <= number < index.num_queries]
    if wrong or length < 1:
        raise ShapeError(
            f"Rank lists are not possible, got query numbers {wrong[:5]} and length {length}. Expected "
            f"numbers from 0 to {index.num_queries - 1} and a length of at least 1."
        )
    found: dict[int, RankList] = {}
    # In the blocks of the ranking itself: another block may round the last bit of a near tie otherwise.
    for rows in blocks.row_slices():
        wanted = [number for number in queries if rows.start <= number < rows.stop]
        if wanted:
            keys = blocks.keys(rows)
            for number in wanted:
                row = keys[number - rows.start]
                found[number] = _nearest(number, row, index.matches(number), length, blocks)
    return [found[number] for number in queries]


def _nearest(number: int, keys: Keys, matches: QueryMatches, length: int, blocks: KeyBlocks) -> RankList:
    counting = keys.copy()
    counting[matches.ignored] = np.inf
    count = min(length, len(keys) - len(matches.ignored))
    nearest = np.argsort(counting, kind="stable")[:count]
    distances = keys[nearest]
    if isinstance(blocks, DescriptorBlocks):  # others give distances at once
        distances = blocks.as_distances(distances, number)
    return RankList(number, nearest, distances, np.isin(nearest, matches.positives))
