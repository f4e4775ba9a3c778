"""Scores by attribute: a table by hand, and attributes that make no table."""

import numpy as np
import pytest

from reidkit.core.errors import ShapeError
from reidkit.core.types import Protocol
from reidkit.metrics.attribute_scores import AttributeScore, score_attributes
from reidkit.metrics.scores import RetrievalScores


def scores(first: list[int]) -> RetrievalScores:
    ranks = np.array(first)
    precision = np.where(ranks > 0, 1 / np.maximum(ranks, 1), np.nan)
    return RetrievalScores(Protocol(name="own"), 4, 5, ranks, precision, precision, (ranks > 0).astype(int))


def test_rows_by_hand():
    queries = [{"hat": "red"}, {"hat": "red"}, {"hat": "no"}, {"hat": "no"}, {}]
    gallery = [{"hat": "red"}, {"hat": "red"}, {"hat": "no"}, {}]
    # Query 0 is right; 1 takes a red hat for its own; 2 takes a red hat; 3 has no match; 4 has no hat known.
    found = score_attributes(scores([1, 2, 4, 0, 1]), queries, gallery, [0, 1, 0, 3, 2])
    assert found == [
        AttributeScore("hat", "no", 1, 0.0, 0.25, 1, 0.0, pytest.approx(1 / 3)),
        AttributeScore("hat", "red", 2, 0.5, 0.75, 1, 1.0, pytest.approx(2 / 3)),
    ]


def test_wrong_images_without_the_attribute_say_nothing():
    queries, gallery = [{"hat": 1}, {"hat": 2}], [{}, {}, {}, {}]
    found = score_attributes(scores([2, 2]), queries, gallery, [0, -1])
    assert [(row.num_wrong, row.alike, row.expected) for row in found] == [(0, None, 0.0)] * 2


@pytest.mark.parametrize("values", [["x"] * 30, [f"name {number}" for number in range(30)], [0.5, 1.5] * 15])
def test_attributes_of_one_or_of_many_values_make_no_table(values: list):
    rows = [{"own": value} for value in values]
    assert score_attributes(scores([1] * 30), rows, [{}] * 4, [0] * 30) == []


def test_lists_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match=r"^First answers have a wrong length, got 1\. Expected 2"):
        score_attributes(scores([1, 1]), [{}, {}], [{}] * 4, [0])
    with pytest.raises(ShapeError, match=r"^Query attributes have a wrong length, got 1"):
        score_attributes(scores([1, 1]), [{}], [{}] * 4, [0, 0])
    with pytest.raises(ShapeError, match=r"^Gallery attributes have a wrong length, got 1"):
        score_attributes(scores([1, 1]), [{}, {}], [{}], [0, 0])
