"""The counting, blocked, threaded ranking against the definition, over everything that can tie."""

from fractions import Fraction
from math import isqrt
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from reidkit.core.errors import EvaluationError
from reidkit.core.types import Protocol
from reidkit.metrics import blocks, counting, ranking
from reidkit.metrics.labels import Labels
from reidkit.metrics.matches import BlockMatches
from reidkit.metrics.ranking import rank_distances, rank_gallery
from reidkit.metrics.scores import RetrievalScores
from tests.metrics import naive
from tests.metrics.problems import Problem, exact_descriptors, problems, tied_distances

MANY_EXAMPLES = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def exact_distances(query: torch.Tensor, gallery: torch.Tensor, protocol: Protocol) -> list[list[Fraction]]:
    """Return what orders as the distance does, in whole numbers and fractions: no rounding at all."""

    def distance(one: list[int], other: list[int]) -> Fraction:
        if protocol.distance != "cosine":  # the square orders as the distance does
            return Fraction(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)))
        lengths = [isqrt(sum(a * a for a in row)) for row in (one, other)]
        dot = sum(a * b for a, b in zip(one, other, strict=True))
        return 1 - Fraction(dot, lengths[0] * lengths[1]) if dot else Fraction(1)

    return [[distance(q, g) for g in gallery.long().tolist()] for q in query.long().tolist()]


def assert_equal_rows(scores: RetrievalScores, expected: list[naive.NaiveRow], max_rank: int) -> None:
    assert scores.first_match_rank.tolist() == [row.first_match_rank for row in expected]
    assert scores.num_matches.tolist() == [row.num_matches for row in expected]
    for actual, row in zip(scores.average_precision, expected, strict=True):
        assert (
            np.isnan(actual) if row.average_precision is None else abs(actual - row.average_precision) < 1e-12
        )
    for actual, row in zip(scores.inverse_negative_penalty, expected, strict=True):
        assert np.isnan(actual) if row.num_matches == 0 else actual == row.inverse_negative_penalty
    assert scores.cmc.shape == (max_rank,)
    if scores.protocol.single_shot_repeats:
        assert scores.single_shot_ranks is not None
        drawn = scores.single_shot_ranks[scores.is_valid]
        # A gallery of one image per identity is part of the whole one, with another right image.
        assert ((drawn >= 1) & (drawn <= scores.num_gallery)).all()
        return
    counted = len(expected) if scores.protocol.unmatched_queries == "zero" else scores.num_valid
    curve = np.array(naive.cmc(expected, max_rank)) * scores.num_valid / counted
    np.testing.assert_allclose(scores.cmc, curve, rtol=0, atol=1e-12)
    for k in (1, 3):
        found = [sum(rank <= k for rank in row.ranks) for row in expected if row.num_matches]
        assert scores.precision(k) == pytest.approx(sum(found) / k / counted, abs=1e-12)
        counts = [row.num_matches for row in expected if row.num_matches]
        shares = [one / count for one, count in zip(found, counts, strict=True)]
        assert scores.recall(k) == pytest.approx(sum(shares) / counted, abs=1e-12)


def check_distances(problem: Problem, distances: np.ndarray) -> None:
    expected = naive.score(distances.tolist(), problem.query, problem.gallery, problem.protocol)
    arguments = (problem.query, problem.gallery, problem.protocol)
    if not any(row.num_matches for row in expected):
        with pytest.raises(EvaluationError, match=rf"^0 of {len(problem.query)} queries can be scored\."):
            rank_distances(distances, *arguments, max_rank=problem.max_rank)
        return
    scores = rank_distances(distances, *arguments, max_rank=problem.max_rank)
    assert_equal_rows(scores, expected, problem.max_rank)


@MANY_EXAMPLES
@given(st.data())
def test_rank_distances_equals_the_definition(data: st.DataObject):
    problem = data.draw(problems())
    check_distances(problem, data.draw(tied_distances(problem)))


@MANY_EXAMPLES
@given(st.data(), st.sampled_from([torch.float32, torch.float64]))
def test_rank_gallery_equals_the_definition_in_exact_arithmetic(data: st.DataObject, dtype: torch.dtype):
    problem = data.draw(problems())
    query = data.draw(exact_descriptors(len(problem.query), dtype))
    gallery = data.draw(exact_descriptors(len(problem.gallery), dtype))
    expected = naive.score(
        exact_distances(query, gallery, problem.protocol), problem.query, problem.gallery, problem.protocol
    )
    arguments = (query, gallery, problem.query, problem.gallery, problem.protocol)
    if not any(row.num_matches for row in expected):
        with pytest.raises(EvaluationError, match=rf"^0 of {len(problem.query)} queries can be scored\."):
            rank_gallery(*arguments, max_rank=problem.max_rank)
        return
    scores = rank_gallery(*arguments, max_rank=problem.max_rank)
    assert_equal_rows(scores, expected, problem.max_rank)


@settings(max_examples=100, deadline=None)
@given(st.data(), st.integers(1, 200), st.integers(1, 5))
def test_block_size_and_threads_change_nothing(data: st.DataObject, block_bytes: int, threads: int):
    problem = data.draw(problems())
    with (
        mock.patch.object(blocks, "BLOCK_BYTES", block_bytes),
        mock.patch.object(torch, "get_num_threads", return_value=threads),
    ):
        check_distances(problem, data.draw(tied_distances(problem)))


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize("same_camera", ["drop", "keep"])
def test_random_descriptors_equal_the_definition_on_separately_computed_distances(
    distance: str, same_camera: str
):
    random = np.random.default_rng(0)
    query, gallery = random.standard_normal((40, 16)), random.standard_normal((400, 16))
    query_labels = Labels(random.integers(0, 12, 40).tolist(), random.integers(0, 3, 40).tolist())
    gallery_labels = Labels(random.integers(0, 14, 400).tolist(), random.integers(0, 3, 400).tolist())
    protocol = Protocol(name="own", same_camera=same_camera, distance=distance)
    if distance == "cosine":
        unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (query, gallery)]
        distances = 1 - unit[0] @ unit[1].T
    else:
        distances = np.linalg.norm(query[:, None] - gallery[None], axis=2)
    # Far from a tie, so that another order of summation cannot change the ranking.
    assert np.diff(np.sort(distances, axis=1), axis=1).min() > 1e-12
    expected = naive.score(distances.tolist(), query_labels, gallery_labels, protocol)
    assert sum(row.num_matches for row in expected) > 500
    with mock.patch.object(blocks, "BLOCK_BYTES", 7 * 400 * 8):  # seven queries per block
        scores = rank_gallery(
            torch.from_numpy(query), torch.from_numpy(gallery), query_labels, gallery_labels, protocol
        )
    assert_equal_rows(scores, expected, 50)


@MANY_EXAMPLES
@given(st.data(), st.sampled_from([1, 3, 1000]))
def test_sorting_and_passes_both_equal_the_definition(data: st.DataObject, many: int):
    problem = data.draw(problems())
    with mock.patch.object(counting, "MANY_ROWS", many):
        check_distances(problem, data.draw(tied_distances(problem)))


@MANY_EXAMPLES
@given(st.data(), st.sampled_from([torch.float32, torch.float64]))
def test_keys_that_stay_on_a_device_give_the_same_scores(data: st.DataObject, dtype: torch.dtype):
    problem = data.draw(problems())
    descriptors = (
        data.draw(exact_descriptors(len(problem.query), dtype)),
        data.draw(exact_descriptors(len(problem.gallery), dtype)),
    )
    arguments = (*descriptors, problem.query, problem.gallery, problem.protocol)
    try:
        on_cpu = rank_gallery(*arguments, max_rank=problem.max_rank)
    except EvaluationError:
        assume(False)
    counted_there = mock.Mock(wraps=counting.count_before_on_device)
    with (
        mock.patch.object(ranking, "_stays_on_device", return_value=True),
        mock.patch.object(ranking, "count_before_on_device", counted_there),
    ):
        on_device = rank_gallery(*arguments, max_rank=problem.max_rank)
    assert counted_there.called
    for name in ("first_match_rank", "average_precision", "num_matches", "match_ranks", "single_shot_ranks"):
        np.testing.assert_array_equal(getattr(on_device, name), getattr(on_cpu, name))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("spread", ["even", "one far away", "tiny differences", "infinite", "all equal"])
def test_a_long_row_equals_a_stable_sort(dtype: type, spread: str):
    random = np.random.default_rng(1)
    distances = random.integers(0, 3_000, (1, 6_000)).astype(dtype)  # many ties
    if spread == "one far away":
        distances[0, 17] = 1e30
    elif spread == "tiny differences":
        distances = 1 + distances * np.finfo(dtype).eps
    elif spread == "infinite":
        distances[0, ::2] = np.inf
    elif spread == "all equal":
        distances[:] = 0.5
    places = np.empty(6_000, np.int64)
    places[np.argsort(distances[0], kind="stable")] = np.arange(6_000)
    rows = np.arange(5, 6_000, 13)
    queries = np.zeros(len(rows), np.int64)
    np.testing.assert_array_equal(counting.count_before(distances, queries, rows), places[rows])
    counted = counting.count_before_on_device(torch.from_numpy(distances), queries, rows)
    np.testing.assert_array_equal(counted, places[rows])
    is_right = rows % 7 != 0
    ranks = ranking.ranks_that_count(places[rows], BlockMatches(queries, rows, is_right))
    ignored = places[rows[~is_right]]
    expected = [place - (ignored < place).sum() + 1 for place in places[rows[is_right]]]
    np.testing.assert_array_equal(ranks, np.sort(expected))
