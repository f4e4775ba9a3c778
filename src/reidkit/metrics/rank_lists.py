"""The nearest gallery images of single queries, for people to look at."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from reidkit.core.types import Protocol
from reidkit.metrics.blocks import DescriptorBlocks
from reidkit.metrics.labels import Labels
from reidkit.metrics.matches import GalleryIndex


@dataclass(frozen=True)
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

    Raises:
        ShapeError: shapes or types do not fit.
        EvaluationError: descriptors are not finite.
    """
    blocks = DescriptorBlocks(query_descriptors, gallery_descriptors, protocol.distance)
    index = GalleryIndex(query, gallery, protocol)
    lists = []
    for number in queries:
        rows = slice(number, number + 1)
        keys = blocks.keys(rows)[0].copy()
        matches = index.matches(number)
        keys[matches.ignored] = np.inf
        count = min(length, len(keys) - len(matches.ignored))
        nearest = np.argsort(keys, kind="stable")[:count]
        distances = blocks.distances(rows)[0][nearest]
        lists.append(RankList(number, nearest, distances, np.isin(nearest, matches.positives)))
    return lists
