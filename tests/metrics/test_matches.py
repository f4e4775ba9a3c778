import pytest
from hypothesis import given, settings

from reidkit.core.types import Protocol
from reidkit.metrics.labels import Labels
from reidkit.metrics.matches import GalleryIndex
from tests.metrics import naive
from tests.metrics.problems import Problem, problems

DROP = Protocol(name="own", same_camera="drop")


@settings(max_examples=200, deadline=None)
@given(problems())
def test_matches_equal_the_definition_row_by_row(problem: Problem):
    query, gallery, protocol = problem.query, problem.gallery, problem.protocol
    index = GalleryIndex(query, gallery, protocol)
    for number in range(len(query)):
        counted = [row for row in range(len(gallery)) if naive.counts(query, gallery, protocol, number, row)]
        positives = [row for row in counted if gallery.identities[row] == query.identities[number]]
        matches = index.matches(number)
        assert matches.positives.tolist() == positives
        assert matches.ignored.tolist() == [row for row in range(len(gallery)) if row not in counted]


def test_matches_compare_labels_by_equality_only():
    gallery = Labels([("tuple", 1), "1", 1], ["x", 2, 2])
    index = GalleryIndex(Labels([1, ("tuple", 1)], ["x", "x"]), gallery, DROP)
    assert index.matches(0).positives.tolist() == [2]
    assert index.matches(1).positives.tolist() == []
    assert index.matches(1).ignored.tolist() == [0]


def test_matches_of_an_absent_identity_are_none():
    matches = GalleryIndex(Labels(["z"]), Labels(["a"]), DROP).matches(0)
    assert matches.positives.tolist() == []
    assert matches.ignored.tolist() == []


@pytest.mark.parametrize(
    ("query_camera", "gallery_camera", "cameras"),
    [(None, None, "no cameras"), (1, 1, "1 camera"), (1, 2, "2 cameras")],
)
def test_explanation_counts_the_cameras(query_camera, gallery_camera, cameras: str):
    index = GalleryIndex(Labels(["a"], [query_camera]), Labels(["b"], [gallery_camera]), DROP)
    text = index.explain_no_match()
    assert text.startswith("0 of 1 queries can be scored. 1 have an identity that is not in the gallery; 0 ")
    assert f"The data has {cameras}." in text
