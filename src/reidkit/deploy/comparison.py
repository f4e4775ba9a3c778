"""What the distance between two images means by what was measured for a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reidkit.core.thresholds import judge_by_thresholds
from reidkit.core.types import Calibration, Threshold
from reidkit.metrics.decision import Decision, decide


@dataclass(frozen=True)
class Comparison:
    """How far apart two images are, and what that means by the measured thresholds of the model.

    Args:
        distance: Between the descriptors; smaller is more alike.
        verdict: "same" where it lies within the strictest threshold of the model, "different" where it
            lies beyond the loosest, "unsure" between; None where the model has no thresholds.
        threshold: The strictest threshold that the distance lies within, if any.
        decision: By the calibration of the model, which the verdict then follows; None without one.
    """

    distance: float
    verdict: Literal["same", "unsure", "different"] | None
    threshold: Threshold | None
    decision: Decision | None = None


def judge_distance(
    distance: float, thresholds: Sequence[Threshold], calibration: Calibration | None = None
) -> Comparison:
    """Say what a distance means by measured thresholds and a calibration; see `Comparison`."""
    verdict, within = judge_by_thresholds(distance, thresholds)
    decision = None if calibration is None else decide(distance, calibration)
    if decision is not None:
        verdict = decision.verdict
    # Of two images the second is no newcomer, it is another individual.
    return Comparison(distance, "different" if verdict == "new" else verdict, within, decision)
