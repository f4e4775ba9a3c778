"""Rankings against Torchreid 1.4.0 and FastReID 1.3, whose outputs are stored beside this file.

Each case holds a distance matrix, identities, cameras and what the library made of them. Torchreid's
numbers are those of its Python metric with a stable sort: its own sort orders ties by the processor.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reidkit.metrics.labels import Labels
from reidkit.metrics.protocols import PROTOCOLS
from reidkit.metrics.ranking import rank_distances
from reidkit.metrics.scores import RetrievalScores

HERE = Path(__file__).parent


def load(name: str) -> dict[str, dict[str, np.ndarray]]:
    cases: dict[str, dict[str, np.ndarray]] = {}
    with np.load(HERE / name) as stored:
        for key in stored.files:
            case, _, field = key.partition("/")
            cases.setdefault(case, {})[field] = stored[key]
    return cases


TORCHREID = {**load("torchreid/ranking.npz"), **load("torchreid/ranking_large.npz")}
RAGGED = TORCHREID.pop("ragged_failure")
SINGLE_SHOT = load("torchreid/single_shot.npz")
FASTREID = {**load("fastreid/ranking.npz"), **load("fastreid/ranking_large.npz")}


def rank(case: dict[str, np.ndarray]) -> RetrievalScores:
    query = Labels(case["q_pids"].tolist(), case["q_camids"].tolist())
    gallery = Labels(case["g_pids"].tolist(), case["g_camids"].tolist())
    return rank_distances(
        # Of the large cases the order is stored, as whole numbers: no score depends on more.
        case["distmat"] if case["distmat"].dtype.kind == "f" else case["distmat"].astype(np.float32),
        query,
        gallery,
        PROTOCOLS["market1501"],
        max_rank=int(case["max_rank"]),
    )


def test_stored_cases_are_all_there():
    assert len(TORCHREID) == 12
    assert len(FASTREID) == 8
    with_ties = [
        name
        for name, case in TORCHREID.items()
        if any(len(np.unique(row)) < len(row) for row in case["distmat"])
    ]
    assert len(with_ties) == 5
    # FastReID's sort is not stable either, so none of its cases may tie; in the large one two do, without
    # effect on a score.
    for name, case in FASTREID.items():
        tied = sum(len(np.unique(row)) < len(row) for row in case["distmat"])
        assert tied == (2 if name == "case2_large" else 0)


@pytest.mark.parametrize("name", TORCHREID)
def test_ranking_equals_torchreid(name: str):
    case = TORCHREID[name]
    scores = rank(case)
    assert scores.mean_ap == pytest.approx(float(case["mAP_stable"]), abs=1e-12)
    assert scores.num_valid == int(case["num_valid_q"])
    # Torchreid cuts its curve at the size of the gallery; ours goes on at its last value.
    expected = case["cmc_stable"]
    np.testing.assert_allclose(scores.cmc[: len(expected)], expected, rtol=0, atol=1e-6)
    assert (scores.cmc[len(expected) :] == scores.cmc[len(expected) - 1]).all()


@pytest.mark.parametrize("name", FASTREID)
def test_ranking_equals_fastreid(name: str):
    case = FASTREID[name]
    scores = rank(case)
    assert scores.mean_ap == pytest.approx(float(case["mAP"]), abs=1e-12)
    assert scores.mean_inp == pytest.approx(float(case["mINP"]), abs=1e-12)
    valid = scores.is_valid
    np.testing.assert_allclose(scores.average_precision[valid], case["all_AP"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(scores.inverse_negative_penalty[valid], case["all_INP"], rtol=0, atol=1e-12)
    expected = case["cmc"]
    np.testing.assert_allclose(scores.cmc[: len(expected)], expected, rtol=0, atol=1e-6)


def test_some_stored_queries_have_no_match():
    assert rank(TORCHREID["c08_no_match"]).num_unmatched == 8
    assert rank(FASTREID["case3_missing_ids"]).num_unmatched == 13


def test_ranking_answers_where_torchreid_raises():
    # Three queries, six images, one of them left out for the first query only: Torchreid stacks curves of
    # different length and raises; its compiled twin answers a curve that falls at its end.
    assert "inhomogeneous shape" in str(RAGGED["python_error"])
    scores = rank(RAGGED)
    # The rows of each query by distance, right ones in brackets:
    # query 0 (identity 1): [1], 5, 3, (0: left out), 4, 2: rank 1.
    # query 1 (identity 2): 4, [2], 5, 1, 0, [3]: ranks 2 and 6.
    # query 2 (identity 3): 3, [4], 0, 2, [5], 1: ranks 2 and 5.
    assert scores.first_match_rank.tolist() == [1, 2, 2]
    assert scores.cmc[:6].tolist() == [1 / 3, 1, 1, 1, 1, 1]
    precisions = [1, (1 / 2 + 2 / 6) / 2, (1 / 2 + 2 / 5) / 2]
    np.testing.assert_allclose(scores.average_precision, precisions, rtol=0, atol=1e-15)
    np.testing.assert_allclose(scores.inverse_negative_penalty, [1, 2 / 6, 2 / 5], rtol=0, atol=1e-15)


def test_falling_curve_of_torchreids_compiled_twin_is_corrected():
    # Torchreid's Cython answers this: a curve that falls is no cumulative one. The right one is above.
    wrong = RAGGED["cmc_cython_wrong"].tolist()
    np.testing.assert_allclose(wrong, [1 / 3, 1, 1, 1, 1, 2 / 3], rtol=0, atol=1e-6)
    assert (np.diff(rank(RAGGED).cmc) >= 0).all()


@pytest.mark.parametrize("name", ["cuhk03_0", "cuhk03_1", "cuhk03_2"])
def test_single_shot_equals_torchreid_on_average(name: str):
    case = SINGLE_SHOT[name]
    query = Labels(case["q_pids"].tolist(), case["q_camids"].tolist())
    gallery = Labels(case["g_pids"].tolist(), case["g_camids"].tolist())
    length = len(case["cmc_mean_200_seeds"])
    protocol = replace(PROTOCOLS["cuhk03-single-shot"], single_shot_repeats=1000)
    # Torchreid sorts unstably, so its own order stands for the distances: one case has ties.
    scores = rank_distances(case["places"].astype(np.float32), query, gallery, protocol, max_rank=length)
    # AP judges the whole gallery, so it does not depend on the draw.
    assert scores.mean_ap == pytest.approx(float(case["mAP"]), abs=1e-12)
    # Torchreid's mean over 200 seeds has a standard error of its spread over sqrt(200); ours is smaller.
    error = case["cmc_std_200_seeds"] * np.sqrt(1 / 200 + 10 / 1000)
    assert (np.abs(scores.cmc - case["cmc_mean_200_seeds"]) <= 5 * error + 1e-6).all()
    assert 0 < scores.rank_spread(1) < 0.5


def test_trapezoid_is_below_the_rectangle_and_equal_only_where_perfect():
    gallery, query = Labels([1, 2, 1], [1, 1, 1]), Labels([1], [0])
    protocol = PROTOCOLS["market1501-trapezoid"]
    # Ranks 1 and 3: ((1 + 1) / 2 + (1 / 2 + 2 / 3) / 2) / 2.
    assert rank_distances(np.array([[0.1, 0.2, 0.3]]), query, gallery, protocol).mean_ap == pytest.approx(
        (1 + 7 / 12) / 2, abs=1e-15
    )
    assert rank_distances(np.array([[0.1, 0.3, 0.2]]), query, gallery, protocol).mean_ap == 1


def test_unmatched_query_and_junk_count_as_in_the_matlab_code():
    gallery, query = Labels([-1, 1, 0], [1, 1, 1]), Labels([1, 9], [0, 0])
    distances = np.array([[0.1, 0.2, 0.3], [0.1, 0.2, 0.3]])
    scores = rank_distances(distances, query, gallery, PROTOCOLS["market1501-trapezoid"])
    assert (scores.mean_ap, scores.rank(1), scores.cmc[0]) == (0.5, 0.5, 0.5)  # -1 is passed over
    usual = rank_distances(distances, query, gallery, PROTOCOLS["market1501"])
    assert (usual.mean_ap, usual.rank(1), usual.num_unmatched) == (0.5, 0, 1)  # -1 is a wrong answer
