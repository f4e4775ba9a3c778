"""Signs that scores mean nothing, or too much."""

import numpy as np

from reidkit.metrics.roc import RocCurve, area_under, equal_error_rate

NARROW_SHARE = 1e-3
"""Distances of 99 % of impostor pairs within this share of the median one: a collapsed model."""

CHANCE_AREA = 0.55
"""An area under the curve up to this is about what guessing gives."""


def find_degeneracy(curve: RocCurve) -> list[str]:
    """Return one sentence per sign that a model, or the data it is judged on, is degenerate.

    Args:
        curve: Of all pairs.
    """
    low, median, high = (_impostor_quantile(curve, share) for share in (0.005, 0.5, 0.995))
    if high <= low:
        return [
            f"Distances of different individuals are all equal (about {median:.3g}): the model gives all "
            f"the same descriptor, or the distance is wrong. No threshold can mean anything."
        ]
    found = []
    if median == 0 or (high - low) < NARROW_SHARE * abs(median):
        found.append(
            f"Distances of different individuals lie within {high - low:.2g} of each other at {median:.3g}: "
            f"the descriptors have all but collapsed. Look at the training loss and at the descriptors."
        )
    area = area_under(curve)
    if area < 1 - CHANCE_AREA:
        found.append(
            f"Images of the same individual are farther apart than others (area under the curve {area:.2f}): "
            f"are the labels, or similarity and distance, swapped?"
        )
    elif area <= CHANCE_AREA:
        found.append(
            f"Same and different individuals are hardly told apart (area under the curve {area:.2f}, "
            f"guessing gives 0.5): check the weights and the preprocessing."
        )
    if equal_error_rate(curve)[0] == 0:
        found.append(
            f"All {curve.num_genuine} genuine pairs are nearer than all {curve.num_impostor} impostor pairs: "
            f"the data is too easy to say anything about errors, or queries have copies in the gallery."
        )
    return found


def _impostor_quantile(curve: RocCurve, share: float) -> float:
    return float(curve.thresholds[np.searchsorted(curve.false_accept_rate, share)])
