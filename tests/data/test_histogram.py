from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidkit.data.histogram import HistogramBar, draw_histograms, make_histogram


@given(st.lists(st.integers(1, 5000), min_size=1))
def test_every_identity_is_in_one_bar_and_there_are_no_gaps(counts):
    bars = make_histogram(counts)
    assert sum(bar.identities for bar in bars) == len(counts)
    for bar in bars:
        assert bar.identities == sum(bar.least <= count <= bar.most for count in counts)
    assert all(after.least == bar.most + 1 for bar, after in pairwise(bars))
    assert bars[0].identities
    assert bars[-1].identities
    assert len(bars) <= 14


@pytest.mark.parametrize(
    ("counts", "labels"),
    [
        ([], []),
        ([24] * 7, ["24"]),
        ([1, 10], [str(number) for number in range(1, 11)]),
        ([1, 11], ["1", "2", "3-4", "5-8", "9-16"]),
        ([5, 20], ["5-8", "9-16", "17-32"]),
        ([4, 16], ["3-4", "5-8", "9-16"]),
    ],
)
def test_bars(counts, labels):
    assert [bar.label for bar in make_histogram(counts)] == labels


def test_drawing_is_in_proportion_and_splits_alike_are_drawn_once():
    bars = (HistogramBar(1, 1, 80), HistogramBar(2, 2, 0), HistogramBar(3, 4, 1), HistogramBar(5, 8, 40))
    lines = draw_histograms({"train": (HistogramBar(6, 6, 3),), "query": bars, "gallery": bars, "other": ()})
    assert lines == [
        "images per identity in train, and how many identities have so many:",
        "  6  3  " + 40 * "#",
        "images per identity in query and gallery, and how many identities have so many:",
        "    1  80  " + 40 * "#",
        "    2   0",
        "  3-4   1  #",
        "  5-8  40  " + 20 * "#",
    ]
