"""The answer to give at a distance: the same, unsure, or new."""

from dataclasses import dataclass

import numpy as np

from reidkit.core.errors import EvaluationError
from reidkit.core.thresholds import Verdict
from reidkit.core.types import Calibration
from reidkit.metrics.calibration import probability_at


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict on two images, with how often such a verdict is wrong.

    Args:
        verdict: "same" up to the accept distance, "new" beyond the reject distance, "unsure" between.
        distance: That was judged.
        probability: Of "same", under the prior of the calibration.
        false_accept_rate: Share of impostor pairs that are called the same by this rule.
        false_reject_rate: Share of genuine pairs that are called new by this rule.
    """

    verdict: Verdict
    distance: float
    probability: float
    false_accept_rate: float
    false_reject_rate: float


def decide(distance: float, calibration: Calibration) -> Decision:
    """Judge a distance by a calibration.

    A search through a gallery makes one such comparison per image, so its chance of a wrong "same" grows
    with the gallery; see `reidkit.metrics.open_set`.

    Raises:
        EvaluationError: the distance is NaN.
    """
    if np.isnan(distance):
        raise EvaluationError("Distance is NaN. Expected a number. Check the images and the descriptors.")
    verdict: Verdict = "unsure"
    if distance <= calibration.accept_distance:
        verdict = "same"
    elif distance > calibration.reject_distance:
        verdict = "new"
    return Decision(
        verdict,
        float(distance),
        probability_at(calibration, distance),
        calibration.false_accept_rate,
        calibration.false_reject_rate,
    )
