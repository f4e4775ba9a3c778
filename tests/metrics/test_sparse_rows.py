from unittest import mock

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidkit.metrics import sparse_rows
from reidkit.metrics.sparse_rows import SparseRows, combine_rows, join_rows, match_rows, sum_entries


def draw(seed: int, rows: int, columns: int) -> torch.Tensor:
    """Return a matrix of mostly zeros, some rows all zero."""
    generator = torch.Generator().manual_seed(seed)
    values = torch.rand(rows, columns, generator=generator, dtype=torch.float64)
    return values * (torch.rand(rows, columns, generator=generator) < 0.3)


def make_sparse(dense: torch.Tensor) -> SparseRows:
    columns = torch.where(dense != 0, torch.arange(dense.shape[1]), dense.shape[1])
    return sum_entries(columns, dense, dense.shape[1])


seeds = st.integers(0, 10**6)
sizes = st.integers(1, 9)


@settings(max_examples=50, deadline=None)
@given(seed=seeds, rows=sizes, columns=sizes)
def test_rows_keep_their_values_whole_in_parts_and_transposed(seed: int, rows: int, columns: int):
    dense = draw(seed, rows, columns)
    sparse = make_sparse(dense)
    assert (len(sparse), sparse.num_columns, len(sparse.values)) == (rows, columns, int((dense != 0).sum()))
    assert torch.equal(sparse.dense(), dense)
    assert torch.equal(sparse.transposed().dense(), dense.T)
    cut = rows // 2
    first, last = sparse.part(slice(0, cut)), sparse.part(slice(cut, None))
    assert torch.equal(last.dense(), dense[cut:])
    assert torch.equal(join_rows([first, last]).dense(), dense)


def test_entries_of_one_column_are_added():
    columns = torch.tensor([[2, 0, 2, 3], [3, 3, 3, 3]])  # 3 stands for none
    found = sum_entries(columns, torch.tensor([[1.0, 5, 2, 9], [9.0, 9, 9, 9]]), 3)
    assert found.dense().tolist() == [[5, 0, 3], [0, 0, 0]]
    assert found.columns.tolist() == [0, 2]


@settings(max_examples=50, deadline=None)
@given(seed=seeds, rows=sizes, columns=sizes, count=st.integers(1, 3), step=st.integers(1, 30))
def test_sums_of_rows_are_what_the_dense_product_gives(
    seed: int, rows: int, columns: int, count: int, step: int
):
    dense = draw(seed, rows, columns)
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randint(rows, (5, count), generator=generator)
    weights = torch.rand(5, count, generator=generator, dtype=torch.float64)
    with mock.patch.object(sparse_rows, "STEP_ENTRIES", step):
        found = combine_rows(make_sparse(dense), chosen, weights)
    torch.testing.assert_close(found.dense(), (weights[..., None] * dense[chosen]).sum(1))


@pytest.mark.parametrize("combine", [torch.minimum, torch.mul])
@settings(max_examples=50, deadline=None)
@given(seed=seeds, rows=sizes, others=sizes, columns=sizes, step=st.integers(1, 30))
def test_matches_are_what_the_dense_loop_gives(
    combine: object, seed: int, rows: int, others: int, columns: int, step: int
):
    one, other = draw(seed, rows, columns), draw(seed + 1, others, columns)
    with mock.patch.object(sparse_rows, "STEP_ENTRIES", step):
        found = match_rows(make_sparse(one), make_sparse(other).transposed(), combine)
    torch.testing.assert_close(found, combine(one[:, None], other[None]).sum(2))
