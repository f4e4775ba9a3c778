from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidkit.core.errors import EvaluationError, ShapeError
from reidkit.core.types import Protocol
from reidkit.metrics.camera_pairs import score_camera_pairs
from reidkit.metrics.labels import Labels
from reidkit.metrics.protocols import PROTOCOLS
from tests.metrics import naive
from tests.metrics.problems import exact_descriptors, problems
from tests.metrics.test_ranking_oracle import exact_distances

MARKET = PROTOCOLS["market1501"]


def pick(labels: Labels, rows: list[int]) -> Labels:
    def take(values):
        return None if values is None else [values[row] for row in rows]

    return Labels(take(labels.identities), take(labels.cameras), take(labels.keys))


def naive_pairs(distances: list[list], query: Labels, gallery: Labels, protocol: Protocol) -> list[tuple]:
    """Rank each gallery camera alone, for each query camera alone."""
    pairs = []
    for gallery_camera in dict.fromkeys(gallery.camera_list()):
        for query_camera in dict.fromkeys(query.camera_list()):
            if gallery_camera is None or query_camera is None:
                continue
            rows = [row for row, camera in enumerate(gallery.camera_list()) if camera == gallery_camera]
            numbers = [row for row, camera in enumerate(query.camera_list()) if camera == query_camera]
            part = [[distances[number][row] for row in rows] for number in numbers]
            scored = naive.score(part, pick(query, numbers), pick(gallery, rows), protocol)
            valid = [row for row in scored if row.num_matches]
            if valid:
                rank_1 = sum(row.first_match_rank == 1 for row in valid) / len(valid)
                mean_ap = sum(row.average_precision for row in valid) / len(valid)
                pairs.append((query_camera, gallery_camera, len(valid), rank_1, mean_ap))
    return pairs


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_camera_pairs_equal_the_definition(data: st.DataObject):
    problem = data.draw(problems())
    query = data.draw(exact_descriptors(len(problem.query), torch.float32))
    gallery = data.draw(exact_descriptors(len(problem.gallery), torch.float32))
    exact = exact_distances(query, gallery, problem.protocol)
    expected = naive_pairs(exact, problem.query, problem.gallery, problem.protocol)
    actual = score_camera_pairs(query, gallery, problem.query, problem.gallery, problem.protocol)
    assert [(item.query_camera, item.gallery_camera, item.num_valid) for item in actual] == [
        row[:3] for row in expected
    ]
    for item, row in zip(actual, expected, strict=True):
        assert item.rank_1 == pytest.approx(row[3], abs=1e-12)
        assert item.mean_ap == pytest.approx(row[4], abs=1e-12)


def test_camera_pairs_hand_worked_example():
    # Along a line, Euclidean. Query a at 0 (camera 1), query b at 10 (camera 2).
    query = Labels(["a", "b"], [1, 2])
    gallery = Labels(["a", "b", "b", "a", "a"], [2, 2, 1, 3, 1])
    places = torch.tensor([[4.0], [1.0], [9.0], [5.0], [0.0]])
    protocol = replace(MARKET, distance="euclidean")
    pairs = score_camera_pairs(torch.tensor([[0.0], [10.0]]), places, query, gallery, protocol)
    # Camera 2 holds a at 4 and b at 1. Query a: b first, then a, AP 1/2. Query b is of camera 2 itself.
    # Camera 1 holds b at 9 and a at 0. Query a has no match in another camera; query b: b first, AP 1.
    # Camera 3 holds only a at 5: query a finds it at once; query b has no match.
    assert [(p.query_camera, p.gallery_camera, p.num_valid, p.rank_1, p.mean_ap) for p in pairs] == [
        (1, 2, 1, 0.0, 0.5),
        (2, 1, 1, 1.0, 1.0),
        (1, 3, 1, 1.0, 1.0),
    ]


def test_camera_pairs_of_one_camera_need_a_protocol_that_keeps_them():
    labels = Labels(["a", "a"], [1, 1], keys=["x", "y"])
    descriptors = torch.eye(2)
    assert score_camera_pairs(descriptors, descriptors, labels, labels, MARKET) == []
    (pair,) = score_camera_pairs(descriptors, descriptors, labels, labels, PROTOCOLS["no-camera"])
    assert (pair.query_camera, pair.gallery_camera, pair.num_valid, pair.mean_ap) == (1, 1, 2, 1.0)


def test_camera_pairs_without_cameras_are_none():
    labels = Labels(["a", "b"])
    assert score_camera_pairs(torch.eye(2), torch.eye(2), labels, labels, PROTOCOLS["no-camera"]) == []


def test_camera_pairs_refuse_descriptors_not_finite():
    labels = Labels(["a"], [1])
    with pytest.raises(EvaluationError, match=r"^Gallery descriptors are not finite in 1 of 1 rows"):
        score_camera_pairs(torch.ones(1, 1), torch.tensor([[torch.nan]]), labels, labels, MARKET)


@pytest.mark.parametrize(
    ("query", "gallery", "message"),
    [
        (
            Labels([0, 1, 2], [0] * 3),
            Labels([0, 1], [1] * 2),
            r"Gallery \w+ have a wrong length, got 2\. Expected 3",
        ),
        (
            Labels([0, 1, 2], [0] * 3),
            Labels([0] * 4, [1] * 4),
            r"Gallery \w+ have a wrong length, got 4\. Expected 3",
        ),
        (Labels([0, 1, 2], [0] * 3), Labels([0] * 3, [1] * 4), r"Gallery cameras have a wrong length, got 4"),
        (
            Labels([0, 1], [0] * 2),
            Labels([0] * 3, [1] * 3),
            r"Query labels have a wrong length, got 2\. Expected 3",
        ),
    ],
)
def test_camera_pairs_refuse_labels_that_do_not_fit(query: Labels, gallery: Labels, message: str):
    with pytest.raises(ShapeError, match=message):
        score_camera_pairs(torch.eye(3), torch.eye(3), query, gallery, MARKET)
