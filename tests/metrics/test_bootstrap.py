import numpy as np
import pytest
from scipy import stats

from reidkit.core.errors import EvaluationError, ShapeError
from reidkit.metrics.bootstrap import bootstrap_mean, paired_bootstrap

VALUES = np.random.default_rng(0).beta(2, 1, 400)


def test_interval_equals_scipys_up_to_its_draws():
    ours = bootstrap_mean(VALUES, num_draws=4000)
    theirs = stats.bootstrap(
        (VALUES,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert ours.mean == pytest.approx(VALUES.mean(), abs=1e-12)
    # The standard error of an end of the interval is far below its width.
    tolerance = 0.05 * (theirs.high - theirs.low)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=tolerance)


def test_queries_without_a_score_do_not_count():
    holes = np.concatenate([VALUES, [np.nan, np.nan]])
    assert bootstrap_mean(holes) == bootstrap_mean(VALUES)
    assert bootstrap_mean(holes).num_queries == 400


def test_equal_values_leave_no_doubt_and_a_seed_repeats():
    constant = bootstrap_mean(np.full(9, 0.5))
    assert (constant.low, constant.mean, constant.high) == (0.5, 0.5, 0.5)
    assert bootstrap_mean(VALUES, seed=3) == bootstrap_mean(VALUES, seed=3) != bootstrap_mean(VALUES, seed=4)


def test_paired_comparison_sees_a_small_steady_gain_that_separate_intervals_hide():
    noise = np.random.default_rng(1).normal(0, 0.01, 400)
    better = VALUES + 0.01 + noise
    paired = paired_bootstrap(VALUES, better)
    assert paired.difference.low > 0
    assert paired.p_value < 0.01
    assert bootstrap_mean(VALUES).high > bootstrap_mean(better).low
    assert paired.num_better + paired.num_worse == 400


def test_no_difference_gives_no_evidence():
    same = paired_bootstrap(VALUES, VALUES)
    assert (same.difference.mean, same.p_value, same.num_better, same.num_worse) == (0, 1, 0, 0)


def test_swapping_the_models_turns_the_sign():
    other = np.random.default_rng(2).permutation(VALUES)
    one, back = paired_bootstrap(VALUES, other), paired_bootstrap(other, VALUES)
    assert one.difference.low == pytest.approx(-back.difference.high, abs=1e-12)
    assert one.num_better == back.num_worse


@pytest.mark.parametrize(
    ("values", "arguments", "error", "message"),
    [
        (np.ones((2, 2)), {}, ShapeError, r"^Scores have a wrong form, got shape \(2, 2\)"),
        (np.ones(2), {"confidence": 1.0}, ShapeError, r"^Confidence is out of range, got 1\.0"),
        (np.ones(2), {"num_draws": 0}, ShapeError, "^Number of draws num_draws is too small, got 0"),
        (np.full(2, np.nan), {}, EvaluationError, "^0 of 2 queries are scored"),
    ],
)
def test_bad_input_is_refused(values, arguments, error, message):
    with pytest.raises(error, match=message):
        bootstrap_mean(values, **arguments)


def test_models_must_have_answered_the_same_queries():
    with pytest.raises(ShapeError, match=r"^Scores of two models differ in length, got 2 and 3"):
        paired_bootstrap(np.ones(2), np.ones(3))
    with pytest.raises(
        EvaluationError, match=r"^1 queries are scored by one model only, the first is query 1"
    ):
        paired_bootstrap(np.ones(2), np.array([1, np.nan]))
