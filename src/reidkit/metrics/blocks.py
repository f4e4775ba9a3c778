"""Ranking keys of a few queries against the whole gallery at a time."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reidkit.core.checks import ROWS_AT_ONCE, check_descriptors, check_form
from reidkit.core.distance import check_distance, normalize
from reidkit.core.errors import EvaluationError, ShapeError
from reidkit.core.types import DistanceName

BLOCK_BYTES = 128 * 2**20
"""Most memory that one block of keys takes; a single query row may take more."""

MOST_ROWS = 512
"""Most queries in a block: a product of more is no faster, and its keys no longer stay in the cache."""

NUMBERS_FIRST = 32
"""How many numbers of a descriptor are looked at first in the search for equal ones."""

Keys = NDArray[np.floating]


class KeyBlocks(Protocol):
    """What ranks a gallery a block of queries at a time: descriptors, or re-ranked distances."""

    @property
    def shape(self) -> tuple[int, int]:
        """(Q, G)."""

    def key_tensor(self, rows: slice) -> Tensor:
        """Return keys (rows, G) of some queries where they are; within a query, smaller is more alike."""

    def keys(self, rows: slice) -> Keys:
        """Return the same keys for NumPy."""

    def row_slices(self) -> Iterator[slice]:
        """Cut the queries into blocks of bounded memory."""


class DescriptorBlocks:
    """Distances between queries and gallery, a block of queries at a time.

    Within a query, keys order the gallery as the distance does, at less cost: minus the cosine, or the
    squared Euclidean distance less the query's own square. `distances` turns keys into distances.

    Args:
        query: (Q, D) float32 or float64 descriptors.
        gallery: (G, D) of the same dtype and device.
        distance: "cosine", "euclidean" or "squared-euclidean".

    Raises:
        ShapeError: the shapes or types do not fit.
        EvaluationError: a descriptor is not finite, or so large that its square is not.
        CatalogError: another distance.
    """

    def __init__(self, query: Tensor, gallery: Tensor, distance: DistanceName) -> None:
        check_form("Query", query)
        check_form("Gallery", gallery)
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
        _checked_squares("Query", query)
        squares = _checked_squares("Gallery", gallery)
        self._gallery = gallery  # never copied: a million rows fit in memory once, not twice
        self._repeats = _find_repeats(gallery)
        if distance == "cosine":
            self._query = -normalize(query)
            self._gallery_scales = 1 / squares.sqrt().clamp_min(1e-12)
            self._gallery_squares: Tensor | None = None
        else:
            self._query = -2 * query
            self._gallery_squares = squares

    @property
    def shape(self) -> tuple[int, int]:
        """(Q, G)."""
        return len(self._query), len(self._gallery)

    def keys(self, rows: slice) -> Keys:
        """Return the keys (rows, G) of some queries for NumPy."""
        return self.key_tensor(rows).cpu().numpy()

    def key_tensor(self, rows: slice) -> Tensor:
        """Return the keys (rows, G) of some queries, on the device of the descriptors."""
        block = self._query[rows]
        if self._gallery_squares is None:
            keys = torch.mm(block, self._gallery.T).mul_(self._gallery_scales)
        else:
            keys = torch.addmm(self._gallery_squares, block, self._gallery.T)
        if self._repeats is not None:
            later, first = self._repeats
            keys[:, later] = keys[:, first]
        return keys

    def distances(self, rows: slice) -> Keys:
        """Return the distances (rows, G) of some queries: never negative, a cosine one never above 2."""
        return self.as_distances(self.keys(rows), rows)

    def as_distances(self, keys: Keys, rows: slice | int) -> Keys:
        """Turn keys of some queries, or of one, into distances."""
        if self._gallery_squares is None:
            return np.clip(1 + keys, 0, 2)
        squares = (self._query[rows] / 2).square().sum(-1, keepdim=True).cpu().numpy()
        distances: Keys = np.maximum(keys + squares, 0)
        return distances if self.distance == "squared-euclidean" else np.sqrt(distances)

    def row_slices(self) -> Iterator[slice]:
        """Cut the queries into blocks whose keys fit `BLOCK_BYTES`."""
        return cut_rows(*self.shape, self._query.element_size())


def _checked_squares(name: str, descriptors: Tensor) -> Tensor:
    """Return the squared lengths (N,), in one pass; refuse descriptors of which one is not finite.

    Finite numbers whose squares overflow are refused too, for distances would be infinite, or NaN.
    """
    squares = descriptors.new_empty(len(descriptors))
    # Part by part into the same memory: new memory for each part would lie between results, and never be
    # given back before the last.
    memory = descriptors.new_empty(min(ROWS_AT_ONCE, len(descriptors)), descriptors.shape[1])
    for start in range(0, len(descriptors), ROWS_AT_ONCE):
        part = descriptors[start : start + ROWS_AT_ONCE]
        torch.sum(torch.mul(part, part, out=memory[: len(part)]), 1, out=squares[start : start + len(part)])
    wrong = (~squares.isfinite()).nonzero()[:, 0]
    if len(wrong):
        check_descriptors(name, descriptors)
        raise EvaluationError(
            f"{name} descriptors are too large in {len(wrong)} of {len(descriptors)} rows, the first is row "
            f"{int(wrong[0])}: their squares overflow {descriptors.dtype}. Expected moderate values. Check "
            f"whether the training diverged."
        )
    return squares


def _find_repeats(gallery: Tensor) -> tuple[Tensor, Tensor] | None:
    """Return rows that repeat an earlier one and the first of their kind; None where all are distinct.

    A matrix product may round equal columns differently at the edges of its tiles. Equal rows must tie, so
    the keys of a repeated row are those of the first.
    """
    # The first numbers tell most rows apart, at a fraction of the cost of all of them.
    suspects = _of_equal_sums(_checksums(gallery[:, :NUMBERS_FIRST]))
    if len(suspects):
        suspects = suspects[_of_equal_sums(_checksums(gallery[suspects]))]
    if not len(suspects):
        return None
    first: dict[bytes, int] = {}
    later, kept = [], []
    for row in suspects.tolist():
        earlier = first.setdefault((gallery[row].cpu() + 0.0).numpy().tobytes(), row)
        if earlier != row:
            later.append(row)
            kept.append(earlier)
    if not later:
        return None
    device = gallery.device
    return torch.tensor(later, device=device), torch.tensor(kept, device=device)


def _of_equal_sums(sums: Tensor) -> Tensor:
    """Return the ascending places of the sums that occur more than once."""
    ordered, order = sums.sort()
    is_twin = torch.zeros(len(sums), dtype=torch.bool, device=sums.device)
    equal = ordered[1:] == ordered[:-1]
    is_twin[1:] |= equal
    is_twin[:-1] |= equal
    return order[is_twin].sort().values


def _checksums(rows: Tensor) -> Tensor:
    """Return a checksum per row (N,), equal for equal rows: the bits, weighted, modulo 2**64."""
    bits = torch.int64 if rows.dtype == torch.float64 or rows.shape[1] % 2 == 0 else torch.int32
    width = rows.shape[1] * rows.element_size() // (8 if bits == torch.int64 else 4)
    generator = torch.Generator().manual_seed(0)
    weights = torch.randint(-(2**63), 2**63 - 1, (width,), generator=generator).to(rows.device) | 1
    sums = torch.empty(len(rows), dtype=torch.int64, device=rows.device)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE].contiguous()
        # Adding zero makes minus zero plus zero: they are equal, and their bits shall be.
        sums[start : start + len(part)] = ((part + 0.0).view(bits) * weights).sum(1)
    return sums


def cut_rows(num_queries: int, num_gallery: int, item_bytes: int) -> Iterator[slice]:
    """Cut queries into blocks of at least one and at most `MOST_ROWS` rows, and at most `BLOCK_BYTES`."""
    rows = max(1, min(MOST_ROWS, BLOCK_BYTES // (num_gallery * item_bytes)))
    for start in range(0, num_queries, rows):
        yield slice(start, min(start + rows, num_queries))
