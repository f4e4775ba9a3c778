import math
from dataclasses import replace

import numpy as np
import pytest

from reidkit.core.errors import EvaluationError, ShapeError
from reidkit.metrics.averaged import MEASURES, AveragedScores, parse_splits
from tests.vis.scenes import make_scores


def test_mean_and_spread_of_two_splits_by_hand():
    # Rank-1 is 1/2 in the first split and 1 in the second, of three queries: each split counts alike.
    first = make_scores([1, 2], [1.0, 0.5])
    second = make_scores([1, 1, 1], [0.5, 0.5, 0.5])
    averaged = AveragedScores((0, 4), (first, second))
    assert averaged.mean("rank_1") == 0.75
    assert averaged.spread("rank_1") == pytest.approx(math.sqrt((0.25**2 + 0.25**2) / 1))  # n - 1
    assert averaged.mean("mean_ap") == pytest.approx((0.75 + 0.5) / 2)
    np.testing.assert_allclose(averaged.cmc, (first.cmc + second.cmc) / 2)


def test_summary_and_rows_hold_every_measure_and_every_split():
    scores = make_scores([1, 3], [1.0, 0.5])
    averaged = AveragedScores((2, 5, 7), (scores, scores, scores))
    summary = averaged.summary()
    assert set(MEASURES) <= set(summary)
    assert set(summary["spread"]) == set(MEASURES)
    assert summary["spread"]["rank_1"] == 0
    assert summary["averaged_splits"] == [2, 5, 7]
    assert summary["num_queries"] == 6
    assert summary["protocol"]["name"] == scores.protocol.name
    assert [row["split"] for row in averaged.rows()] == [2, 5, 7]
    assert averaged.rows()[0]["rank_1"] == scores.rank(1)


def test_one_split_has_no_spread():
    assert AveragedScores((0,), (make_scores([1], [1.0]),)).spread("mean_ap") == 0


def test_splits_under_two_protocols_or_none_are_not_averaged():
    scores = make_scores([1], [1.0])
    other = replace(scores, protocol=replace(scores.protocol, flip=True))
    with pytest.raises(
        EvaluationError, match=r"^Scores cannot be averaged, got 2 splits under 2 protocols\."
    ):
        AveragedScores((0, 1), (scores, other))
    with pytest.raises(EvaluationError, match="got 0 splits under 0 protocols"):
        AveragedScores((), ())
    with pytest.raises(ShapeError, match=r"^Scores have a wrong length, got 1\. Expected 2"):
        AveragedScores((0, 1), (scores,))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", list(range(20))),
        ("10", list(range(10))),
        ("0,3,7", [0, 3, 7]),
        ("0, 3", [0, 3]),
        ("0:20:2", list(range(0, 20, 2))),
        ("5:8", [5, 6, 7]),
        ("18:", [18, 19]),
    ],
)
def test_splits_are_read_in_every_form(text: str, expected: list[int]):
    assert parse_splits(text, 20) == expected


@pytest.mark.parametrize("text", ["0", "21", "3,3", "0,20", "-1,2", "some", "1:2:0", "20:", "1.5", ",", ""])
def test_splits_that_are_not_there_are_refused(text: str):
    with pytest.raises(
        EvaluationError, match=r"^Splits are not there, got '.*'\. Expected 'all', a number up"
    ):
        parse_splits(text, 20)
