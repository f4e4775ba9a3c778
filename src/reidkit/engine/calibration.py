"""What the distances of a model mean, measured on an evaluation: for its card."""

from dataclasses import replace

from reidkit.core.types import Calibration
from reidkit.engine.evaluation import Evaluation
from reidkit.metrics.calibration import Method, calibrate
from reidkit.metrics.cross_check import cross_check
from reidkit.metrics.labels import labels_of


def calibrate_on(
    evaluation: Evaluation,
    *,
    data: str,
    method: Method = "isotonic",
    prior: float = 0.5,
    accept_rate: float = 0.01,
    reject_rate: float = 0.01,
) -> Calibration | None:
    """Fit probabilities and the rule for same and new, and judge the rule on others than it was chosen by.

    Args:
        evaluation: Of individuals that the model was not trained on.
        data: Name of the data.
        method: As for `reidkit.metrics.calibration.calibrate`, and so are the others.
        prior: Share of same pairs where the model will be used.
        accept_rate: Share of different pairs that may be called the same.
        reject_rate: Share of same pairs that may be called new.

    Returns:
        None where the pairs are all of one kind.

    Raises:
        EvaluationError: a rate or the prior is no share.
    """
    if evaluation.curve is None:
        return None
    fitted = calibrate(
        evaluation.pairs,
        method=method,
        prior=prior,
        accept_rate=accept_rate,
        reject_rate=reject_rate,
        data=data,
    )
    checked = cross_check(
        evaluation.query_descriptors,
        evaluation.gallery_descriptors,
        labels_of(evaluation.queries),
        labels_of(evaluation.gallery),
        evaluation.scores.protocol,
        accept_rate=accept_rate,
        reject_rate=reject_rate,
    )
    return replace(fitted, cross_check=checked)
