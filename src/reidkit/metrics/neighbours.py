"""The nearest rows of each descriptor, found block by block: never all distances at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from reidkit.core.checks import check_descriptors
from reidkit.core.distance import normalize
from reidkit.core.errors import CatalogError, ShapeError
from reidkit.core.types import ReportProgress

GapName = Literal["cosine", "euclidean", "squared-euclidean"]
"""Distances that neighbours can be searched by."""

BLOCK_BYTES = 64 * 2**20
"""Most memory that one block of gaps takes; a single row may take more."""

PAIR_BYTES = 32 * 2**20
"""Most memory that the descriptors of one step of single pairs take."""


class Gaps:
    """How far apart rows are: 1 - cosine for "cosine", else the squared Euclidean distance.

    Args:
        rows: (N, D) descriptors; half precision is computed in float32.
        distance: Name of the distance that the gap stands for.

    Raises:
        ShapeError: not a floating (N, D).
        EvaluationError: a descriptor is not finite.
        CatalogError: an unknown distance.
    """

    def __init__(self, rows: Tensor, distance: GapName) -> None:
        check_descriptors("All", rows)
        if distance not in get_args(GapName):
            raise CatalogError(f"Unknown distance '{distance}'. Known: {', '.join(get_args(GapName))}.")
        self.distance: str = distance
        rows = rows.detach()
        rows = rows if rows.dtype in (torch.float32, torch.float64) else rows.float()
        self.rows = normalize(rows) if distance == "cosine" else rows
        self._squares = None if distance == "cosine" else self.rows.square().sum(1)

    def __len__(self) -> int:
        return len(self.rows)

    def keys(self, rows: slice, columns: slice = slice(None)) -> Tensor:
        """Return (rows, columns) of what orders each row as the gap does."""
        if self._squares is None:
            return torch.mm(self.rows[rows], self.rows[columns].T).neg_()
        return torch.addmm(self._squares[columns], self.rows[rows], self.rows[columns].T, alpha=-2)

    def as_gaps(self, keys: Tensor, rows: slice) -> Tensor:
        """Turn (rows, ...) keys into gaps, in place; rounding never makes one negative."""
        if self._squares is None:
            return keys.add_(1).clamp_(0, 2)
        return keys.add_(self._squares[rows].reshape(-1, *[1] * (keys.ndim - 1))).clamp_min_(0)

    def of_pairs(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the gap of each pair of row numbers, (P,) and (P,) -> (P,)."""
        step = max(1, PAIR_BYTES // (self.rows.shape[1] * self.rows.element_size()))
        products = [
            torch.linalg.vecdot(self.rows[one], self.rows[other])
            for one, other in zip(torch.split(first, step), torch.split(second, step), strict=True)
        ]
        product = torch.cat(products) if products else self.rows.new_empty(0)
        if self._squares is None:
            return (1 - product).clamp_(0, 2)
        return (self._squares[first] + self._squares[second] - 2 * product).clamp_min_(0)


class ReadyGaps(Gaps):
    """Gaps that are there already, as one matrix: for distances that come without descriptors.

    Args:
        matrix: (N, N) floating distances, symmetric.

    Raises:
        ShapeError: not a floating (N, N).
        EvaluationError: a distance is not finite.
    """

    def __init__(self, matrix: Tensor) -> None:
        check_descriptors("All", matrix)
        if matrix.shape[0] != matrix.shape[1]:
            raise ShapeError(f"Distances are not square, got {tuple(matrix.shape)}. Expected (N, N).")
        self.distance = "squared-euclidean"
        self.rows = matrix
        self._squares = None

    def keys(self, rows: slice, columns: slice = slice(None)) -> Tensor:
        """Return (rows, columns) of the matrix."""
        return self.rows[rows, columns].clone()

    def as_gaps(self, keys: Tensor, rows: slice) -> Tensor:
        """Return the keys, which are the gaps."""
        del rows
        return keys

    def of_pairs(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the gap of each pair of row numbers, (P,) and (P,) -> (P,)."""
        return self.rows[first, second]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest rows of each row.

    Args:
        rows: (M, k) row numbers, nearest first; mostly a row is its own first.
        gaps: (M, k) how far they are.
        farthest: (M,) gap of the farthest row of all.
    """

    rows: Tensor
    gaps: Tensor
    farthest: Tensor


def find_neighbours(
    gaps: Gaps,
    k: int,
    *,
    rows: slice = slice(None),
    columns: slice = slice(None),
    report: ReportProgress | None = None,
) -> Neighbours:
    """Return the k nearest of ``columns`` for each of ``rows``; fewer where there are fewer columns.

    Which of several rows at exactly the k-th distance is taken is left to torch.

    Args:
        gaps: Between all rows.
        k: How many.
        rows: Whose neighbours.
        columns: Among which rows; the row numbers returned count from its start.
        report: Called with (rows done, rows in all).
    """
    first, last, _ = rows.indices(len(gaps))
    num_columns = len(range(*columns.indices(len(gaps))))
    k = min(k, num_columns)
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    for block in cut_blocks(first, last, num_columns * gaps.rows.element_size()):
        keys = gaps.keys(block, columns)
        nearest, numbers = keys.topk(k, dim=1, largest=False)
        farthest = keys.amax(1)
        found.append((numbers, gaps.as_gaps(nearest, block), gaps.as_gaps(farthest, block)))
        if report is not None:
            report(block.stop - first, last - first)
    numbers, near, far = (torch.cat(parts) for parts in zip(*found, strict=True))
    return Neighbours(numbers, near, far)


def cut_blocks(first: int, last: int, row_bytes: int) -> Iterator[slice]:
    """Cut rows into blocks of at least one row and at most `BLOCK_BYTES`."""
    step = max(1, BLOCK_BYTES // max(1, row_bytes))
    for start in range(first, last, step):
        yield slice(start, min(start + step, last))


def join_sides(query: Tensor, gallery: Tensor) -> Tensor:
    """Return queries and gallery as one (Q + G, D).

    Raises:
        ShapeError: dimension, type or device differ, or a side is no floating (N, D).
        EvaluationError: a descriptor is not finite.
    """
    check_descriptors("Query", query)
    check_descriptors("Gallery", gallery)
    if query.shape[1] != gallery.shape[1] or query.dtype != gallery.dtype:
        raise ShapeError(
            f"Query and gallery descriptors differ, got {query.dtype} of dimension {query.shape[1]} and "
            f"{gallery.dtype} of dimension {gallery.shape[1]}. Expected the same of both."
        )
    return torch.cat([query.detach(), gallery.detach()])
