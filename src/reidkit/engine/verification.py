"""Verification and open-set rates as they are stored with the scores."""

from dataclasses import asdict
from typing import Any

import numpy as np

from reidkit.metrics.open_set import NearestDistances, identify_at
from reidkit.metrics.roc import RocCurve, area_under, equal_error_rate, sample_curve, true_accepts_at

NUM_POINTS = 60


def verification_json(curve: RocCurve | None, nearest: NearestDistances) -> dict[str, Any]:
    """Return the entries ``verification`` and ``open_set`` of ``scores.json``.

    Args:
        curve: Of all pairs; None where a kind of pairs is missing, and then the entries are null.
        nearest: Of all queries.
    """
    if curve is None:
        return {"verification": None, "open_set": None}
    few = sample_curve(curve, NUM_POINTS)
    rate, threshold = equal_error_rate(curve)
    has_strangers = np.isfinite(nearest.impostor).any() and np.isfinite(nearest.genuine).any()
    return {
        "verification": {
            "area_under_curve": area_under(curve),
            "equal_error_rate": rate,
            "equal_error_distance": threshold,
            "true_accepts": [asdict(found) for found in true_accepts_at(curve)],
            "num_genuine": curve.num_genuine,
            "num_impostor": curve.num_impostor,
            "roc": {
                "distance": few.thresholds.tolist(),
                "false_accept_rate": few.false_accept_rate.tolist(),
                "true_accept_rate": few.true_accept_rate.tolist(),
            },
        },
        "open_set": [asdict(found) for found in identify_at(nearest)] if has_strangers else None,
    }
