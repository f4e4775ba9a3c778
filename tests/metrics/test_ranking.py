from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from reidkit.core.errors import EvaluationError, ShapeError
from reidkit.metrics import blocks
from reidkit.metrics.labels import Labels
from reidkit.metrics.protocols import PROTOCOLS
from reidkit.metrics.ranking import rank_distances, rank_gallery

MARKET = PROTOCOLS["market1501"]
NO_CAMERA = PROTOCOLS["no-camera"]


def test_ranking_of_a_hand_worked_example():
    # Query 0 (identity a, camera 1) meets, nearest first:
    #   row 4 wrong, row 1 right, row 0 right but of its own camera (left out), row 5 wrong, row 2 right.
    # Of what counts: wrong, RIGHT (rank 2), wrong, RIGHT (rank 4), then row 3, wrong.
    distances = np.array([[0.3, 0.2, 0.5, 0.9, 0.1, 0.4]])
    gallery = Labels(["a", "a", "a", "b", "b", "c"], [1, 2, 3, 1, 1, 1])
    scores = rank_distances(distances, Labels(["a"], [1]), gallery, MARKET, max_rank=5)
    assert scores.first_match_rank.tolist() == [2]
    assert scores.average_precision.tolist() == [(1 / 2 + 2 / 4) / 2]
    assert scores.inverse_negative_penalty.tolist() == [2 / 4]
    assert scores.num_matches.tolist() == [2]
    assert scores.cmc.tolist() == [0, 1, 1, 1, 1]


def test_ranking_keeps_same_camera_matches_where_the_protocol_does():
    # As above, with row 0 right at rank 3: ranks 2, 3, 5.
    distances = np.array([[0.3, 0.2, 0.5, 0.9, 0.1, 0.4]])
    gallery = Labels(["a", "a", "a", "b", "b", "c"], [1, 2, 3, 1, 1, 1])
    scores = rank_distances(distances, Labels(["a"], [1]), gallery, NO_CAMERA)
    assert scores.average_precision[0] == pytest.approx((1 / 2 + 2 / 3 + 3 / 5) / 3, abs=1e-15)
    assert scores.num_matches.tolist() == [3]


def test_ranking_ties_go_to_the_earlier_gallery_row():
    distances = np.zeros((1, 4))
    for row in range(4):
        gallery = Labels([row == place for place in range(4)])
        scores = rank_distances(distances, Labels([True]), gallery, NO_CAMERA)
        assert scores.first_match_rank.tolist() == [row + 1]


@pytest.mark.parametrize("size", [2, 5, 7, 17, 100, 999])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_ranking_of_equal_gallery_descriptors_follows_gallery_order(
    size: int, dtype: torch.dtype, distance: str
):
    # A matrix product may round equal columns differently at the edge of its tiles; equal rows tie even so.
    generator = torch.Generator().manual_seed(size)
    row = torch.randn(1, 512, generator=generator, dtype=dtype)
    query = torch.randn(size, 512, generator=generator, dtype=dtype)
    labels = Labels(list(range(size)))
    protocol = replace(NO_CAMERA, distance=distance)
    scores = rank_gallery(query, row.repeat(size, 1), labels, labels, protocol)
    assert scores.first_match_rank.tolist() == list(range(1, size + 1))


def test_ranking_leaves_out_the_query_itself():
    # Leave-one-out: every descriptor is nearest to itself, which must not count as a match.
    descriptors = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [0.8, 0.6]])
    identities = ["a", "b", "b", "a"]
    labels = Labels(identities, keys=[0, 1, 2, 3])
    scores = rank_gallery(descriptors, descriptors, labels, labels, NO_CAMERA)
    # cosines, row by row without the diagonal: 0: (.6, 0, .8)  1: (.6, .8, .96)  2: (0, .8, .6)
    # 3: (.8, .96, .6). The mate is 3, 2, 1 and 0: ranks 1, 2, 1 and 2.
    assert scores.first_match_rank.tolist() == [1, 2, 1, 2]
    assert scores.mean_ap == (1 + 1 / 2 + 1 + 1 / 2) / 4


def test_ranking_without_keys_counts_the_query_itself():
    labels = Labels(["a", "b"])
    assert rank_gallery(torch.eye(2), torch.eye(2), labels, labels, NO_CAMERA).rank(1) == 1


def test_ranking_leaves_out_the_same_file_under_another_identity():
    query = Labels(["a"], keys=["x.jpg"])
    gallery = Labels(["b", "a"], keys=["x.jpg", "y.jpg"])
    scores = rank_distances(np.array([[0.0, 0.5]]), query, gallery, NO_CAMERA)
    assert scores.first_match_rank.tolist() == [1]


def test_ranking_an_unknown_camera_equals_no_camera():
    query, gallery = Labels(["a"], [None]), Labels(["a", "b"], [None, 1])
    assert rank_distances(np.array([[0.0, 0.5]]), query, gallery, MARKET).num_matches.tolist() == [1]


def test_ranking_a_wrong_image_of_the_same_camera_counts():
    query, gallery = Labels(["a"], [1]), Labels(["b", "a"], [1, 2])
    assert rank_distances(np.array([[0.1, 0.5]]), query, gallery, MARKET).first_match_rank.tolist() == [2]


def test_ranking_skips_queries_without_match_and_counts_them():
    distances = np.array([[0.1, 0.2], [0.1, 0.2], [0.3, 0.2]])
    scores = rank_distances(distances, Labels(["b", "z", "b"]), Labels(["a", "b"]), NO_CAMERA)
    assert (scores.num_queries, scores.num_valid, scores.num_unmatched) == (3, 2, 1)
    assert scores.num_matches.tolist() == [1, 0, 1]
    assert scores.first_match_rank.tolist() == [2, 0, 1]
    assert np.isnan(scores.average_precision).tolist() == [False, True, False]
    assert scores.mean_ap == (1 / 2 + 1) / 2
    assert scores.rank(1) == 1 / 2


def test_ranking_curve_longer_than_the_gallery_stays_at_its_end():
    scores = rank_distances(np.array([[0.1, 0.2]]), Labels(["b"]), Labels(["a", "b"]), NO_CAMERA, max_rank=5)
    assert scores.cmc.tolist() == [0, 1, 1, 1, 1]


def test_ranking_curve_shorter_than_the_first_match_stays_at_zero():
    scores = rank_distances(
        np.arange(4.0)[None], Labels(["d"]), Labels(["a", "b", "c", "d"]), NO_CAMERA, max_rank=2
    )
    assert scores.cmc.tolist() == [0, 0]
    assert scores.rank(4) == 1


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_average_precision_equals_scikit_learn_where_nothing_ties(distance: str, dtype: torch.dtype):
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(30, 8, generator=generator, dtype=dtype)
    gallery = torch.randn(200, 8, generator=generator, dtype=dtype)
    identities = torch.randint(0, 6, (230,), generator=generator).tolist()
    protocol = replace(NO_CAMERA, distance=distance)
    scores = rank_gallery(query, gallery, Labels(identities[:30]), Labels(identities[30:]), protocol)
    if distance == "cosine":
        similarity = torch.nn.functional.cosine_similarity(query[:, None], gallery[None], dim=2)
    else:
        similarity = -torch.linalg.vector_norm(query[:, None] - gallery[None], dim=2)
    for number in range(30):
        assert len(similarity[number].unique()) == 200
        is_match = np.array(identities[30:]) == identities[number]
        expected = average_precision_score(is_match, similarity[number].numpy())
        assert scores.average_precision[number] == pytest.approx(expected, abs=1e-12)


def test_ranking_all_negative_cosines_is_not_zero():
    # torchmetrics 1.x takes a score at or below 0 for "not relevant" and answers 0 here.
    query, gallery = torch.tensor([[1.0, 0.0]]), torch.tensor([[-0.1, 1.0], [-0.5, 1.0], [-1.0, 0.1]])
    scores = rank_gallery(query, gallery, Labels(["a"]), Labels(["a", "b", "a"]), NO_CAMERA)
    assert scores.average_precision.tolist() == [(1 + 2 / 3) / 2]


def test_ranking_does_not_divide_by_the_length_of_the_curve():
    # open-metric-learning's map@k divides by the matches among the first k, and answers 1 here.
    gallery = Labels(["a", "b", "b", "b", "b", "a"])
    scores = rank_distances(np.arange(6.0)[None], Labels(["a"]), gallery, NO_CAMERA, max_rank=5)
    assert scores.average_precision.tolist() == [(1 + 2 / 6) / 2]


def test_ranking_half_precision_descriptors_equals_float32_of_them():
    generator = torch.Generator().manual_seed(0)
    query, gallery = (torch.randn(rows, 8, generator=generator).half() for rows in (20, 100))
    labels = Labels([row % 5 for row in range(20)]), Labels([row % 5 for row in range(100)])
    half = rank_gallery(query, gallery, *labels, NO_CAMERA)
    full = rank_gallery(query.float(), gallery.float(), *labels, NO_CAMERA)
    assert half.average_precision.tolist() == full.average_precision.tolist()


def test_ranking_takes_descriptors_that_carry_a_gradient():
    labels = Labels([0, 1, 2])
    descriptors = torch.eye(3, requires_grad=True)
    assert rank_gallery(descriptors, descriptors, labels, labels, NO_CAMERA).mean_ap == 1


def test_ranking_does_not_change_its_input():
    query, gallery = torch.tensor([[3.0, 4.0]]), torch.tensor([[5.0, 12.0], [1.0, 0.0]])
    copies = query.clone(), gallery.clone()
    for distance in ("cosine", "euclidean"):
        protocol = replace(NO_CAMERA, distance=distance)
        rank_gallery(query, gallery, Labels(["a"]), Labels(["a", "b"]), protocol)
    assert torch.equal(query, copies[0])
    assert torch.equal(gallery, copies[1])


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_ranking_finite_descriptors_whose_squares_overflow_are_refused(distance: str):
    # 1e25 squared is beyond float32: lengths become infinite, differences NaN, and every comparison with
    # NaN is false, so all right images would be "first". What diverged must not come out as the best.
    query, gallery = 1e25 * torch.eye(3)[:1], 1e25 * torch.eye(3).repeat(2, 1)
    labels = Labels([0]), Labels([1, 0, 2, 1, 0, 2])
    with pytest.raises(EvaluationError, match=r"too large|overflow|finite"):
        rank_gallery(query, gallery, *labels, replace(NO_CAMERA, distance=distance))


def test_ranking_reports_progress_block_by_block():
    calls = []
    labels = Labels([row % 2 for row in range(5)])
    with mock.patch.object(blocks, "BLOCK_BYTES", 2 * 5 * 4):  # two queries of five float32 keys
        rank_gallery(
            torch.eye(5), torch.eye(5), labels, labels, NO_CAMERA, report=lambda *call: calls.append(call)
        )
    assert calls == [(2, 5), (4, 5), (5, 5)]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("side", ["Query", "Gallery"])
def test_ranking_descriptors_not_finite_are_refused_with_row_counts(value: float, side: str):
    query, gallery = torch.ones(3, 2), torch.ones(4, 2)
    wrong = query if side == "Query" else gallery
    wrong[1, 0] = wrong[2, 1] = value
    message = rf"^{side} descriptors are not finite in 2 of {len(wrong)} rows, the first is row 1\."
    with pytest.raises(EvaluationError, match=message):
        rank_gallery(query, gallery, Labels([0] * 3), Labels([0] * 4), NO_CAMERA)


@pytest.mark.parametrize(
    ("query", "gallery", "message"),
    [
        (
            torch.ones(2, 3),
            torch.ones(2, 4),
            r"got torch\.float32 of dimension 3 and torch\.float32 of dimension 4",
        ),
        (torch.ones(2, 3), torch.ones(2, 3).double(), r"torch\.float32 of dimension 3 and torch\.float64"),
        (
            torch.ones(2),
            torch.ones(2, 3),
            r"^Query descriptors have a wrong form, got torch\.float32 of shape \(2,\)",
        ),
        (
            torch.ones(2, 3),
            torch.ones(0, 3),
            r"^Gallery descriptors have a wrong form, got .* shape \(0, 3\)",
        ),
        (
            torch.ones(2, 3).long(),
            torch.ones(2, 3),
            r"^Query descriptors have a wrong form, got torch\.int64",
        ),
    ],
)
def test_ranking_descriptors_that_do_not_fit_are_refused(query, gallery, message: str):
    with pytest.raises(ShapeError, match=message):
        rank_gallery(query, gallery, Labels([0] * 2), Labels([0] * 2), NO_CAMERA)


@pytest.mark.parametrize(
    ("query", "gallery", "message"),
    [
        (Labels([0]), Labels([0] * 3), r"^Query labels have a wrong length, got 1\. Expected 2"),
        (Labels([0] * 2), Labels([0] * 4), r"^Gallery labels have a wrong length, got 4\. Expected 3"),
        (Labels([0] * 2, [1]), Labels([0] * 3), r"^Query cameras have a wrong length, got 1\. Expected 2"),
        (
            Labels([0] * 2),
            Labels([0] * 3, [1] * 4),
            r"^Gallery cameras have a wrong length, got 4\. Expected 3",
        ),
        (Labels([0] * 2, keys=[1]), Labels([0] * 3), r"^Query keys have a wrong length, got 1\. Expected 2"),
        (Labels([0] * 2), Labels([0] * 3, keys=[]), r"^Gallery keys have a wrong length, got 0\. Expected 3"),
    ],
)
def test_ranking_labels_that_do_not_fit_are_refused(query: Labels, gallery: Labels, message: str):
    with pytest.raises(ShapeError, match=message):
        rank_distances(np.zeros((2, 3)), query, gallery, MARKET)
    with pytest.raises(ShapeError, match=message):
        rank_gallery(torch.ones(2, 4), torch.ones(3, 4), query, gallery, MARKET)


@pytest.mark.parametrize(
    ("distances", "got"),
    [
        (np.zeros(3), r"float64 of shape \(3,\)"),
        (np.zeros((0, 3)), r"float64 of shape \(0, 3\)"),
        (np.zeros((3, 0)), r"float64 of shape \(3, 0\)"),
        (np.zeros((2, 3), np.int64), r"int64 of shape \(2, 3\)"),
    ],
)
def test_ranking_distances_of_a_wrong_form_are_refused(distances: np.ndarray, got: str):
    message = rf"^Distances have a wrong form, got {got}\. Expected floating \(Q, G\)"
    with pytest.raises(ShapeError, match=message):
        rank_distances(distances, Labels([0]), Labels([0]), MARKET)


def test_ranking_nan_distances_are_refused_with_their_number():
    distances = np.zeros((2, 3))
    distances[0, 1] = distances[1, 1] = np.nan
    with pytest.raises(EvaluationError, match=r"^Distances are NaN in 2 places\. Expected numbers\."):
        rank_distances(distances, Labels([0] * 2), Labels([0] * 3), MARKET)


def test_ranking_without_any_valid_query_says_why_with_counts():
    # One identity is absent; two are seen only by the query's own camera.
    query, gallery = Labels(["a", "b", "z"], [1, 2, 1]), Labels(["a", "b", "c"], [1, 2, 1])
    with pytest.raises(
        EvaluationError,
        match=r"^0 of 3 queries can be scored\. 1 have an identity that is not in the gallery; 2 have "
        r"gallery images only from the query's own camera \(or only themselves\), which protocol "
        r"'market1501' leaves out\. The data has 2 cameras\. Use the protocol 'no-camera', or give camera "
        r"ids\.$",
    ):
        rank_distances(np.zeros((3, 3)), query, gallery, MARKET)


def test_ranking_without_any_valid_query_does_not_advise_the_protocol_in_use():
    with pytest.raises(
        EvaluationError, match=r"^0 of 2 queries can be scored\. 2 have an identity"
    ) as caught:
        rank_distances(np.zeros((2, 1)), Labels(["y", "z"]), Labels(["a"]), NO_CAMERA)
    assert "Use the protocol 'no-camera'" not in str(caught.value)


def test_ranking_of_one_query_and_one_image_is_perfect_or_refused():
    scores = rank_distances(np.ones((1, 1)), Labels(["a"]), Labels(["a"]), NO_CAMERA)
    assert (scores.mean_ap, scores.mean_inp, scores.rank(1)) == (1, 1, 1)
    with pytest.raises(EvaluationError, match=r"^0 of 1 queries can be scored\. 1 have an identity"):
        rank_distances(np.ones((1, 1)), Labels(["a"]), Labels(["b"]), NO_CAMERA)


def test_ranking_more_threads_than_queries_changes_nothing():
    labels = Labels([0, 1, 2])
    with mock.patch.object(torch, "get_num_threads", return_value=4):
        scores = rank_gallery(torch.eye(3), torch.eye(3), labels, labels, NO_CAMERA)
    assert scores.average_precision.tolist() == [1, 1, 1]
