"""All descriptors of a gallery as one matrix, for exact search: a memory-mapped base and a tail in memory."""

import tempfile
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from reidkit.core.types import DistanceName

Descriptors = NDArray[np.float32]
Rows = NDArray[np.int64]

BLOCK_ROWS = 65_536
SPARE = 32
"""Candidates beyond those asked for, whose distances are computed again without the rounding of a product."""


class DescriptorMatrix:
    """Finds the nearest of many descriptors exactly.

    The base lies in a file without a name, mapped to memory, so that the operating system keeps in memory
    what is searched and gives the rest away; rows added later stand behind it in memory.

    Args:
        descriptor_dim: Numbers D per descriptor.
        distance: Between descriptors; rows of cosine galleries are of unit length.
    """

    def __init__(self, descriptor_dim: int, distance: DistanceName) -> None:
        self.descriptor_dim = descriptor_dim
        self.distance = distance
        self._parts: list[Descriptors] = []
        self._squares: list[NDArray[np.float32]] = []

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts)

    def fill(self, batches: Iterable[Descriptors]) -> None:
        """Take the rows of a whole gallery, streamed to a file; they replace what is here."""
        with tempfile.TemporaryFile(prefix="reidkit-gallery-") as stream:
            count = 0
            for batch in batches:
                stream.write(np.ascontiguousarray(batch, np.float32).tobytes())
                count += len(batch)
            stream.flush()
            shape = (count, self.descriptor_dim)
            # The mapping keeps the nameless file alive, and nothing is left of it when the process ends.
            base = np.memmap(stream, np.float32, "r", shape=shape) if count else np.empty(shape, np.float32)
        self._parts, self._squares = [base], [_squares(base)]

    def append(self, rows: Descriptors) -> None:
        """Add rows behind all others."""
        if len(rows):
            rows = np.ascontiguousarray(rows, np.float32)
            self._parts.append(rows)
            self._squares.append(_squares(rows))
            if len(self._parts) > 8:  # many small products are slower than one
                self._parts[1:] = [np.concatenate(self._parts[1:])]
                self._squares[1:] = [np.concatenate(self._squares[1:])]

    def nearest(
        self, query: Descriptors, top: int, *, is_eligible: NDArray[np.bool_] | None = None
    ) -> tuple[Rows, NDArray[np.float64]]:
        """Return the nearest rows of one query, and their distances.

        Args:
            query: (D,) float32, of unit length for cosine.
            top: How many, at most.
            is_eligible: (N,) which rows may be found; None for all.

        Returns:
            Ascending by distance, equal distances by row. Distances are computed in float64 from the float32
            descriptors, so equal descriptors are equally far.
        """
        keys = np.concatenate([self._keys(number, query) for number in range(len(self._parts))])
        if is_eligible is not None:
            keys[~is_eligible] = np.inf
        count = min(top, len(keys) if is_eligible is None else int(is_eligible.sum()))
        if count == 0:
            return np.empty(0, np.int64), np.empty(0)
        candidates = _smallest(keys, count + SPARE)
        candidates = candidates[np.isfinite(keys[candidates])]
        distances = self._distances(query, candidates)
        order = np.lexsort((candidates, distances))[:count]
        return candidates[order], distances[order]

    def _keys(self, number: int, query: Descriptors) -> NDArray[np.float32]:
        """Return what orders a part as the distance does: minus cosine, or square less the query's."""
        part = self._parts[number]
        products = np.empty(len(part), np.float32)
        for start in range(0, len(part), BLOCK_ROWS):
            np.matmul(part[start : start + BLOCK_ROWS], query, out=products[start : start + BLOCK_ROWS])
        if self.distance == "cosine":
            return np.negative(products, out=products)
        keys: NDArray[np.float32] = self._squares[number] - 2 * products
        return keys

    def _distances(self, query: Descriptors, rows: Rows) -> NDArray[np.float64]:
        found = self.rows(rows).astype(np.float64)
        wanted = query.astype(np.float64)
        if self.distance == "cosine":
            # Row by row, not as a product, which may round equal rows differently.
            distances: NDArray[np.float64] = np.clip(1 - (found * wanted).sum(axis=1), 0, 2)
        else:
            squares = np.square(found - wanted).sum(axis=1)
            distances = squares if self.distance == "squared-euclidean" else np.sqrt(squares)
        return distances

    def rows(self, numbers: Rows) -> Descriptors:
        """Return the descriptors of these rows."""
        out = np.empty((len(numbers), self.descriptor_dim), np.float32)
        start = 0
        for part in self._parts:
            is_here = (numbers >= start) & (numbers < start + len(part))
            out[is_here] = part[numbers[is_here] - start]
            start += len(part)
        return out


def _squares(part: Descriptors) -> NDArray[np.float32]:
    blocks = [
        np.square(part[start : start + BLOCK_ROWS]).sum(axis=1) for start in range(0, len(part), BLOCK_ROWS)
    ]
    return np.concatenate(blocks) if blocks else np.empty(0, np.float32)


def _smallest(keys: NDArray[np.float32], count: int) -> Rows:
    """Return the rows of the smallest keys, all that equal the last one included."""
    if count >= len(keys):
        return np.arange(len(keys))
    bound = np.partition(keys, count - 1)[count - 1]
    return np.flatnonzero(keys <= bound)
