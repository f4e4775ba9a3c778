"""Scores averaged over several splits or draws of one data set, as small data sets are judged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidkit.core.checks import check_same_length
from reidkit.core.errors import EvaluationError
from reidkit.core.types import Protocol
from reidkit.metrics.scores import RetrievalScores

MEASURES: dict[str, Callable[[RetrievalScores], float]] = {
    "rank_1": lambda scores: scores.rank(1),
    "rank_5": lambda scores: scores.rank(5),
    "rank_10": lambda scores: scores.rank(10),
    "rank_20": lambda scores: scores.rank(20),
    "mean_ap": lambda scores: scores.mean_ap,
    "mean_inp": lambda scores: scores.mean_inp,
}
"""What is averaged, by its key in ``scores.json``."""


@dataclass(frozen=True, eq=False)
class AveragedScores:
    """Means over splits, each split counting alike however many queries it has.

    Args:
        splits: Number of each split.
        scores: Of each split, in the same order, under one protocol.

    Raises:
        ShapeError: another number of scores than of splits.
        EvaluationError: no split, or several protocols.
    """

    splits: tuple[int, ...]
    scores: tuple[RetrievalScores, ...]

    def __post_init__(self) -> None:
        check_same_length("Scores", self.scores, len(self.splits))
        protocols = {score.protocol for score in self.scores}
        if len(protocols) != 1:
            raise EvaluationError(
                f"Scores cannot be averaged, got {len(self.scores)} splits under {len(protocols)} protocols. "
                f"Expected at least one split, and one protocol. Judge all splits alike."
            )

    @property
    def protocol(self) -> Protocol:
        """How every split was judged."""
        return self.scores[0].protocol

    def values(self, measure: str) -> list[float]:
        """Return a measure of each split, by its key in `MEASURES`."""
        return [MEASURES[measure](score) for score in self.scores]

    def mean(self, measure: str) -> float:
        """Return the mean of a measure over the splits."""
        return float(np.mean(self.values(measure)))

    def spread(self, measure: str) -> float:
        """Return its standard deviation over the splits, that of a sample (n - 1); 0 for one split."""
        return float(np.std(self.values(measure), ddof=1)) if len(self.scores) > 1 else 0.0

    @property
    def cmc(self) -> NDArray[np.float64]:
        """Mean over the splits of the share of queries with a right image at rank k or better."""
        curve: NDArray[np.float64] = np.mean([score.cmc for score in self.scores], axis=0)
        return curve

    def summary(self) -> dict[str, Any]:
        """Return means, spreads, the splits and the protocol as JSON values; scores are in [0, 1]."""
        first = self.scores[0].summary()
        return {
            **{measure: self.mean(measure) for measure in MEASURES},
            "spread": {measure: self.spread(measure) for measure in MEASURES},
            "averaged_splits": list(self.splits),
            "num_queries": sum(score.num_queries for score in self.scores),
            "num_valid": sum(score.num_valid for score in self.scores),
            "num_unmatched": sum(score.num_unmatched for score in self.scores),
            "protocol": first["protocol"],
        }

    def rows(self) -> list[dict[str, Any]]:
        """Return one JSON row per split: its number, its scores and its counts."""
        return [
            {
                "split": split,
                **{measure: function(score) for measure, function in MEASURES.items()},
                "num_queries": score.num_queries,
                "num_valid": score.num_valid,
                "num_gallery": score.num_gallery,
            }
            for split, score in zip(self.splits, self.scores, strict=True)
        ]


def parse_splits(text: str, num_splits: int) -> list[int]:
    """Read which splits are meant: "all", a number of them from the first, a list, or a range with a step.

    Args:
        text: "all", "10" (0 to 9), "0,3,7" or "0:20:2" (every second one; the end does not belong to it).
        num_splits: How many there are.

    Raises:
        EvaluationError: another form, none, or one that is not there.

    Example:
        >>> parse_splits("0:6:2", 6), parse_splits("3", 6)
        ([0, 2, 4], [0, 1, 2])
    """
    parts = text.replace(" ", "")
    try:
        if parts == "all":
            chosen: Sequence[int] = range(num_splits)
        elif ":" in parts:
            chosen = range(num_splits)[slice(*(int(part) if part else None for part in parts.split(":")))]
        elif "," in parts:
            chosen = [int(part) for part in parts.split(",") if part]
        else:
            chosen = range(int(parts))
    except (TypeError, ValueError) as error:
        raise _wrong_splits(text, num_splits) from error
    if not chosen or len(set(chosen)) < len(chosen) or min(chosen) < 0 or max(chosen) >= num_splits:
        raise _wrong_splits(text, num_splits)
    return list(chosen)


def _wrong_splits(text: str, num_splits: int) -> EvaluationError:
    return EvaluationError(
        f"Splits are not there, got '{text}'. Expected 'all', a number up to {num_splits}, a list such as "
        f"'0,3', or a range such as '0:{num_splits}:2', without repeats; the data set has {num_splits}."
    )
