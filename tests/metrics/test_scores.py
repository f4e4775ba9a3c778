import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from reidkit.core.errors import ShapeError
from reidkit.core.types import Sample
from reidkit.metrics.labels import Labels
from reidkit.metrics.protocols import PROTOCOLS
from reidkit.metrics.ranking import rank_distances
from reidkit.metrics.scores import RetrievalScores

# Five queries: matches at ranks (1), (2, 4), none, (7), (1, 2).
SCORES = RetrievalScores(
    protocol=PROTOCOLS["market1501"],
    num_gallery=12,
    max_rank=5,
    first_match_rank=np.array([1, 2, 0, 7, 1]),
    average_precision=np.array([1, (1 / 2 + 2 / 4) / 2, np.nan, 1 / 7, 1]),
    inverse_negative_penalty=np.array([1, 2 / 4, np.nan, 1 / 7, 1]),
    num_matches=np.array([1, 2, 0, 1, 2]),
)


def make_samples(*identities: object) -> tuple[Sample, ...]:
    return tuple(Sample((Path(f"{number}.jpg"),), who, number) for number, who in enumerate(identities))


def test_scores_count_queries_with_and_without_match():
    assert (SCORES.num_queries, SCORES.num_valid, SCORES.num_unmatched) == (5, 4, 1)
    assert SCORES.is_valid.tolist() == [True, True, False, True, True]


def test_scores_means_leave_out_the_unmatched():
    assert SCORES.mean_ap == pytest.approx((1 + 1 / 2 + 1 / 7 + 1) / 4, abs=1e-15)
    assert SCORES.mean_inp == pytest.approx((1 + 1 / 2 + 1 / 7 + 1) / 4, abs=1e-15)


def test_scores_curve_and_ranks_leave_out_the_unmatched():
    assert SCORES.cmc.tolist() == [2 / 4, 3 / 4, 3 / 4, 3 / 4, 3 / 4]
    assert [SCORES.rank(k) for k in (1, 2, 5, 6, 7, 100)] == [0.5, 0.75, 0.75, 0.75, 1, 1]


def test_scores_curve_agrees_with_ranks_at_every_place():
    assert SCORES.cmc.tolist() == [SCORES.rank(k) for k in range(1, SCORES.max_rank + 1)]


def test_summary_is_json_with_the_protocol():
    summary = json.loads(json.dumps(SCORES.summary(), allow_nan=False))
    assert summary["protocol"]["name"] == "market1501"
    assert summary["protocol"]["same_camera"] == "drop"
    assert {key: value for key, value in summary.items() if key.startswith("num_")} == {
        "num_queries": 5,
        "num_valid": 4,
        "num_unmatched": 1,
        "num_gallery": 12,
    }
    assert [summary[key] for key in ("rank_1", "rank_5", "rank_10")] == [0.5, 0.75, 1.0]
    assert summary["mean_ap"] == summary["mean_inp"] == SCORES.mean_ap


def test_query_rows_are_json_and_unmatched_is_null():
    rows = json.loads(json.dumps(SCORES.query_rows(make_samples(*"abcde")), allow_nan=False))
    assert len(rows) == 5
    assert rows[1] == {
        "path": "1.jpg",
        "identity": "b",
        "camera": 1,
        "num_matches": 2,
        "first_match_rank": 2,
        "average_precision": 0.5,
        "inverse_negative_penalty": 0.5,
    }
    assert rows[2]["num_matches"] == 0
    assert rows[2]["first_match_rank"] is None
    assert rows[2]["average_precision"] is None
    assert rows[2]["inverse_negative_penalty"] is None


def test_query_rows_of_labels_that_json_lacks_are_json():
    # An identity is any hashable value; a table read by numpy or pandas gives numpy integers.
    samples = make_samples(np.int64(3), "b", "c", "d", "e")
    assert len(json.dumps(SCORES.query_rows(samples))) > 100


def test_query_rows_of_another_number_of_queries_are_refused():
    with pytest.raises(ShapeError, match=r"^Query samples have a wrong length, got 4\. Expected 5"):
        SCORES.query_rows(make_samples(*"abcd"))


def test_scores_survive_pickle():
    again = pickle.loads(pickle.dumps(SCORES))
    assert again.summary() == SCORES.summary()
    np.testing.assert_array_equal(again.average_precision, SCORES.average_precision)


def test_scores_compare_without_an_error():
    # The equality that a record generates asks an array of several entries for its truth value.
    again = pickle.loads(pickle.dumps(SCORES))
    assert isinstance(again == SCORES, bool)


def test_scores_of_a_ranking_name_their_protocol_and_gallery():
    scores = rank_distances(np.zeros((1, 3)), Labels(["a"]), Labels(["b", "a", "a"]), PROTOCOLS["no-camera"])
    assert scores.protocol is PROTOCOLS["no-camera"]
    assert scores.num_gallery == 3
    # Ties in gallery order: ranks 2 and 3.
    assert scores.mean_ap == pytest.approx((1 / 2 + 2 / 3) / 2, abs=1e-15)
    assert scores.mean_inp == pytest.approx(2 / 3, abs=1e-15)
