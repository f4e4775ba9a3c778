"""How far a mean over queries may be off, and whether one of two models is better on the same queries."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidkit.core.errors import EvaluationError, ShapeError

DRAWS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the interval that holds it with some confidence.

    Args:
        mean: Over all queries that count.
        low: Lower end of the interval.
        high: Upper end of the interval.
        confidence: Share of resampled means that lie inside.
        num_queries: Queries that count.
    """

    mean: float
    low: float
    high: float
    confidence: float
    num_queries: int


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """Whether the second of two models answers the same queries better.

    Args:
        difference: Mean of second minus first, with its interval.
        p_value: Two-sided: how often a resampled difference is at least as far from the observed one as
            zero is.
        num_better: Queries that the second answers better.
        num_worse: Queries that the second answers worse.
    """

    difference: Interval
    p_value: float
    num_better: int
    num_worse: int


def bootstrap_mean(
    values: NDArray[np.floating],
    *,
    confidence: float = 0.95,
    num_draws: int = 2000,
    seed: int = 0,
) -> Interval:
    """Return the mean over queries with its percentile bootstrap interval.

    Args:
        values: (Q,) one score per query, such as average precision; NaN is a query that is not scored.
        confidence: Between 0 and 1.
        num_draws: How often the queries are drawn anew, with replacement.
        seed: The same seed gives the same interval.

    Raises:
        ShapeError: not one value per query, or ``confidence`` or ``num_draws`` is out of range.
        EvaluationError: no query is scored.

    Reference:
        Efron, Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3.
    """
    _check(values, confidence, num_draws)
    counted = values[~np.isnan(values)].astype(np.float64)
    return _interval(counted, _resampled_means(counted, num_draws, seed), confidence)


def paired_bootstrap(
    first: NDArray[np.floating],
    second: NDArray[np.floating],
    *,
    confidence: float = 0.95,
    num_draws: int = 2000,
    seed: int = 0,
) -> PairedComparison:
    """Compare two models query by query: the queries are drawn together, so their difficulty cancels.

    Args:
        first: (Q,) scores of the first model; NaN is a query that is not scored.
        second: (Q,) scores of the second model on the same queries.
        confidence: Between 0 and 1.
        num_draws: How often the queries are drawn anew, with replacement.
        seed: The same seed gives the same result.

    Raises:
        ShapeError: the two differ in length, or an argument is out of range.
        EvaluationError: no query is scored, or one that is scored by one model only.
    """
    _check(first, confidence, num_draws)
    _check(second, confidence, num_draws)
    if first.shape != second.shape:
        raise ShapeError(
            f"Scores of two models differ in length, got {len(first)} and {len(second)}. Expected one per "
            f"query, of the same queries. Evaluate both on the same data."
        )
    is_one_sided = np.isnan(first) != np.isnan(second)
    if is_one_sided.any():
        raise EvaluationError(
            f"{int(is_one_sided.sum())} queries are scored by one model only, the first is query "
            f"{int(np.flatnonzero(is_one_sided)[0])}. Expected the same queries. Evaluate both under the "
            f"same protocol."
        )
    change = (second - first)[~np.isnan(first)].astype(np.float64)
    means = _resampled_means(change, num_draws, seed)
    difference = _interval(change, means, confidence)
    is_as_far = np.abs(means - difference.mean) >= abs(difference.mean)
    return PairedComparison(
        difference=difference,
        p_value=float((is_as_far.sum() + 1) / (num_draws + 1)),
        num_better=int((change > 0).sum()),
        num_worse=int((change < 0).sum()),
    )


def _check(values: NDArray[np.floating], confidence: float, num_draws: int) -> None:
    if values.ndim != 1:
        raise ShapeError(f"Scores have a wrong form, got shape {values.shape}. Expected (Q,), one per query.")
    if not 0 < confidence < 1:
        raise ShapeError(f"Confidence is out of range, got {confidence}. Expected between 0 and 1.")
    if num_draws < 1:
        raise ShapeError(f"Number of draws num_draws is too small, got {num_draws}. Expected at least 1.")
    if np.isnan(values).all():
        raise EvaluationError(
            f"0 of {len(values)} queries are scored. Expected at least one. Check the evaluation."
        )


def _interval(values: NDArray[np.float64], means: NDArray[np.float64], confidence: float) -> Interval:
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(values.mean()), float(low), float(high), confidence, len(values))


def _resampled_means(values: NDArray[np.float64], num_draws: int, seed: int) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    means = []
    for start in range(0, num_draws, DRAWS_AT_ONCE):
        shape = (min(DRAWS_AT_ONCE, num_draws - start), len(values))
        means.append(values[random.integers(len(values), size=shape)].mean(1))
    return np.concatenate(means)
