"""What a distance means by measured thresholds."""

from collections.abc import Sequence
from typing import Literal

from reidkit.core.types import Threshold

Verdict = Literal["same", "unsure", "new"]


def judge_by_thresholds(
    distance: float, thresholds: Sequence[Threshold]
) -> tuple[Verdict | None, Threshold | None]:
    """Return a verdict on a distance, and the strictest threshold that it lies within, if any.

    Args:
        distance: Between two images.
        thresholds: Of the model, in any order.

    Returns:
        "same" within the strictest threshold, "new" beyond the loosest, "unsure" between; None where there
        are none.

    Example:
        >>> judge_by_thresholds(0.2, [Threshold(0.3, 0.01, 0.9)])[0]
        'same'
    """
    ordered = sorted(thresholds, key=lambda threshold: threshold.distance)
    if not ordered:
        return None, None
    within = next((threshold for threshold in ordered if distance <= threshold.distance), None)
    if within is None:
        return "new", None
    return ("same" if within == ordered[0] else "unsure"), within
