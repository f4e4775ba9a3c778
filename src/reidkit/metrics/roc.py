"""Verification: is this pair the same individual? Rates of right and wrong acceptance at every threshold.

A pair is accepted where its distance is at most the threshold. Genuine pairs show the same individual,
impostor pairs different ones; what is wanted is to accept the former and not the latter.
"""

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reidkit.core.errors import EvaluationError, ShapeError

if TYPE_CHECKING:
    from reidkit.metrics.verification import PairDistances

Numbers = NDArray[np.float64]

NORMAL_95 = 1.959963984540054
"""Standard deviations that hold 95 % of a normal distribution."""


@dataclass(frozen=True, eq=False)
class RocCurve:
    """Receiver operating characteristic: one point per threshold, from accepting nothing to all.

    Args:
        thresholds: (T,) ascending distances.
        false_accept_rate: (T,) share of impostor pairs at or below each; ascending from 0 to 1.
        true_accept_rate: (T,) share of genuine pairs at or below each; ascending from 0 to 1.
        num_genuine: Genuine pairs in all.
        num_impostor: Impostor pairs in all.
    """

    thresholds: Numbers
    false_accept_rate: Numbers
    true_accept_rate: Numbers
    num_genuine: int
    num_impostor: int

    @property
    def false_reject_rate(self) -> Numbers:
        """Share of genuine pairs beyond each threshold: with the false accept rate the DET curve."""
        return 1 - self.true_accept_rate


@dataclass(frozen=True, slots=True)
class RateAt:
    """A measured rate at a chosen threshold, with a 95 % interval.

    Args:
        target: The false accept (or false positive) rate that was allowed.
        measured: The one that the threshold keeps, at most the target.
        threshold: The distance.
        rate: Share of genuine pairs (or searches) that are answered rightly there.
        low: Lower end of the interval of ``rate``.
        high: Upper end.
    """

    target: float
    measured: float
    threshold: float
    rate: float
    low: float
    high: float


def roc_of_distances(genuine: NDArray[np.floating], impostor: NDArray[np.floating]) -> RocCurve:
    """Return the exact curve of two lists of distances, with one point per distinct distance.

    Args:
        genuine: (P,) distances of pairs of the same individual.
        impostor: (R,) distances of pairs of different individuals.

    Raises:
        ShapeError: not 1-D.
        EvaluationError: a list is empty, or a distance is not finite.
    """
    for name, values in (("Genuine", genuine), ("Impostor", impostor)):
        if values.ndim != 1:
            raise ShapeError(
                f"{name} distances have a wrong form, got shape {values.shape}. Expected one dimension."
            )
        num_wrong = int((~np.isfinite(values)).sum())
        if num_wrong:
            raise EvaluationError(
                f"{name} distances are not finite in {num_wrong} places. Expected numbers. "
                f"Check the descriptors."
            )
    _check_both(len(genuine), len(impostor))
    right, wrong = np.sort(genuine.astype(np.float64)), np.sort(impostor.astype(np.float64))
    distances = np.unique(np.concatenate([right, wrong]))
    thresholds = np.concatenate([[np.nextafter(distances[0], -np.inf)], distances])
    return RocCurve(
        thresholds,
        np.searchsorted(wrong, thresholds, side="right") / len(wrong),
        np.searchsorted(right, thresholds, side="right") / len(right),
        num_genuine=len(right),
        num_impostor=len(wrong),
    )


def roc_of_pairs(pairs: "PairDistances") -> RocCurve:
    """Return the curve of counted pairs; its thresholds are the edges of their bins.

    Raises:
        EvaluationError: there are no genuine or no impostor pairs.
    """
    num_genuine, num_impostor = int(pairs.genuine.sum()), int(pairs.impostor.sum())
    _check_both(num_genuine, num_impostor)
    return RocCurve(
        pairs.edges,
        np.concatenate([[0], pairs.impostor.cumsum()]) / num_impostor,
        np.concatenate([[0], pairs.genuine.cumsum()]) / num_genuine,
        num_genuine=num_genuine,
        num_impostor=num_impostor,
    )


def area_under(curve: RocCurve) -> float:
    """Return the area under the curve: the chance that a genuine pair is nearer than an impostor pair.

    Equal distances count half. 0.5 is guessing.
    """
    return float(np.trapezoid(curve.true_accept_rate, curve.false_accept_rate))


def equal_error_rate(curve: RocCurve) -> tuple[float, float]:
    """Return the rate at which wrong acceptances and rejections are equally frequent, and its threshold.

    Between two points of the curve both are interpolated linearly.
    """
    excess = curve.false_accept_rate - curve.false_reject_rate  # from -1 up to 1
    after = int(np.argmax(excess >= 0))
    before = max(0, after - 1)
    step = excess[after] - excess[before]
    share = -excess[before] / step if step > 0 else 0.0

    def between(values: Numbers) -> float:
        return float(values[before] + share * (values[after] - values[before]))

    return between(curve.false_accept_rate), between(curve.thresholds)


def true_accepts_at(
    curve: RocCurve, false_accept_rates: tuple[float, ...] = (0.1, 0.01, 0.001)
) -> list[RateAt]:
    """Return the true accept rate at the largest threshold that keeps each false accept rate.

    The interval is Wilson's for independent pairs. Pairs of one query are not quite independent, so it
    is rather too narrow. A target below one over the number of impostor pairs asks for none accepted.

    Raises:
        EvaluationError: a target is not between 0 and 1.

    Differs:
        FastReID's "TPR @ FPR" takes different individuals for the positives, so it is the share of
        impostors rejected while few genuine pairs are. Ours accepts genuine pairs. On data that a threshold
        separates perfectly FastReID reports 0.00 at 1e-4 and 1e-3, ours is 1.
    """
    found = []
    for target in false_accept_rates:
        check_rate(target)
        last = int(np.flatnonzero(curve.false_accept_rate <= target)[-1])
        rate = float(curve.true_accept_rate[last])
        low, high = wilson_interval(rate, curve.num_genuine)
        measured = float(curve.false_accept_rate[last])
        found.append(RateAt(target, measured, float(curve.thresholds[last]), rate, low, high))
    return found


def sample_curve(curve: RocCurve, num_points: int = 100) -> RocCurve:
    """Return at most so many points of a curve, evenly spread over the logarithm of the false accept rate.

    The first and the last point are always among them, and where the curve leaves zero.
    """
    count = len(curve.thresholds)
    lowest = max(1 / curve.num_impostor, 1e-7)
    wanted = np.geomspace(lowest, 1, max(2, num_points - 2))
    places = np.searchsorted(curve.false_accept_rate, wanted, side="right") - 1
    kept = np.unique(np.concatenate([[0], places, [count - 1]]).clip(0, count - 1))
    return RocCurve(
        curve.thresholds[kept],
        curve.false_accept_rate[kept],
        curve.true_accept_rate[kept],
        num_genuine=curve.num_genuine,
        num_impostor=curve.num_impostor,
    )


def wilson_interval(rate: float, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of ``count`` independent trials.

    Reference:
        Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 1927.

    Example:
        >>> low, high = wilson_interval(1.0, 10)
        >>> round(low, 3), high
        (0.722, 1.0)
    """
    squared = NORMAL_95**2 / count
    centre = (rate + squared / 2) / (1 + squared)
    half = NORMAL_95 * sqrt(rate * (1 - rate) / count + squared / (4 * count)) / (1 + squared)
    return max(0.0, min(rate, centre - half)), min(1.0, max(rate, centre + half))


def check_rate(rate: float) -> None:
    """Refuse what is no share.

    Raises:
        EvaluationError: it is not between 0 and 1.
    """
    if not 0 <= rate <= 1:
        raise EvaluationError(f"Rate is out of range, got {rate}. Expected 0 to 1, such as 0.01.")


def _check_both(num_genuine: int, num_impostor: int) -> None:
    if num_genuine == 0 or num_impostor == 0:
        raise EvaluationError(
            f"Verification needs pairs of both kinds, got {num_genuine} genuine and {num_impostor} impostor "
            f"pairs. Expected at least one of each. Add images of further individuals."
        )
