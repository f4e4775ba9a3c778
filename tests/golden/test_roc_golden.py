"""Verification against FastReID 1.3, which takes different individuals for the positives.

Its scores are distances, with label 1 for a pair of different individuals, so its "TPR @ FPR" is the share
of impostor pairs rejected while a share of genuine pairs is. Stored are its curve and what it reports.
"""

import numpy as np
import pytest

from reidkit.metrics.roc import area_under, roc_of_distances, true_accepts_at
from tests.golden.test_ranking_golden import load

CASES = load("fastreid/roc.npz")
RATES = (1e-4, 1e-3, 1e-2)


def test_stored_cases_are_all_there():
    assert len(CASES) == 3
    assert all(set(np.unique(case["labels"])) == {0, 1} for case in CASES.values())


@pytest.mark.parametrize("name", CASES)
def test_the_curve_is_that_of_fastreid_with_both_kinds_in_their_place(name: str):
    case = CASES[name]
    is_impostor = case["labels"] == 1
    curve = roc_of_distances(case["scores"][~is_impostor], case["scores"][is_impostor])
    # Its false positives are our false rejects, its true positives the impostors that we do not accept.
    rejected_genuine, rejected_impostor = curve.false_reject_rate, 1 - curve.false_accept_rate
    ours = np.stack([rejected_genuine, rejected_impostor], axis=1)
    # It drops points between two others on a line, so each of its points is one of ours.
    for point in np.stack([case["fpr"], case["tpr"]], axis=1):
        assert np.abs(ours - point).max(axis=1).min() < 1e-12
    theirs = np.trapezoid(case["tpr"], case["fpr"])
    assert area_under(curve) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_what_fastreid_reports_is_another_rate(name: str):
    case = CASES[name]
    is_impostor = case["labels"] == 1
    curve = roc_of_distances(case["scores"][~is_impostor], case["scores"][is_impostor])
    for rate, found in zip(RATES, true_accepts_at(curve, RATES), strict=True):
        reported = float(case[f"TPR_at_FPR_{rate:.0e}"])
        nearest = int(np.argmin(np.abs(case["fpr"] - rate)))
        assert reported == pytest.approx(case["tpr"][nearest], abs=1e-12)
        genuine, impostor = case["scores"][~is_impostor], case["scores"][is_impostor]
        ours = max((genuine <= t).mean() for t in [-1, *case["scores"]] if (impostor <= t).mean() <= rate)
        assert found.rate == pytest.approx(ours)
    assert abs(found.rate - reported) > 0.01


def test_fastreid_reports_nothing_for_perfect_data():
    # At its nearest false positive rate, 0, stand two points; it takes the one that rejects no impostor.
    reported = [float(case[f"TPR_at_FPR_{rate:.0e}"]) for case in CASES.values() for rate in (1e-4, 1e-3)]
    assert reported == [0.0] * 6
    curve = roc_of_distances(np.array([0.1, 0.2]), np.array([0.8, 0.9]))
    assert [found.rate for found in true_accepts_at(curve, RATES)] == [1, 1, 1]
