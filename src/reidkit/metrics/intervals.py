"""What is stored beside the means: precision and recall at k, and how far the means may be off."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidkit.metrics.bootstrap import Interval, bootstrap_mean
from reidkit.metrics.scores import RetrievalScores

AT = (1, 5, 10, 20)
"""First images that precision and recall are stored for."""

_PER_QUERY: dict[str, Callable[[RetrievalScores], NDArray[np.floating]]] = {
    "rank_1": lambda scores: scores.found_within(1),
    "rank_5": lambda scores: scores.found_within(5),
    "rank_10": lambda scores: scores.found_within(10),
    "mean_ap": lambda scores: scores.average_precision,
    "mean_inp": lambda scores: scores.inverse_negative_penalty,
}


def score_intervals(
    scores: RetrievalScores, *, confidence: float = 0.95, num_draws: int = 2000, seed: int = 0
) -> dict[str, Interval]:
    """Return each mean with its bootstrap interval over queries, by its key in ``scores.json``.

    The interval says how much the mean would change with other queries of this kind; not how much with
    another training.

    Args:
        scores: Of all queries; those that the protocol skips are not drawn, those that count as zero are.
        confidence: Between 0 and 1.
        num_draws: How often the queries are drawn anew.
        seed: The same seed gives the same intervals.

    Raises:
        ShapeError: ``confidence`` or ``num_draws`` is out of range.
    """
    counts_all = scores.protocol.unmatched_queries == "zero"
    intervals = {}
    for measure, per_query in _PER_QUERY.items():
        values = np.where(scores.is_valid, per_query(scores), 0.0 if counts_all else np.nan)
        intervals[measure] = bootstrap_mean(values, confidence=confidence, num_draws=num_draws, seed=seed)
    return intervals


def details_json(scores: RetrievalScores) -> dict[str, Any]:
    """Return precision and recall at k, and the intervals of the means, as JSON values."""
    return {
        "precision_at": {str(k): scores.precision(k) for k in AT},
        "recall_at": {str(k): scores.recall(k) for k in AT},
        "intervals": {measure: asdict(interval) for measure, interval in score_intervals(scores).items()},
    }
