"""Candidates sorted again, against a loop with Python's stable sort."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidkit.core.errors import CatalogError
from reidkit.metrics.blocks import DescriptorBlocks
from reidkit.metrics.candidates import ResortedBlocks, find_candidates


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    top=st.integers(1, 12),
    weight=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    distance=st.sampled_from(["cosine", "euclidean"]),
)
def test_the_top_is_sorted_by_both_and_the_rest_stays(seed: int, top: int, weight: float, distance: str):
    random = np.random.default_rng(seed)
    # Few values: many equal distances, also at the edge of the top.
    query, gallery = (
        torch.from_numpy(random.integers(1, 3, (rows, 2)).astype(np.float32)) for rows in (3, 9)
    )
    blocks = DescriptorBlocks(query, gallery, distance)
    candidates = find_candidates(blocks, top)
    count = min(top, 9)
    second = random.integers(0, 3, (3, count)) / 2
    resorted = ResortedBlocks(blocks, candidates, second, weight)
    keys, distances = resorted.keys(slice(0, 3)), blocks.distances(slice(0, 3)).astype(float)
    plain = blocks.keys(slice(0, 3))
    for number in range(3):
        order = sorted(range(9), key=lambda row: plain[number, row])
        nearest = sorted(order[:count])
        mixed = {
            row: (1 - weight) * distances[number, row] + weight * second[number, place]
            for place, row in enumerate(nearest)
        }
        expected = sorted(nearest, key=mixed.__getitem__) + order[count:]
        # The rest ties by gallery order too, which is the order that it has.
        assert np.argsort(keys[number], kind="stable").tolist() == expected
        assert keys[number, nearest].tolist() == pytest.approx([mixed[row] for row in nearest])


def test_values_out_of_range_are_refused():
    blocks = DescriptorBlocks(torch.eye(2), torch.eye(2), "cosine")
    with pytest.raises(CatalogError, match="Number of candidates is too small, got 0"):
        find_candidates(blocks, 0)
    with pytest.raises(CatalogError, match=r"Weight of the second distance is out of range, got 1\.5"):
        ResortedBlocks(blocks, find_candidates(blocks, 1), np.zeros((2, 1)), 1.5)
