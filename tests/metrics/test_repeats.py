"""Equal gallery rows tie exactly, and the gallery is never copied for it."""

import numpy as np
import pytest
import torch

from reidkit.metrics.blocks import DescriptorBlocks


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("dim", [7, 64])
def test_equal_rows_have_equal_keys(distance, dtype, dim):
    generator = torch.Generator().manual_seed(0)
    distinct = torch.randn(37, dim, generator=generator, dtype=dtype)
    distinct[:, 0] = 0
    rows = torch.randint(37, (500,), generator=generator)
    gallery = distinct[rows]
    gallery[::2, 0] = -0.0  # equal to zero, in other bits
    query = torch.randn(9, dim, generator=generator, dtype=dtype)
    keys = DescriptorBlocks(query, gallery, distance).keys(slice(0, 9))
    for row in range(37):
        same = keys[:, (rows == row).numpy()]
        assert same.shape[1] > 1
        np.testing.assert_array_equal(same, np.repeat(same[:, :1], same.shape[1], axis=1))


def test_distinct_gallery_is_not_copied():
    gallery = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    blocks = DescriptorBlocks(gallery[:2], gallery, "cosine")
    assert blocks._repeats is None
    assert blocks._gallery.data_ptr() == gallery.data_ptr()
