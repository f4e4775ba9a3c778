"""The nearest few of each query sorted again by a second distance; the others keep their order behind."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reidkit.core.errors import CatalogError
from reidkit.metrics.blocks import DescriptorBlocks, KeyBlocks, Keys


@dataclass(frozen=True, eq=False)
class Candidates:
    """The nearest gallery rows of each query.

    Args:
        rows: (Q, T) gallery rows, ascending.
        distances: (Q, T) how far they are.
    """

    rows: NDArray[np.int64]
    distances: NDArray[np.float64]


def find_candidates(blocks: KeyBlocks, top: int) -> Candidates:
    """Return the nearest ``top`` rows of each query; of equals at the end, the first of the gallery.

    Args:
        blocks: What ranks the gallery.
        top: How many; at most all.

    Raises:
        CatalogError: ``top`` is below 1.
    """
    if top < 1:
        raise CatalogError(f"Number of candidates is too small, got {top}. Expected at least 1.")
    num_queries, num_gallery = blocks.shape
    top = min(top, num_gallery)
    rows, distances = np.empty((num_queries, top), np.int64), np.empty((num_queries, top))
    for block in blocks.row_slices():
        keys = blocks.keys(block)
        for number, row in enumerate(keys, start=block.start):
            last = np.partition(row, top - 1)[top - 1]
            below, equal = np.flatnonzero(row < last), np.flatnonzero(row == last)
            rows[number] = np.sort(np.concatenate([below, equal[: top - len(below)]]))
            found = row[rows[number]]
            # Others than descriptors give distances at once.
            distances[number] = (
                blocks.as_distances(found, number) if isinstance(blocks, DescriptorBlocks) else found
            )
    return Candidates(rows, distances)


class ResortedBlocks:
    """A ranking whose first rows are sorted by w * second + (1 - w) * first distance.

    Args:
        blocks: The first ranking.
        candidates: Its nearest rows, by `find_candidates`.
        second: (Q, T) second distance of each candidate.
        weight: Share w of the second distance, 0 to 1.

    Raises:
        CatalogError: the weight is out of range.
    """

    def __init__(
        self, blocks: KeyBlocks, candidates: Candidates, second: NDArray[np.floating], weight: float
    ) -> None:
        if not 0 <= weight <= 1:
            raise CatalogError(
                f"Weight of the second distance is out of range, got {weight}. Expected 0 to 1."
            )
        self._blocks = blocks
        self._rows = candidates.rows
        self._mixed = (1 - weight) * candidates.distances + weight * second

    @property
    def shape(self) -> tuple[int, int]:
        """(Q, G)."""
        return self._blocks.shape

    def keys(self, rows: slice) -> Keys:
        """Return (rows, G): the mixed distance of a candidate; larger by 1 and more for all others."""
        # In float64, so that the others keep their order when they are moved behind.
        keys = self._blocks.keys(rows).astype(np.float64)
        mixed = self._mixed[rows]
        keys += mixed.max(1, keepdims=True) + 1 - keys.min(1, keepdims=True)
        np.put_along_axis(keys, self._rows[rows], mixed, axis=1)
        return keys

    def key_tensor(self, rows: slice) -> Tensor:
        """Return the same on the CPU as a tensor."""
        return torch.from_numpy(self.keys(rows))

    def row_slices(self) -> Iterator[slice]:
        """Cut the queries into the blocks of the first ranking."""
        return self._blocks.row_slices()
