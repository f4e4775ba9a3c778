"""Verification curves against scikit-learn, hand arithmetic and counted pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from reidkit.core.errors import EvaluationError, ShapeError
from reidkit.metrics.roc import (
    RocCurve,
    area_under,
    equal_error_rate,
    roc_of_distances,
    roc_of_pairs,
    sample_curve,
    true_accepts_at,
    wilson_interval,
)
from reidkit.metrics.verification import PairDistances

tied = st.lists(st.integers(0, 8), min_size=1, max_size=30)


def both(genuine: list[float], impostor: list[float]) -> RocCurve:
    return roc_of_distances(np.array(genuine, float), np.array(impostor, float))


@settings(max_examples=60, deadline=None)
@given(genuine=tied, impostor=tied)
def test_curve_and_area_equal_scikit_learn(genuine: list[int], impostor: list[int]):
    curve = both(genuine, impostor)
    is_same = [1] * len(genuine) + [0] * len(impostor)
    nearness = [-float(value) for value in genuine + impostor]
    wrong, right, _ = roc_curve(is_same, nearness, drop_intermediate=False)
    np.testing.assert_allclose(curve.false_accept_rate, wrong, atol=1e-12)
    np.testing.assert_allclose(curve.true_accept_rate, right, atol=1e-12)
    assert area_under(curve) == pytest.approx(roc_auc_score(is_same, nearness), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(genuine=tied, impostor=tied, target=st.sampled_from([0, 0.1, 0.25, 1]))
def test_rates_at_a_target_are_those_of_a_loop_over_all_thresholds(
    genuine: list[int], impostor: list[int], target: float
):
    found = true_accepts_at(both(genuine, impostor), (target,))[0]
    best = (0.0, 0.0)
    for threshold in sorted({*genuine, *impostor}):
        wrong = sum(value <= threshold for value in impostor) / len(impostor)
        if wrong <= target:
            best = (wrong, sum(value <= threshold for value in genuine) / len(genuine))
    assert (found.measured, found.rate) == pytest.approx(best)
    assert found.low <= found.rate <= found.high
    assert sum(value <= found.threshold for value in impostor) / len(impostor) <= target


@settings(max_examples=60, deadline=None)
@given(genuine=tied, impostor=tied)
def test_counted_pairs_give_the_exact_curve_where_bins_separate_them(genuine: list[int], impostor: list[int]):
    edges = np.linspace(-0.5, 8.5, 10)
    counts = [np.histogram(values, edges)[0].astype(np.int64) for values in (genuine, impostor)]
    counted, exact = roc_of_pairs(PairDistances(edges, *counts)), both(genuine, impostor)
    assert area_under(counted) == pytest.approx(area_under(exact))
    assert equal_error_rate(counted)[0] == pytest.approx(equal_error_rate(exact)[0])


def test_equal_error_rate_by_hand():
    # At threshold 2: one of four impostors accepted, one of four genuine pairs rejected.
    rate, threshold = equal_error_rate(both([1, 1, 2, 4], [2, 3, 4, 5]))
    assert (rate, threshold) == (0.25, 2)
    # All alike: accepting nothing rejects all genuine, accepting everything accepts all impostors.
    assert equal_error_rate(both([1], [1]))[0] == 0.5
    assert equal_error_rate(both([1, 2], [3, 4]))[0] == 0
    assert equal_error_rate(both([3, 4], [1, 2]))[0] == 1


def test_detection_error_trade_off_is_the_complement():
    curve = both([1, 3], [2, 4])
    assert curve.false_accept_rate.tolist() == [0, 0, 0.5, 0.5, 1]
    assert curve.false_reject_rate.tolist() == [1, 0.5, 0.5, 0, 0]


def test_wilson_interval_equals_a_published_example_and_holds_its_rate():
    # Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662.
    assert wilson_interval(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(0.0, 5)[0] == 0
    assert wilson_interval(1.0, 5)[1] == 1


@pytest.mark.parametrize("num_points", [2, 10, 100])
def test_sampled_curve_is_part_of_the_whole_and_keeps_its_ends(num_points: int):
    random = np.random.default_rng(0)
    curve = roc_of_distances(random.normal(0, 1, 500), random.normal(2, 1, 5000))
    few = sample_curve(curve, num_points)
    assert len(few.thresholds) <= max(4, num_points)
    assert (few.false_accept_rate[0], few.true_accept_rate[-1]) == (0, 1)
    assert set(few.thresholds.tolist()) <= set(curve.thresholds.tolist())
    assert area_under(few) == pytest.approx(area_under(curve), abs=0.02 if num_points > 50 else 1)


def test_bad_input_is_refused():
    with pytest.raises(
        EvaluationError, match=r"^Verification needs pairs of both kinds, got 0 genuine and 1"
    ):
        both([], [1])
    with pytest.raises(EvaluationError, match=r"^Impostor distances are not finite in 2 places"):
        both([1], [1, np.nan, np.inf])
    with pytest.raises(ShapeError, match=r"^Genuine distances have a wrong form, got shape \(1, 1\)"):
        roc_of_distances(np.ones((1, 1)), np.ones(3))
    with pytest.raises(EvaluationError, match=r"^Rate is out of range, got 1\.5\. Expected 0 to 1"):
        true_accepts_at(both([1], [2]), (1.5,))
    empty = PairDistances(np.arange(3.0), np.zeros(2, np.int64), np.ones(2, np.int64))
    with pytest.raises(EvaluationError, match=r"got 0 genuine and 2 impostor pairs"):
        roc_of_pairs(empty)
