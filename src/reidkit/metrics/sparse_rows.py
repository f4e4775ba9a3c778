"""Rows of mostly zeros: only what is not zero is stored, so memory grows with the entries."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

STEP_ENTRIES = 2**21
"""About how many entries one step of a computation touches."""


@dataclass(frozen=True, eq=False)
class SparseRows:
    """A sparse (N, M) matrix by rows.

    Args:
        starts: (N + 1,) int64: the entries of row i lie at starts[i] up to starts[i + 1].
        columns: (E,) int64 column of each entry, ascending within a row.
        values: (E,) value of each entry.
        num_columns: M.
    """

    starts: Tensor
    columns: Tensor
    values: Tensor
    num_columns: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> Tensor:
        """Entries of each row, (N,)."""
        return self.starts.diff()

    def row_numbers(self) -> Tensor:
        """Return the row of each entry, (E,)."""
        return torch.arange(len(self), device=self.starts.device).repeat_interleave(self.lengths)

    def part(self, rows: slice) -> "SparseRows":
        """Return some rows."""
        first, last, _ = rows.indices(len(self))
        start, stop = int(self.starts[first]), int(self.starts[last])
        return SparseRows(
            self.starts[first : last + 1] - start,
            self.columns[start:stop],
            self.values[start:stop],
            self.num_columns,
        )

    def transposed(self) -> "SparseRows":
        """Return the same matrix by columns."""
        order = self.columns.argsort(stable=True)
        counts = self.columns.bincount(minlength=self.num_columns)
        return SparseRows(
            _starts_of(counts), self.row_numbers()[order], self.values[order], num_columns=len(self)
        )

    def dense(self) -> Tensor:
        """Return the (N, M) matrix with its zeros, for a small one."""
        full = self.values.new_zeros(len(self), self.num_columns)
        full[self.row_numbers(), self.columns] = self.values
        return full


def join_rows(parts: list[SparseRows]) -> SparseRows:
    """Put rows below each other; all parts have the same number of columns."""
    lengths = torch.cat([part.lengths for part in parts])
    return SparseRows(
        _starts_of(lengths),
        torch.cat([part.columns for part in parts]),
        torch.cat([part.values for part in parts]),
        parts[0].num_columns,
    )


def sum_entries(columns: Tensor, values: Tensor, num_columns: int) -> SparseRows:
    """Make rows of lists of entries; entries of the same column are added.

    Args:
        columns: (B, W) column of each entry; ``num_columns`` stands for no entry.
        values: (B, W) value of each entry.
        num_columns: Columns of the result.
    """
    ordered, order = columns.int().sort(dim=1)
    is_entry = ordered < num_columns
    is_first = is_entry.clone()
    is_first[:, 1:] &= ordered[:, 1:] != ordered[:, :-1]
    places = is_first.flatten().cumsum(0)[is_entry.flatten()] - 1
    kept = ordered[is_first].long()
    sums = values.new_zeros(len(kept)).index_add_(0, places, values.gather(1, order)[is_entry])
    return SparseRows(_starts_of(is_first.sum(1)), kept, sums, num_columns)


def combine_rows(matrix: SparseRows, chosen: Tensor, weights: Tensor) -> SparseRows:
    """Return weighted sums of rows.

    Args:
        matrix: (N, M).
        chosen: (B, k) row numbers.
        weights: (B, k) what each is multiplied by.

    Returns:
        (B, M): row b is the sum of ``weights[b, i] * matrix[chosen[b, i]]`` over i.
    """
    if len(matrix.values) == 0:
        return SparseRows(
            matrix.starts.new_zeros(len(chosen) + 1), matrix.columns, matrix.values, matrix.num_columns
        )
    parts = []
    width = int(matrix.lengths.max())
    step = max(1, STEP_ENTRIES // (width * chosen.shape[1]))
    for rows, factors in zip(torch.split(chosen, step), torch.split(weights, step), strict=True):
        places, is_entry = _places(matrix, rows)
        columns = torch.where(is_entry, matrix.columns[places], matrix.num_columns)
        values = matrix.values[places] * factors[..., None]
        parts.append(sum_entries(columns.flatten(1), values.flatten(1), matrix.num_columns))
    return join_rows(parts)


def _places(matrix: SparseRows, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return where the entries of rows (B, k) lie, (B, k, W), and which of these places are theirs."""
    lengths = matrix.lengths[rows]
    offsets = torch.arange(max(1, int(lengths.max())), device=rows.device)
    is_entry = offsets < lengths[..., None]
    places = (matrix.starts[rows][..., None] + offsets).clamp_max_(len(matrix.columns) - 1)
    return places, is_entry


def match_rows(
    rows: SparseRows, by_column: SparseRows, combine: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    """Return the sum over columns of ``combine`` of the entries of each two rows.

    Only rows that share a column meet.

    Args:
        rows: (B, M).
        by_column: The other (G, M) matrix, transposed: (M, G).
        combine: ``torch.minimum`` or ``torch.mul``: what gives zero where one entry is zero.

    Returns:
        (B, G) dense.
    """
    num_others = by_column.num_columns
    sums = rows.values.new_zeros(len(rows), num_others)
    flat, owners = sums.view(-1), rows.row_numbers() * num_others
    counts = by_column.lengths[rows.columns]
    for entries in _cut_evenly(counts):
        repeats = counts[entries]
        ends = repeats.cumsum(0)
        offsets = torch.arange(int(ends[-1]), device=flat.device)
        offsets += (by_column.starts[rows.columns[entries]] - ends + repeats).repeat_interleave(repeats)
        places = by_column.columns[offsets] + owners[entries].repeat_interleave(repeats)
        values = combine(rows.values[entries].repeat_interleave(repeats), by_column.values[offsets])
        flat.index_add_(0, places, values)
    return sums


def _cut_evenly(counts: Tensor) -> Iterator[slice]:
    """Cut entries into runs that meet about `STEP_ENTRIES` others; a run is never empty."""
    if len(counts) == 0:
        return
    runs = (counts.cumsum(0) - 1).clamp_min_(0) // STEP_ENTRIES
    bounds = [0, *(runs.diff().nonzero()[:, 0] + 1).tolist(), len(counts)]
    for start, stop in pairwise(bounds):
        yield slice(start, stop)


def _starts_of(lengths: Tensor) -> Tensor:
    return torch.cat([lengths.new_zeros(1), lengths.cumsum(0)])
