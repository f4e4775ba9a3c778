"""What holds for a ranking under every protocol of the catalog."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reidkit.core.errors import EvaluationError
from reidkit.core.types import DistanceName, Protocol
from reidkit.metrics.labels import Labels
from reidkit.metrics.protocols import PROTOCOLS
from reidkit.metrics.ranking import rank_distances, rank_gallery
from reidkit.metrics.scores import RetrievalScores
from tests.metrics import naive

EVERY = [pytest.param(protocol, id=key) for key, protocol in PROTOCOLS.items()]


def test_contract_covers_the_catalog():
    assert len(EVERY) == len(PROTOCOLS) >= 10


def best(scores: RetrievalScores) -> float:
    """Return what a mean is where every query that has a match is answered perfectly."""
    return scores.num_valid / scores.num_queries if scores.protocol.unmatched_queries == "zero" else 1


def draw_problem(seed: int) -> tuple[np.ndarray, Labels, Labels]:
    """Return distances that do not tie, and labels where some queries have no match."""
    random = np.random.default_rng(seed)
    num_queries, num_gallery = random.integers(1, 6), random.integers(1, 30)
    distances = random.permutation(num_queries * num_gallery).reshape(num_queries, num_gallery) / 7
    query, gallery = (
        Labels(
            random.integers(0, 4, size).tolist(),
            [None if camera == 0 else int(camera) for camera in random.integers(0, 4, size)],
        )
        for size in (num_queries, num_gallery)
    )
    return distances, query, gallery


def rank_or_none(
    distances: np.ndarray, query: Labels, gallery: Labels, protocol: Protocol
) -> RetrievalScores | None:
    try:
        return rank_distances(distances, query, gallery, protocol)
    except EvaluationError:
        return None


def assert_same_answers(one: RetrievalScores, other: RetrievalScores) -> None:
    for name in ("first_match_rank", "num_matches", "average_precision", "inverse_negative_penalty"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("protocol", EVERY)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_scores_lie_in_their_ranges(protocol: Protocol, seed: int):
    distances, query, gallery = draw_problem(seed)
    scores = rank_or_none(distances, query, gallery, protocol)
    assume(scores is not None)
    valid = scores.is_valid
    assert valid.any()
    for values in (scores.average_precision, scores.inverse_negative_penalty):
        assert ((values[valid] > 0) & (values[valid] <= 1)).all()
        assert np.isnan(values[~valid]).all()
    assert ((scores.first_match_rank[valid] >= 1) & (scores.first_match_rank[valid] <= len(gallery))).all()
    assert (scores.first_match_rank[~valid] == 0).all()
    assert ((scores.cmc >= 0) & (scores.cmc <= 1)).all()
    assert (np.diff(scores.cmc) >= 0).all()
    assert scores.cmc[-1] == pytest.approx(best(scores))  # a curve of 50 is longer than any gallery here


@pytest.mark.parametrize("protocol", EVERY)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_perfect_ranking_scores_one(protocol: Protocol, seed: int):
    distances, query, gallery = draw_problem(seed)
    is_match = np.array(query.identities)[:, None] == np.array(gallery.identities)
    scores = rank_or_none(distances - 1000 * is_match, query, gallery, protocol)
    assume(scores is not None)
    means = [scores.mean_ap, scores.mean_inp, scores.rank(1), *scores.cmc]
    np.testing.assert_allclose(means, best(scores), rtol=0, atol=1e-12)


@pytest.mark.parametrize("protocol", EVERY)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_gallery_order_does_not_matter_without_ties(protocol: Protocol, seed: int):
    distances, query, gallery = draw_problem(seed)
    scores = rank_or_none(distances, query, gallery, protocol)
    assume(scores is not None)
    order = np.random.default_rng(seed).permutation(len(gallery)).tolist()
    shuffled = Labels([gallery.identities[row] for row in order], [gallery.cameras[row] for row in order])
    assert_same_answers(scores, rank_distances(distances[:, order], query, shuffled, protocol))


@pytest.mark.parametrize("protocol", EVERY)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), tied=st.booleans())
def test_another_identity_put_last_changes_nothing(protocol: Protocol, seed: int, tied: bool):
    distances, query, gallery = draw_problem(seed)
    scores = rank_or_none(distances, query, gallery, protocol)
    assume(scores is not None)
    # As far as the farthest, and behind it in the gallery; or farther.
    last = distances.max(axis=1, keepdims=True) + (0 if tied else 1)
    longer = Labels([*gallery.identities, "stranger"], [*gallery.cameras, 1])
    assert_same_answers(scores, rank_distances(np.hstack([distances, last]), query, longer, protocol))


@pytest.mark.parametrize("protocol", EVERY)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_another_identity_put_first_costs_each_query_one_rank(protocol: Protocol, seed: int):
    distances, query, gallery = draw_problem(seed)
    scores = rank_or_none(distances, query, gallery, protocol)
    assume(scores is not None)
    longer = Labels(["stranger", *gallery.identities], [1, *gallery.cameras])
    first = np.full((len(query), 1), -1.0)
    worse = rank_distances(np.hstack([first, distances]), query, longer, protocol)
    valid = scores.is_valid
    np.testing.assert_array_equal(worse.first_match_rank[valid], scores.first_match_rank[valid] + 1)
    assert (worse.average_precision[valid] < scores.average_precision[valid]).all()


@pytest.mark.parametrize("protocol", EVERY)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_queries_does_not_matter(protocol: Protocol, seed: int):
    distances, query, gallery = draw_problem(seed)
    scores = rank_or_none(distances, query, gallery, protocol)
    assume(scores is not None)
    turned = Labels(query.identities[::-1], query.cameras[::-1])
    again = rank_distances(distances[::-1], turned, gallery, protocol)
    np.testing.assert_array_equal(again.average_precision[::-1], scores.average_precision)


@pytest.mark.parametrize("protocol", EVERY)
def test_unmatched_query_is_skipped_or_zero_and_no_match_at_all_raises(protocol: Protocol):
    gallery = Labels(["a", "b"], [2, 2])
    scores = rank_distances(np.array([[0.0, 1.0], [0.0, 1.0]]), Labels(["a", "z"], [1, 1]), gallery, protocol)
    assert (scores.mean_ap, scores.num_unmatched) == (best(scores), 1)
    with pytest.raises(
        EvaluationError, match=r"^0 of 1 queries can be scored\. 1 have an identity that is not"
    ):
        rank_distances(np.array([[0.0, 1.0]]), Labels(["z"], [1]), gallery, protocol)


@pytest.mark.parametrize("protocol", EVERY)
@pytest.mark.parametrize("distance", get_args(DistanceName))
def test_cosine_ignores_the_length_of_descriptors_and_euclidean_does_not(protocol: Protocol, distance: str):
    protocol = replace(protocol, distance=distance)
    query = torch.tensor([[1.0, 0.0]])
    gallery = torch.tensor([[9.0, 1.0], [1.0, 0.5]])
    labels = Labels(["a"], [1]), Labels(["a", "b"], [2, 2])
    # Direction (9, 1) is the nearer one, place (1, 0.5) is.
    expected = 1 if protocol.distance == "cosine" else 2
    assert rank_gallery(query, gallery, *labels, protocol).first_match_rank.tolist() == [expected]


@pytest.mark.parametrize("protocol", EVERY)
@pytest.mark.parametrize("distance", get_args(DistanceName))
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_streaming_equals_a_loop_over_whole_numbers(protocol: Protocol, distance: str, seed: int):
    # Rows of whole numbers of unit length or its double: ties are many, and no distance is rounded.
    protocol = replace(protocol, distance=distance)
    _, query, gallery = draw_problem(seed)
    random = np.random.default_rng(seed)
    rows = np.vstack([np.eye(4), 2 * np.eye(4), -np.eye(4)])
    one, other = (rows[random.integers(0, 12, len(labels))] for labels in (query, gallery))
    if distance == "cosine":
        unit = [part / np.abs(part).sum(1, keepdims=True) for part in (one, other)]
        distances = 1 - unit[0] @ unit[1].T
    else:
        distances = ((one[:, None] - other) ** 2).sum(2)
    expected = naive.score(distances.tolist(), query, gallery, protocol)
    assume(any(row.num_matches for row in expected))
    scores = rank_gallery(torch.from_numpy(one), torch.from_numpy(other), query, gallery, protocol)
    assert scores.first_match_rank.tolist() == [row.first_match_rank for row in expected]
    assert scores.num_matches.tolist() == [row.num_matches for row in expected]
    for actual, row in zip(scores.average_precision, expected, strict=True):
        assert (
            np.isnan(actual) if row.average_precision is None else abs(actual - row.average_precision) < 1e-12
        )


@pytest.mark.parametrize("protocol", EVERY)
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_descriptors_that_are_not_finite_are_refused(protocol: Protocol, wrong: float):
    good, bad = torch.eye(2), torch.tensor([[1.0, 0.0], [wrong, 1.0]])
    labels = Labels(["a", "b"], [1, 1]), Labels(["a", "b"], [2, 2])
    for query, gallery, name in ((bad, good, "Query"), (good, bad, "Gallery")):
        with pytest.raises(
            EvaluationError, match=rf"^{name} descriptors are not finite in 1 of 2 rows, the fir"
        ):
            rank_gallery(query, gallery, *labels, protocol)
    with pytest.raises(EvaluationError, match=r"^Distances are NaN in 1 places"):
        rank_distances(np.array([[np.nan, 0.0], [0.0, 1.0]]), *labels, protocol)


@pytest.mark.parametrize("protocol", EVERY)
def test_one_query_and_one_gallery_image_are_enough(protocol: Protocol):
    labels = Labels(["a"], [1]), Labels(["a"], [2])
    scores = rank_gallery(torch.ones(1, 1), torch.ones(1, 1), *labels, protocol)
    assert (scores.mean_ap, scores.mean_inp, scores.rank(1)) == (1, 1, 1)
