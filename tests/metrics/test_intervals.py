from dataclasses import replace

import numpy as np
import pytest

from reidkit.core.types import Protocol
from reidkit.metrics.bootstrap import bootstrap_mean
from reidkit.metrics.intervals import details_json, score_intervals
from reidkit.metrics.labels import Labels
from reidkit.metrics.ranking import rank_distances

DISTANCES = np.array([[0.0, 1, 2], [0, 1, 2], [1, 2, 0], [0, 1, 2]])
LABELS = Labels(["a", "b", "c", "z"]), Labels(["a", "b", "c"])


def test_intervals_lie_around_the_means_and_leave_out_what_is_skipped():
    scores = rank_distances(DISTANCES, *LABELS, Protocol("own"))
    found = score_intervals(scores)
    for measure, mean in (
        ("rank_1", scores.rank(1)),
        ("mean_ap", scores.mean_ap),
        ("rank_5", scores.rank(5)),
    ):
        assert found[measure].mean == pytest.approx(mean)
        assert found[measure].low <= mean <= found[measure].high
        assert found[measure].num_queries == 3
    assert found["mean_ap"] == bootstrap_mean(np.array([1, 0.5, 1]))


def test_queries_that_count_as_zero_are_drawn_too():
    scores = rank_distances(DISTANCES, *LABELS, Protocol("own", unmatched_queries="zero"))
    found = score_intervals(scores)
    assert found["mean_ap"].num_queries == 4
    assert found["mean_ap"].mean == pytest.approx(scores.mean_ap)
    assert found["rank_1"] == bootstrap_mean(np.array([1, 0, 1, 0.0]))


def test_random_galleries_count_by_their_share():
    scores = rank_distances(DISTANCES, *LABELS, Protocol("own"))
    shots = np.array([[1, 2], [2, 2], [1, 1], [0, 0]])
    drawn = replace(scores, protocol=Protocol("own", single_shot_repeats=2), single_shot_ranks=shots)
    assert drawn.found_within(1).tolist() == [0.5, 0, 1, 0]
    assert score_intervals(drawn)["rank_1"].mean == pytest.approx(drawn.rank(1)) == 0.5


def test_details_hold_precision_and_recall_at_each_k():
    scores = rank_distances(DISTANCES, *LABELS, Protocol("own"))
    details = details_json(scores)
    assert details["precision_at"]["1"] == scores.precision(1) == pytest.approx(2 / 3)
    assert details["recall_at"]["5"] == 1
    assert set(details["intervals"]["mean_ap"]) == {"mean", "low", "high", "confidence", "num_queries"}
