from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
import torch
from sklearn.metrics import pairwise, roc_curve

from reidkit.core.errors import EvaluationError, ShapeError
from reidkit.core.types import Protocol
from reidkit.metrics import blocks
from reidkit.metrics.labels import Labels
from reidkit.metrics.protocols import PROTOCOLS
from reidkit.metrics.verification import PairDistances, pair_distances, thresholds_at
from tests.metrics import naive

NO_CAMERA = PROTOCOLS["no-camera"]
REFERENCES = {"cosine": pairwise.cosine_distances, "euclidean": pairwise.euclidean_distances}


def draw_problem(seed: int) -> tuple[torch.Tensor, torch.Tensor, Labels, Labels]:
    """Return 40 queries and 120 gallery images of 10 identities, alike within one, three of them shared."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((10, 8))
    identities = random.integers(0, 10, 160)
    descriptors = torch.from_numpy(centres[identities] + 0.5 * random.standard_normal((160, 8)))
    cameras = random.integers(0, 3, 160).tolist()
    keys = [*range(157), 0, 1, 2]
    both = Labels(identities.tolist(), cameras, keys)
    query = Labels(both.identities[:40], cameras[:40], keys[:40])
    gallery = Labels(both.identities[40:], cameras[40:], keys[40:])
    return descriptors[:40], descriptors[40:], query, gallery


def brute_force(seed: int, protocol: Protocol) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted distances of all genuine and of all impostor pairs."""
    query, gallery, query_labels, gallery_labels = draw_problem(seed)
    distances = REFERENCES[protocol.distance](query.numpy(), gallery.numpy())
    found: dict[bool, list[float]] = {True: [], False: []}
    for number in range(40):
        for row in range(120):
            if naive.counts(query_labels, gallery_labels, protocol, number, row):
                is_genuine = query_labels.identities[number] == gallery_labels.identities[row]
                found[is_genuine].append(distances[number, row])
    assert min(len(values) for values in found.values()) > 200
    return np.sort(found[True]), np.sort(found[False])


@pytest.mark.parametrize("distance", REFERENCES)
@pytest.mark.parametrize("key", PROTOCOLS)
def test_pair_distances_count_what_brute_force_counts(distance: str, key: str):
    protocol = replace(PROTOCOLS[key], distance=distance)
    genuine, impostor = brute_force(0, protocol)
    with mock.patch.object(blocks, "BLOCK_BYTES", 7 * 120 * 8):  # seven queries per block
        pairs = pair_distances(*draw_problem(0), protocol, num_bins=300)
    assert pairs.edges.shape == (301,)
    assert pairs.edges[0] == 0
    assert (np.diff(pairs.edges) > 0).all()
    assert pairs.edges[-1] >= max(genuine[-1], impostor[-1])
    assert pairs.genuine.tolist() == np.histogram(genuine, pairs.edges)[0].tolist()
    assert pairs.impostor.tolist() == np.histogram(impostor, pairs.edges)[0].tolist()


def test_pair_distances_of_cosine_span_zero_to_two():
    pairs = pair_distances(*draw_problem(1), NO_CAMERA)
    assert (pairs.edges[0], pairs.edges[-1]) == (0, 2)
    assert len(pairs.genuine) == len(pairs.impostor) == 2000


def test_pair_distances_leave_out_what_the_protocol_ignores():
    # Query a (camera 1): row 0 is of its camera, row 1 is genuine, row 2 an impostor. Query b: row 2 is
    # itself, rows 0 and 1 are impostors.
    query, gallery = (
        Labels(["a", "b"], [1, 1], ["x", "y"]),
        Labels(["a", "a", "b"], [1, 2, 2], ["v", "w", "y"]),
    )
    pairs = pair_distances(torch.eye(3)[:2], torch.eye(3), query, gallery, PROTOCOLS["market1501"])
    assert (pairs.genuine.sum(), pairs.impostor.sum()) == (1, 3)


def test_pair_distances_of_opposite_and_equal_descriptors_stay_within_the_bins():
    rows = torch.randn(50, 64, generator=torch.Generator().manual_seed(0))
    labels = Labels(list(range(50)))
    pairs = pair_distances(rows, -rows, labels, labels, NO_CAMERA)
    assert pairs.genuine.sum() == pairs.genuine[-1] == 50
    pairs = pair_distances(rows, rows, labels, labels, NO_CAMERA)
    assert pairs.genuine.sum() == pairs.genuine[0] == 50


def test_pair_distances_of_all_zero_descriptors_are_zero():
    labels = Labels([0, 1])
    protocol = replace(NO_CAMERA, distance="euclidean")
    pairs = pair_distances(torch.zeros(2, 3), torch.zeros(2, 3), labels, labels, protocol)
    assert pairs.genuine[0] == 2
    assert pairs.impostor[0] == 2


def test_pair_distances_of_half_precision_have_finite_edges():
    # A length of 3000 * sqrt(512) = 67,882 is beyond float16, whose largest value is 65,504.
    rows = torch.full((2, 512), 3000.0).half()
    labels = Labels([0, 1])
    pairs = pair_distances(rows, rows, labels, labels, replace(NO_CAMERA, distance="euclidean"))
    assert np.isfinite(pairs.edges).all()
    assert pairs.genuine.sum() == pairs.genuine[0] == 2


@pytest.mark.parametrize(
    ("query", "gallery", "message"),
    [
        (Labels([0, 1]), Labels([0, 1]), r"^Gallery labels have a wrong length, got 2\. Expected 3"),
        (Labels([0, 1]), Labels([0, 1, 0, 1]), r"^Gallery labels have a wrong length, got 4\. Expected 3"),
        (Labels([0]), Labels([0, 1, 0]), r"^Query labels have a wrong length, got 1\. Expected 2"),
    ],
)
def test_pair_distances_refuse_labels_that_do_not_fit(query: Labels, gallery: Labels, message: str):
    with pytest.raises(ShapeError, match=message):
        pair_distances(torch.eye(3)[:2], torch.eye(3), query, gallery, NO_CAMERA)


def test_pair_distances_refuse_descriptors_not_finite():
    with pytest.raises(EvaluationError, match=r"^Query descriptors are not finite in 1 of 1 rows"):
        pair_distances(torch.tensor([[torch.nan]]), torch.ones(1, 1), Labels([0]), Labels([0]), NO_CAMERA)


@pytest.mark.parametrize("distance", REFERENCES)
@pytest.mark.parametrize("rate", [0.5, 0.1, 0.01, 0.003])
def test_thresholds_equal_sorting_up_to_one_bin(distance: str, rate: float):
    protocol = replace(NO_CAMERA, distance=distance)
    genuine, impostor = brute_force(2, protocol)
    pairs = pair_distances(*draw_problem(2), protocol)
    (threshold,) = thresholds_at(pairs, (rate,))
    # The share is kept by every threshold below the first impostor too many, the one at place n * rate.
    first_too_many = impostor[int(rate * len(impostor))]
    bin_width = pairs.edges[1]
    assert first_too_many - bin_width <= threshold.distance < first_too_many
    assert threshold.false_accept_rate == np.mean(impostor <= threshold.distance) <= rate
    assert threshold.true_accept_rate == np.mean(genuine <= threshold.distance)


def test_thresholds_lie_on_the_roc_curve_of_scikit_learn():
    genuine, impostor = brute_force(3, NO_CAMERA)
    scores = -np.concatenate([genuine, impostor])
    is_genuine = np.repeat([True, False], [len(genuine), len(impostor)])
    false_rates, true_rates, limits = roc_curve(is_genuine, scores, drop_intermediate=False)
    for threshold in thresholds_at(pair_distances(*draw_problem(3), NO_CAMERA), (0.3, 0.1, 0.03)):
        place = np.flatnonzero(-limits <= threshold.distance)[-1]
        assert threshold.false_accept_rate == pytest.approx(false_rates[place], abs=1e-12)
        assert threshold.true_accept_rate == pytest.approx(true_rates[place], abs=1e-12)


@pytest.mark.parametrize(
    ("query", "gallery", "num_thresholds"),
    [
        (torch.eye(4), torch.eye(4), {1}),  # impostors at exactly 1, as one-hot rows are
        (torch.eye(4)[[0] * 4], torch.eye(4)[[0] * 4], {0, 1}),  # all at exactly 0: a collapsed model
        (torch.eye(4)[[0] * 4], -torch.eye(4)[[0] * 4], {1}),  # all at exactly 2
    ],
)
@pytest.mark.parametrize("rate", [0.2, 0.5, 0.9])
def test_thresholds_state_the_share_at_or_below_them_where_distances_lie_on_bin_edges(
    query: torch.Tensor, gallery: torch.Tensor, num_thresholds: set[int], rate: float
):
    labels = Labels([0, 1, 2, 3])
    distances = (1 - query @ gallery.T).numpy()  # of unit rows, exact
    is_genuine = np.eye(4, dtype=bool)
    found = thresholds_at(pair_distances(query, gallery, labels, labels, NO_CAMERA), (rate,))
    assert len(found) in num_thresholds
    for threshold in found:
        is_accepted = distances <= threshold.distance
        assert threshold.false_accept_rate == is_accepted[~is_genuine].mean() <= rate
        assert threshold.true_accept_rate == is_accepted[is_genuine].mean()


def make_pairs(genuine: list[int], impostor: list[int]) -> PairDistances:
    return PairDistances(np.linspace(0, 1, len(genuine) + 1), np.array(genuine), np.array(impostor))


def test_thresholds_hand_worked_example():
    # Of 10 impostors, 0, 1, 1, 2 and 6 lie in bins of width 0.2: at most 1, 2 and 4 may be accepted.
    pairs = make_pairs([4, 3, 2, 1, 0], [0, 1, 1, 2, 6])
    found = thresholds_at(pairs, (0.1, 0.2, 0.4, 1.0))
    assert [item.distance for item in found] == pytest.approx([0.4, 0.6, 0.8, 1.0], abs=1e-12)
    assert [item.false_accept_rate for item in found] == [0.1, 0.2, 0.4, 1.0]
    assert [item.true_accept_rate for item in found] == [0.7, 0.9, 1.0, 1.0]


def test_thresholds_accept_nobody_where_the_first_bin_is_too_much():
    for found in thresholds_at(make_pairs([5, 0], [6, 4]), (0.5,)):
        assert found.false_accept_rate == found.true_accept_rate == 0
        assert found.distance <= 0


def test_thresholds_leave_out_rates_that_cannot_be_measured():
    pairs = make_pairs([5, 0], [0, 100])
    assert [item.false_accept_rate for item in thresholds_at(pairs, (0.009, 0.01, 0.1))] == [0.0, 0.0]
    assert thresholds_at(pairs, (0.009,)) == []
    assert thresholds_at(pairs, ()) == []


def test_thresholds_keep_a_rate_of_one_impostor_exactly():
    # 1 / 49 * 49 is less than 1 in floating point.
    numbers = range(2, 300)
    found = {number: thresholds_at(make_pairs([1, 0], [1, number - 1]), (1 / number,)) for number in numbers}
    assert [number for number, thresholds in found.items() if len(thresholds) != 1] == []
    assert all(found[number][0].false_accept_rate == 1 / number for number in numbers)


@pytest.mark.parametrize(("genuine", "impostor"), [([0], [7]), ([3], [0]), ([0], [0])])
def test_thresholds_without_both_kinds_of_pairs_are_refused(genuine: list[int], impostor: list[int]):
    with pytest.raises(
        EvaluationError,
        match=rf"^Thresholds need pairs of both kinds, got {genuine[0]} genuine and {impostor[0]} impostor",
    ):
        thresholds_at(make_pairs(genuine, impostor))
