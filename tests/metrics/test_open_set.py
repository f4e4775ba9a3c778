"""Open-set identification against a loop over searches."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from reidkit.core.errors import EvaluationError, ShapeError
from reidkit.metrics.open_set import NearestDistances, identify_at, nearest_distances
from reidkit.metrics.protocols import PROTOCOLS
from tests.metrics import naive
from tests.metrics.test_verification import REFERENCES, draw_problem


@pytest.mark.parametrize("distance", REFERENCES)
def test_nearest_distances_are_what_a_loop_finds(distance: str):
    query, gallery, query_labels, gallery_labels = draw_problem(4)
    protocol = replace(PROTOCOLS["market1501"], distance=distance)
    found = nearest_distances(query, gallery, query_labels, gallery_labels, protocol)
    distances = REFERENCES[distance](query.numpy(), gallery.numpy())
    for number in range(40):
        kinds: dict[bool, list[float]] = {True: [np.inf], False: [np.inf]}
        for row in range(120):
            if naive.counts(query_labels, gallery_labels, protocol, number, row):
                is_same = query_labels.identities[number] == gallery_labels.identities[row]
                kinds[is_same].append(distances[number, row])
        assert found.genuine[number] == pytest.approx(min(kinds[True]), abs=1e-6)
        assert found.impostor[number] == pytest.approx(min(kinds[False]), abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("target", [0, 0.05, 0.3, 1])
def test_identification_rate_is_that_of_a_loop_over_thresholds(seed: int, target: float):
    random = np.random.default_rng(seed)
    genuine, impostor = random.integers(0, 20, (2, 60)).astype(float)
    genuine[:7] = np.inf  # without a match
    found = identify_at(NearestDistances(genuine, impostor), (target,))[0]
    best = 0.0
    for threshold in np.arange(-1, 21):
        if (impostor <= threshold).mean() <= target:
            best = ((genuine < impostor) & (genuine <= threshold)).sum() / 53
    assert found.rate == pytest.approx(best)
    assert found.measured == pytest.approx((impostor <= found.threshold).mean())
    assert found.measured <= target
    assert found.low <= found.rate <= found.high


def test_identification_by_hand():
    # Searches: right within 1, right within 3, wrong (2 before 4), no match; strangers at 5, 6, 2, 1.5.
    nearest = NearestDistances(np.array([1, 3, 4, np.inf]), np.array([5, 6, 2, 1.5]))
    none, half, every = identify_at(nearest, (0.0, 0.5, 1.0))
    assert none.rate == pytest.approx(1 / 3)  # only distance 1 lies below 1.5
    assert none.threshold < 1.5
    assert half.measured == 0.5
    assert half.rate == every.rate == pytest.approx(2 / 3)


def test_bad_input_is_refused():
    with pytest.raises(EvaluationError, match=r"got 0 queries with a match and 1 with an image of anyone"):
        identify_at(NearestDistances(np.array([np.inf]), np.array([1.0])))
    with pytest.raises(ShapeError, match=r"^Nearest distances do not fit, got \(1,\) and \(2,\)"):
        identify_at(NearestDistances(np.ones(1), np.ones(2)))
    with pytest.raises(EvaluationError, match=r"^Rate is out of range, got -1"):
        identify_at(NearestDistances(np.ones(1), np.ones(1)), (-1,))


def test_query_alone_in_the_gallery_has_no_nearest():
    labels = draw_problem(0)[2]
    one = replace(labels, identities=["a"], cameras=[1], keys=["k"])
    found = nearest_distances(torch.ones(1, 2), torch.ones(1, 2), one, one, PROTOCOLS["no-camera"])
    assert np.isinf([*found.genuine, *found.impostor]).all()
