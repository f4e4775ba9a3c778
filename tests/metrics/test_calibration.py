"""Probabilities and decisions against scikit-learn and hand arithmetic."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from reidkit.core.errors import CatalogError, EvaluationError, ShapeError
from reidkit.metrics.calibration import calibrate, fit_isotonic, fit_logistic, probability_at
from reidkit.metrics.decision import decide
from reidkit.metrics.verification import PairDistances

counts = st.lists(st.integers(0, 6), min_size=9, max_size=9).filter(any)
METHODS = ["isotonic", "logistic"]


def make_pairs(seed: int, num_genuine: int = 3000, num_impostor: int = 60_000) -> PairDistances:
    """Two normal distributions of distances, counted in 500 bins."""
    random = np.random.default_rng(seed)
    edges = np.linspace(0, 2, 501)
    genuine = random.normal(0.6, 0.15, num_genuine).clip(0, 2)
    impostor = random.normal(1.0, 0.15, num_impostor).clip(0, 2)
    return PairDistances(
        edges, *(np.histogram(values, edges)[0].astype(np.int64) for values in (genuine, impostor))
    )


@settings(max_examples=60, deadline=None)
@given(genuine=counts, impostor=counts, prior=st.sampled_from([0.05, 0.5, 0.9]))
def test_isotonic_equals_scikit_learn(genuine: list[int], impostor: list[int], prior: float):
    distances = np.linspace(0, 1, 9)
    right, wrong = np.array(genuine, float), np.array(impostor, float)
    knots = fit_isotonic(distances, right, wrong, prior=prior)
    weight = np.concatenate([right * (prior / right.sum()), wrong * ((1 - prior) / wrong.sum())])
    reference = IsotonicRegression(increasing=False, out_of_bounds="clip")
    reference.fit(np.tile(distances, 2), np.repeat([1.0, 0.0], 9), sample_weight=weight)
    asked = np.linspace(-0.1, 1.1, 50)
    np.testing.assert_allclose(np.interp(asked, *knots), reference.predict(asked), atol=1e-9)
    assert (np.diff(knots[1]) <= 1e-12).all()


# Where both kinds lie alike its start is the answer, and its line search falls back to another solver.
@pytest.mark.filterwarnings("ignore:Line search of Newton solver")
@settings(max_examples=25, deadline=None)
@given(genuine=counts, impostor=counts, prior=st.sampled_from([0.05, 0.5, 0.9]))
@example(genuine=[1, 5, 1, 0, 2, 3, 5, 3, 5], impostor=[1, 5, 1, 0, 2, 3, 5, 3, 5], prior=0.5)
def test_logistic_equals_scikit_learn(genuine: list[int], impostor: list[int], prior: float):
    distances = np.linspace(0, 1, 9)
    right, wrong = np.array(genuine, float), np.array(impostor, float)
    intercept, slope = fit_logistic(distances, right, wrong, prior=prior)
    # Soft targets: every pair enters as both kinds, with the weight of each.
    high, low = (right.sum() + 1) / (right.sum() + 2), 1 / (wrong.sum() + 2)
    right_weight, wrong_weight = right * (prior / right.sum()), wrong * ((1 - prior) / wrong.sum())
    hits = high * right_weight + low * wrong_weight
    misses = right_weight + wrong_weight - hits
    reference = LogisticRegression(C=1e10, tol=1e-10, max_iter=10_000, solver="newton-cholesky")
    columns, kinds = np.tile(distances, 2)[:, None], np.repeat([1, 0], 9)
    reference.fit(columns, kinds, sample_weight=1000 * np.concatenate([hits, misses]))
    expected = reference.predict_proba(distances[:, None])[:, 1]
    found = 1 / (1 + np.exp(-(intercept + slope * distances)))
    np.testing.assert_allclose(found, expected, atol=2e-3)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("prior", [0.05, 0.5])
def test_probability_is_the_share_of_same_pairs_at_a_distance(method: str, prior: float):
    # Two normal distributions of equal width: Bayes' rule is logistic in the distance.
    calibration = calibrate(make_pairs(0), method=method, prior=prior)
    for distance in (0.65, 0.7, 0.8, 0.9):
        same, other = (np.exp(-((distance - mean) ** 2) / (2 * 0.15**2)) for mean in (0.6, 1.0))
        expected = prior * same / (prior * same + (1 - prior) * other)
        assert probability_at(calibration, distance) == pytest.approx(expected, abs=0.07)
    values = [probability_at(calibration, distance) for distance in np.linspace(-1, 3, 100)]
    assert (np.diff(values) <= 1e-12).all()
    assert 0 < min(values) < max(values) < 1


def test_decision_keeps_its_rates_on_other_pairs():
    calibration = calibrate(make_pairs(1), accept_rate=0.01, reject_rate=0.05, data="drawn")
    assert calibration.data == "drawn"
    assert calibration.warnings == ()
    other = make_pairs(2)
    ends = other.edges[1:]
    accepted = other.impostor[ends <= calibration.accept_distance].sum() / other.impostor.sum()
    rejected = other.genuine[ends > calibration.reject_distance].sum() / other.genuine.sum()
    assert accepted == pytest.approx(0.01, abs=0.003)
    assert rejected == pytest.approx(0.05, abs=0.012)
    assert calibration.false_accept_rate <= 0.01
    assert calibration.false_reject_rate <= 0.05
    middle = (calibration.accept_distance + calibration.reject_distance) / 2
    assert [decide(distance, calibration).verdict for distance in (0.1, middle, 1.5)] == [
        "same",
        "unsure",
        "new",
    ]
    answer = decide(calibration.accept_distance, calibration)
    assert (answer.verdict, answer.false_accept_rate) == ("same", calibration.false_accept_rate)
    assert answer.probability == probability_at(calibration, answer.distance)


def test_separable_pairs_leave_nothing_unsure_and_warn():
    edges = np.linspace(0, 1, 11)
    genuine, impostor = np.zeros((2, 10), np.int64)
    genuine[1], impostor[7:] = 50, 20
    calibration = calibrate(PairDistances(edges, genuine, impostor), method="logistic")
    assert calibration.accept_distance == calibration.reject_distance == pytest.approx(0.7)
    assert calibration.false_accept_rate == calibration.false_reject_rate == 0
    assert "too easy to say anything about errors" in calibration.warnings[0]


def test_bad_input_is_refused():
    with pytest.raises(CatalogError, match=r"^Unknown calibration 'platt'\. Known: isotonic, logistic\.$"):
        calibrate(make_pairs(0), method="platt")
    with pytest.raises(EvaluationError, match=r"^Rate is out of range, got 2"):
        calibrate(make_pairs(0), accept_rate=2)
    with pytest.raises(EvaluationError, match=r"^Distance is NaN\. Expected a number"):
        decide(float("nan"), calibrate(make_pairs(0)))


@pytest.mark.parametrize("fit", [fit_isotonic, fit_logistic])
def test_counts_that_do_not_fit_are_refused(fit: object):
    ones = np.ones(3)
    with pytest.raises(CatalogError, match=r"^Prior is out of range, got 1\. Expected more than 0"):
        fit(np.arange(3.0), ones, ones, prior=1)
    with pytest.raises(ShapeError, match=r"^Counted pairs do not fit, got shapes \(3,\), \(3,\), \(2,\)"):
        fit(np.arange(3.0), ones, ones[:2])
    with pytest.raises(ShapeError, match=r"Expected ascending"):
        fit(np.zeros(3), ones, ones)
    with pytest.raises(EvaluationError, match=r"^Calibration needs pairs of both kinds, got 3 genuine and 0"):
        fit(np.arange(3.0), ones, 0 * ones)
