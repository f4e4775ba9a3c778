"""Ranking keys of a few queries against the whole gallery at a time."""

import hashlib
from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reidkit.core.checks import check_descriptors
from reidkit.core.distance import check_distance, normalize
from reidkit.core.errors import EvaluationError, ShapeError
from reidkit.core.types import DistanceName

BLOCK_BYTES = 128 * 2**20
"""Most memory that one block of keys takes; a single query row may take more."""

Keys = NDArray[np.floating]


class KeyBlocks(Protocol):
    """What ranks a gallery a block of queries at a time: descriptors, or re-ranked distances."""

    @property
    def shape(self) -> tuple[int, int]:
        """(Q, G)."""

    def keys(self, rows: slice) -> Keys:
        """Return keys (rows, G) of some queries; within a query, smaller is more alike."""

    def row_slices(self) -> Iterator[slice]:
        """Cut the queries into blocks of bounded memory."""


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
        EvaluationError: a descriptor is not finite, or so large that its square is not.
        CatalogError: another distance.
    """

    def __init__(self, query: Tensor, gallery: Tensor, distance: DistanceName) -> None:
        check_descriptors("Query", query)
        check_descriptors("Gallery", gallery)
        if query.shape[1] != gallery.shape[1] or query.dtype != gallery.dtype:
            raise ShapeError(
                f"Query and gallery descriptors differ, got {query.dtype} of dimension {query.shape[1]} and "
                f"{gallery.dtype} of dimension {gallery.shape[1]}. Expected the same of both."
            )
        check_distance(distance)
        self.distance = distance
        query, gallery = query.detach(), gallery.detach()
        if query.dtype not in (torch.float32, torch.float64):  # half precision is for storage only
            query, gallery = query.float(), gallery.float()
        _check_squares("Query", query)
        _check_squares("Gallery", gallery)
        self._num_gallery = len(gallery)
        self._columns = _columns_of_distinct(gallery)
        if self._columns is not None:
            gallery = gallery[torch.from_numpy(np.unique(self._columns, return_index=True)[1])]
        if distance == "cosine":
            self._query, self._gallery = -normalize(query), normalize(gallery)
            self._gallery_squares: Tensor | None = None
        else:
            self._query, self._gallery = -2 * query, gallery
            self._gallery_squares = gallery.square().sum(1)

    @property
    def shape(self) -> tuple[int, int]:
        """(Q, G)."""
        return len(self._query), self._num_gallery

    def keys(self, rows: slice) -> Keys:
        """Return the keys (rows, G) of some queries."""
        block = self._query[rows]
        if self._gallery_squares is None:
            keys = (block @ self._gallery.T).cpu().numpy()
        else:
            keys = torch.addmm(self._gallery_squares, block, self._gallery.T).cpu().numpy()
        return keys if self._columns is None else keys[:, self._columns]

    def distances(self, rows: slice) -> Keys:
        """Return the distances (rows, G) of some queries: never negative, a cosine one never above 2."""
        return self.as_distances(self.keys(rows), rows)

    def as_distances(self, keys: Keys, rows: slice | int) -> Keys:
        """Turn keys of some queries, or of one, into distances."""
        if self._gallery_squares is None:
            return np.clip(1 + keys, 0, 2)
        squares = (self._query[rows] / 2).square().sum(-1, keepdim=True).cpu().numpy()
        distances: Keys = np.sqrt(np.maximum(keys + squares, 0))
        return distances

    def row_slices(self) -> Iterator[slice]:
        """Cut the queries into blocks whose keys fit `BLOCK_BYTES`."""
        return cut_rows(*self.shape, self._query.element_size())


def _check_squares(name: str, descriptors: Tensor) -> None:
    """Refuse values whose squares overflow: lengths and distances would be infinite, or NaN."""
    wrong = (~descriptors.square().sum(1).isfinite()).nonzero()[:, 0]
    if len(wrong):
        raise EvaluationError(
            f"{name} descriptors are too large in {len(wrong)} of {len(descriptors)} rows, the first is row "
            f"{int(wrong[0])}: their squares overflow {descriptors.dtype}. Expected moderate values. Check "
            f"whether the training diverged."
        )


def _columns_of_distinct(gallery: Tensor) -> NDArray[np.int64] | None:
    """Return for each gallery row its number among the distinct rows, or None where all are distinct.

    A matrix product may round equal columns differently at the edges of its tiles. Equal rows must tie, so
    the product is taken with distinct rows only.
    """
    first: dict[bytes, int] = {}
    columns = [
        first.setdefault(hashlib.blake2b(row.data, digest_size=16).digest(), len(first))
        for row in np.ascontiguousarray(gallery.cpu().numpy())
    ]
    return np.array(columns, np.int64) if len(first) < len(columns) else None


def cut_rows(num_queries: int, num_gallery: int, item_bytes: int) -> Iterator[slice]:
    """Cut queries into blocks of at least one row and at most `BLOCK_BYTES` of keys."""
    rows = max(1, BLOCK_BYTES // (num_gallery * item_bytes))
    for start in range(0, num_queries, rows):
        yield slice(start, min(start + rows, num_queries))
