"""Ranking keys of a few queries against the whole gallery at a time."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reidkit.core.checks import check_descriptors
from reidkit.core.distance import normalize
from reidkit.core.errors import ShapeError
from reidkit.core.types import DistanceName

BLOCK_BYTES = 128 * 2**20
"""Most memory that one block of keys takes; a single query row may take more."""

Keys = NDArray[np.floating]


class DescriptorBlocks:
    """Distances between queries and gallery, a block of queries at a time.

    Within a query, keys order the gallery as the distance does, at less cost: minus the cosine, or the
    squared Euclidean distance less the query's own square. `distances` turns keys into distances.

    Args:
        query: (Q, D) float32 or float64 descriptors.
        gallery: (G, D) of the same dtype and device.
        distance: "cosine" or "euclidean".

    Raises:
        ShapeError: the shapes or types do not fit.
        EvaluationError: a descriptor is not finite.
    """

    def __init__(self, query: Tensor, gallery: Tensor, distance: DistanceName) -> None:
        check_descriptors("Query", query)
        check_descriptors("Gallery", gallery)
        if query.shape[1] != gallery.shape[1] or query.dtype != gallery.dtype:
            raise ShapeError(
                f"Query and gallery descriptors differ, got {query.dtype} of dimension {query.shape[1]} and "
                f"{gallery.dtype} of dimension {gallery.shape[1]}. Expected the same of both."
            )
        self.distance = distance
        if query.dtype not in (torch.float32, torch.float64):  # half precision is for storage only
            query, gallery = query.float(), gallery.float()
        if distance == "cosine":
            self._query, self._gallery = -normalize(query), normalize(gallery)
            self._gallery_squares: Tensor | None = None
        else:
            self._query, self._gallery = -2 * query, gallery
            self._gallery_squares = gallery.square().sum(1)

    @property
    def shape(self) -> tuple[int, int]:
        """(Q, G)."""
        return len(self._query), len(self._gallery)

    def keys(self, rows: slice) -> Keys:
        """Return the keys (rows, G) of some queries."""
        block = self._query[rows]
        if self._gallery_squares is None:
            return (block @ self._gallery.T).cpu().numpy()
        return torch.addmm(self._gallery_squares, block, self._gallery.T).cpu().numpy()

    def distances(self, rows: slice) -> Keys:
        """Return the distances (rows, G) of some queries, never negative."""
        keys = self.keys(rows)
        if self._gallery_squares is None:
            return np.maximum(1 + keys, 0)
        squares = (self._query[rows] / 2).square().sum(1).cpu().numpy()
        distances: Keys = np.sqrt(np.maximum(keys + squares[:, None], 0))
        return distances

    def row_slices(self) -> Iterator[slice]:
        """Cut the queries into blocks whose keys fit `BLOCK_BYTES`."""
        return cut_rows(*self.shape, self._query.element_size())


def cut_rows(num_queries: int, num_gallery: int, item_bytes: int) -> Iterator[slice]:
    """Cut queries into blocks of at least one row and at most `BLOCK_BYTES` of keys."""
    rows = max(1, BLOCK_BYTES // (num_gallery * item_bytes))
    for start in range(0, num_queries, rows):
        yield slice(start, min(start + rows, num_queries))
