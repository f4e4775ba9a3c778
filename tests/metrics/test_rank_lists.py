from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidkit.core.distance import pairwise_distance
from reidkit.core.errors import EvaluationError, ShapeError
from reidkit.metrics.labels import Labels
from reidkit.metrics.protocols import PROTOCOLS
from reidkit.metrics.rank_lists import rank_lists
from tests.metrics import naive
from tests.metrics.problems import EXACT_ROWS, exact_descriptors, problems
from tests.metrics.test_ranking_oracle import exact_distances

MARKET = PROTOCOLS["market1501"]
NO_CAMERA = PROTOCOLS["no-camera"]


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from([torch.float32, torch.float64]), st.integers(1, 15))
def test_rank_lists_equal_the_definition(data: st.DataObject, dtype: torch.dtype, length: int):
    problem = data.draw(problems())
    query = data.draw(exact_descriptors(len(problem.query), dtype))
    gallery = data.draw(exact_descriptors(len(problem.gallery), dtype))
    exact = exact_distances(query, gallery, problem.protocol)
    numbers = list(range(len(query)))[::-1]
    lists = rank_lists(
        numbers, query, gallery, problem.query, problem.gallery, problem.protocol, length=length
    )
    assert [item.query for item in lists] == numbers
    for item in lists:
        rows = naive.ranking(exact[item.query], problem.query, problem.gallery, problem.protocol, item.query)
        rows = rows[:length]
        identity = problem.query.identities[item.query]
        assert item.gallery.tolist() == rows
        assert item.is_match.tolist() == [problem.gallery.identities[row] == identity for row in rows]
        expected = pairwise_distance(query, gallery, distance=problem.protocol.distance)[item.query, rows]
        np.testing.assert_allclose(item.distances, expected.numpy(), rtol=1e-6, atol=1e-6)


def test_rank_lists_hand_worked_example():
    query = torch.tensor([[0.0, 0.0]])
    gallery = torch.tensor([[3.0, 4.0], [1.0, 0.0], [0.0, 2.0], [0.0, 0.5]])
    labels = Labels(["a"], [1]), Labels(["a", "b", "a", "a"], [2, 1, 3, 1])
    (found,) = rank_lists([0], query, gallery, *labels, replace(MARKET, distance="euclidean"))
    # Row 3 is nearest but of the query's identity and camera.
    assert found.gallery.tolist() == [1, 2, 0]
    assert found.distances.tolist() == [1.0, 2.0, 5.0]
    assert found.is_match.tolist() == [False, True, True]


def test_rank_lists_of_a_large_gallery_keep_gallery_order_at_ties():
    # Larger than what numpy sorts by insertion, which is stable by itself.
    gallery = torch.tensor([EXACT_ROWS[row % len(EXACT_ROWS)] for row in range(300)], dtype=torch.float32)
    labels = Labels(["a"]), Labels([row % 7 for row in range(300)])
    for distance in ("cosine", "euclidean"):
        protocol = replace(NO_CAMERA, distance=distance)
        (found,) = rank_lists([0], gallery[:1], gallery, *labels, protocol, length=300)
        exact = exact_distances(gallery[:1], gallery, protocol)[0]
        assert found.gallery.tolist() == naive.ranking(exact, *labels, protocol, 0)


def test_rank_lists_of_a_query_without_match_still_show_the_nearest():
    (found,) = rank_lists([0], torch.eye(2)[:1], torch.eye(2), Labels(["z"]), Labels(["a", "b"]), NO_CAMERA)
    assert found.gallery.tolist() == [0, 1]
    assert found.is_match.tolist() == [False, False]


def test_rank_lists_of_no_query_are_none():
    assert rank_lists([], torch.eye(2), torch.eye(2), Labels([0, 1]), Labels([0, 1]), NO_CAMERA) == []


def test_rank_lists_where_everything_is_left_out_are_empty():
    labels = Labels(["a"], [1])
    (found,) = rank_lists([0], torch.ones(1, 2), torch.ones(1, 2), labels, labels, MARKET)
    assert found.gallery.tolist() == found.distances.tolist() == found.is_match.tolist() == []


def test_rank_lists_refuse_descriptors_not_finite():
    with pytest.raises(EvaluationError, match=r"^Query descriptors are not finite in 1 of 1 rows"):
        rank_lists([0], torch.tensor([[torch.nan]]), torch.ones(1, 1), Labels([0]), Labels([0]), NO_CAMERA)


@pytest.mark.parametrize(
    ("query", "gallery", "message"),
    [
        (Labels([0, 1]), Labels([0, 1]), r"^Gallery labels have a wrong length, got 2\. Expected 3"),
        (Labels([0, 1]), Labels([0, 1, 0, 1]), r"^Gallery labels have a wrong length, got 4\. Expected 3"),
        (Labels([0]), Labels([0, 1, 0]), r"^Query labels have a wrong length, got 1\. Expected 2"),
    ],
)
def test_rank_lists_refuse_labels_that_do_not_fit(query: Labels, gallery: Labels, message: str):
    with pytest.raises(ShapeError, match=message):
        rank_lists([0], torch.eye(3)[:2], torch.eye(3), query, gallery, NO_CAMERA)
