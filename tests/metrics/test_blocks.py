from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import pairwise

from reidkit.core.errors import EvaluationError, ShapeError
from reidkit.metrics import blocks
from reidkit.metrics.blocks import DescriptorBlocks, cut_rows

REFERENCES = {"cosine": pairwise.cosine_distances, "euclidean": pairwise.euclidean_distances}


def draw(rows: int, *, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 3 * torch.randn(rows, 16, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("distance", REFERENCES)
def test_distances_of_each_block_equal_scikit_learn(distance: str):
    query, gallery = draw(11, seed=0), draw(23, seed=1)
    cut = DescriptorBlocks(query, gallery, distance)
    assert cut.shape == (11, 23)
    with mock.patch.object(blocks, "BLOCK_BYTES", 4 * 23 * 8):
        parts = [cut.distances(rows) for rows in cut.row_slices()]
    assert [len(part) for part in parts] == [4, 4, 3]
    expected = REFERENCES[distance](query.numpy(), gallery.numpy())
    np.testing.assert_allclose(np.concatenate(parts), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("distance", REFERENCES)
def test_keys_order_the_gallery_as_the_distance_does(distance: str):
    query, gallery = draw(11, seed=2), draw(23, seed=3)
    keys = DescriptorBlocks(query, gallery, distance).keys(slice(0, 11))
    expected = REFERENCES[distance](query.numpy(), gallery.numpy())
    assert np.diff(np.sort(expected, axis=1), axis=1).min() > 1e-9
    assert (np.argsort(keys, axis=1) == np.argsort(expected, axis=1)).all()


@pytest.mark.parametrize("distance", REFERENCES)
def test_distances_of_equal_descriptors_are_near_zero_and_never_negative(distance: str):
    rows = draw(50, seed=4).float()
    own = DescriptorBlocks(rows, rows, distance).distances(slice(0, 50)).diagonal()
    assert (own >= 0).all()
    assert own.max() < 0.02  # sqrt(eps) of a length near 12, a few times


def test_blocks_refuse_what_is_not_finite_or_does_not_fit():
    with pytest.raises(EvaluationError, match=r"^Gallery descriptors are not finite in 1 of 2 rows"):
        DescriptorBlocks(torch.ones(2, 2), torch.tensor([[1.0, 1.0], [1.0, torch.nan]]), "cosine")
    with pytest.raises(ShapeError, match=r"^Query and gallery descriptors differ, got torch\.float32 of"):
        DescriptorBlocks(torch.ones(2, 2), torch.ones(2, 3), "cosine")


@given(st.integers(1, 50), st.integers(1, 50), st.sampled_from([2, 4, 8]), st.integers(1, 2000))
def test_cut_rows_covers_each_query_once_within_the_bytes(queries: int, gallery: int, item: int, limit: int):
    with mock.patch.object(blocks, "BLOCK_BYTES", limit):
        slices = list(cut_rows(queries, gallery, item))
    assert [row for rows in slices for row in range(rows.start, rows.stop)] == list(range(queries))
    sizes = [rows.stop - rows.start for rows in slices]
    # A single query may take more than the limit; several may not.
    assert all(size == 1 or size * gallery * item <= limit for size in sizes)
    # No block but the last could have taken one more.
    assert all((size + 1) * gallery * item > limit for size in sizes[:-1])


def test_cut_rows_takes_no_more_queries_than_a_product_needs():
    assert [rows.stop - rows.start for rows in cut_rows(1_100, 3, 4)] == [512, 512, 76]
