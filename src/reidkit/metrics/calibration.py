"""From a distance to the probability that two images show the same individual.

The probability depends on how common same pairs are where the model is used, the prior. Of all pairs of a
data set less than one in a hundred is a same pair; of the pairs that a person is asked about it may be
every other one. So the prior is given, not counted, and stored with the result.
"""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from reidkit.core.errors import CatalogError, EvaluationError, ShapeError
from reidkit.core.types import Calibration
from reidkit.metrics.degenerate import find_degeneracy
from reidkit.metrics.roc import RocCurve, check_rate, roc_of_pairs
from reidkit.metrics.verification import PairDistances

Method = Literal["isotonic", "logistic"]
Numbers = NDArray[np.float64]

MAX_NEWTON_STEPS = 100
NUM_LOGISTIC_POINTS = 129


def calibrate(
    pairs: PairDistances,
    *,
    method: Method = "isotonic",
    prior: float = 0.5,
    accept_rate: float = 0.01,
    reject_rate: float = 0.01,
    data: str = "",
) -> Calibration:
    """Fit the probability of "same" to counted pairs, and choose where "same" ends and "new" begins.

    The pairs must be of individuals that the model was not trained on, or it looks better than it is.

    Args:
        pairs: Of both kinds.
        method: "isotonic" follows the counts and only forbids that a larger distance be more probably the
            same; "logistic" fits a curve of two numbers, for few pairs.
        prior: Share of same pairs where the model will be used, between 0 and 1.
        accept_rate: Share of impostor pairs that may be called the same.
        reject_rate: Share of genuine pairs that may be called new.
        data: Name of the data, for the record.

    Raises:
        CatalogError: another method, or a prior that is not between 0 and 1.
        EvaluationError: there are no genuine or no impostor pairs, or a rate is no share.
    """
    if method not in get_args(Method):
        raise CatalogError(f"Unknown calibration '{method}'. Known: {', '.join(get_args(Method))}.")
    curve = roc_of_pairs(pairs)
    check_rate(accept_rate)
    check_rate(reject_rate)
    middles = (pairs.edges[1:] + pairs.edges[:-1]) / 2
    genuine, impostor = pairs.genuine.astype(np.float64), pairs.impostor.astype(np.float64)
    if method == "isotonic":
        distances, probabilities = fit_isotonic(middles, genuine, impostor, prior=prior)
    else:
        intercept, slope = fit_logistic(middles, genuine, impostor, prior=prior)
        distances = np.linspace(pairs.edges[0], pairs.edges[-1], NUM_LOGISTIC_POINTS)
        probabilities = _sigmoid(intercept + slope * distances)
    # Rule of succession: after n pairs of one kind the next may still be of the other.
    least = 1 / (min(curve.num_genuine, curve.num_impostor) + 2)
    accept, reject = choose_distances(curve, accept_rate, reject_rate)
    return Calibration(
        method=method,
        prior=prior,
        distances=tuple(distances.tolist()),
        probabilities=tuple(probabilities.clip(least, 1 - least).tolist()),
        accept_distance=float(curve.thresholds[accept]),
        reject_distance=float(curve.thresholds[reject]),
        false_accept_rate=float(curve.false_accept_rate[accept]),
        false_reject_rate=float(curve.false_reject_rate[reject]),
        num_genuine=curve.num_genuine,
        num_impostor=curve.num_impostor,
        data=data,
        warnings=tuple(find_degeneracy(curve)),
    )


def choose_distances(curve: RocCurve, accept_rate: float, reject_rate: float) -> tuple[int, int]:
    """Return the points of the curve up to which a pair is the same, and beyond which it is new."""
    accept = int(np.flatnonzero(curve.false_accept_rate <= accept_rate)[-1])
    reject = int(np.flatnonzero(curve.false_reject_rate <= reject_rate)[0])
    return accept, max(accept, reject)


def fit_isotonic(
    distances: Numbers, genuine: Numbers, impostor: Numbers, *, prior: float = 0.5
) -> tuple[Numbers, Numbers]:
    """Fit probabilities of "same" that never rise with the distance, by pooling adjacent violators.

    Args:
        distances: (N,) ascending.
        genuine: (N,) number of genuine pairs at each.
        impostor: (N,) number of impostor pairs at each.
        prior: Share of genuine pairs that the counts are weighed to.

    Returns:
        Knots: distances and probabilities; between two of them the probability is interpolated linearly.

    Raises:
        ShapeError: lengths differ, or distances do not ascend.
        EvaluationError: a kind of pairs is missing.
        CatalogError: a prior that is not between 0 and 1.

    Reference:
        Ayer, Brunk, Ewing, Reid, Silverman, "An Empirical Distribution Function for Sampling with Incomplete
        Information", Annals of Mathematical Statistics 1955.
    """
    right, wrong = _weigh(distances, genuine, impostor, prior)
    is_used = (right + wrong) > 0
    places, right, wrong = distances[is_used], right[is_used], wrong[is_used]
    pools: list[tuple[float, float, int, int]] = []  # genuine, all, first, last
    for number, (same, other) in enumerate(zip(right.tolist(), wrong.tolist(), strict=True)):
        weight, total, first = same, same + other, number
        while pools and pools[-1][0] * total <= weight * pools[-1][1]:
            more, more_total, first, _ = pools.pop()
            weight, total = weight + more, total + more_total
        pools.append((weight, total, first, number))
    knots = [
        (places[place], weight / total)
        for weight, total, first, last in pools
        for place in dict.fromkeys((first, last))
    ]
    found = np.array(knots)
    return found[:, 0], found[:, 1]


def fit_logistic(
    distances: Numbers, genuine: Numbers, impostor: Numbers, *, prior: float = 0.5
) -> tuple[float, float]:
    """Fit 1 / (1 + exp(-(intercept + slope * distance))) by Newton's method.

    Args:
        distances: (N,) ascending.
        genuine: (N,) number of genuine pairs at each.
        impostor: (N,) number of impostor pairs at each.
        prior: Share of genuine pairs that the counts are weighed to.

    Returns:
        Intercept and slope.

    Raises:
        ShapeError: lengths differ, or distances do not ascend.
        EvaluationError: a kind of pairs is missing.
        CatalogError: a prior that is not between 0 and 1.

    Reference:
        Platt, "Probabilistic Outputs for Support Vector Machines", 1999: the targets are (n + 1) / (n + 2)
        and 1 / (n + 2) instead of 1 and 0, so that separable pairs have a finite answer too.
    """
    right, wrong = _weigh(distances, genuine, impostor, prior)
    high = (genuine.sum() + 1) / (genuine.sum() + 2)
    low = 1 / (impostor.sum() + 2)
    weights, hits = right + wrong, high * right + low * wrong
    centre = float(np.average(distances, weights=weights))
    scale = float(np.sqrt(np.average((distances - centre) ** 2, weights=weights))) or 1.0
    design = np.stack([np.ones_like(distances), (distances - centre) / scale], axis=1)

    def loss_of(values: Numbers) -> float:
        scores = design @ values
        return float((weights * np.logaddexp(0, scores) - hits * scores).sum())

    values = np.array([np.log(hits.sum() / (weights.sum() - hits.sum())), 0.0])
    for _ in range(MAX_NEWTON_STEPS):
        fitted = _sigmoid(design @ values)
        gradient = design.T @ (weights * fitted - hits)
        curvature = (design.T * (weights * fitted * (1 - fitted))) @ design
        step = np.linalg.lstsq(curvature, gradient, rcond=None)[0]
        loss = loss_of(values)
        while loss_of(values - step) > loss and np.abs(step).max() > 1e-12:
            step = step / 2
        values = values - step
        if np.abs(step).max() < 1e-10:
            break
    slope = float(values[1] / scale)
    return float(values[0]) - slope * centre, slope


def probability_at(calibration: Calibration, distance: float) -> float:
    """Return the probability that two images at this distance show the same individual."""
    return float(np.interp(distance, calibration.distances, calibration.probabilities))


def check_prior(prior: float) -> None:
    """Refuse a prior at which nothing is uncertain.

    Raises:
        CatalogError: it is not between 0 and 1.
    """
    if not 0 < prior < 1:
        raise CatalogError(f"Prior is out of range, got {prior}. Expected more than 0 and less than 1.")


def _weigh(distances: Numbers, genuine: Numbers, impostor: Numbers, prior: float) -> tuple[Numbers, Numbers]:
    """Return the counts as weights, the genuine ones summing to the prior and the others to the rest."""
    shapes: Sequence[tuple[int, ...]] = (distances.shape, genuine.shape, impostor.shape)
    if len(set(shapes)) != 1 or distances.ndim != 1 or (np.diff(distances) <= 0).any():
        raise ShapeError(
            f"Counted pairs do not fit, got shapes {', '.join(map(str, shapes))}. Expected ascending "
            f"distances with a number of genuine and of impostor pairs each."
        )
    check_prior(prior)
    if genuine.sum() <= 0 or impostor.sum() <= 0:
        raise EvaluationError(
            f"Calibration needs pairs of both kinds, got {genuine.sum():.0f} genuine and "
            f"{impostor.sum():.0f} impostor pairs. Expected at least one of each. "
            f"Add images of further individuals."
        )
    return genuine * (prior / genuine.sum()), impostor * ((1 - prior) / impostor.sum())


def _sigmoid(values: Numbers) -> Numbers:
    return np.exp(-np.logaddexp(0, -values))
