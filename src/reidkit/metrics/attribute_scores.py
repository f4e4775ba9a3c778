"""Scores by attribute, and whether wrong answers share an attribute with the query more than by chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidkit.core.checks import check_same_length
from reidkit.metrics.scores import RetrievalScores

MOST_VALUES = 24
"""An attribute of more values is a name or a time, and no kind of query."""


@dataclass(frozen=True, slots=True)
class AttributeScore:
    """How queries of one value of an attribute are answered.

    Args:
        attribute: Its name.
        value: Of the queries, as text.
        num_valid: Queries that are scored.
        rank_1: Share of them answered rightly at rank 1.
        mean_ap: Mean of their average precisions.
        num_wrong: Queries whose first answer is wrong, and whose wrong image has the attribute at all.
        alike: Share of these wrong images that have the same value; None without any.
        expected: Share of the gallery that has the same value, of the part that has the attribute.
    """

    attribute: str
    value: str
    num_valid: int
    rank_1: float
    mean_ap: float
    num_wrong: int
    alike: float | None
    expected: float


def score_attributes(
    scores: RetrievalScores,
    queries: Sequence[Mapping[str, Any]],
    gallery: Sequence[Mapping[str, Any]],
    first_answers: Sequence[int],
) -> list[AttributeScore]:
    """Return a row for each value of each attribute, in the order of names and values.

    Attributes are left out that have one value, or more than `MOST_VALUES`, among the queries.

    Args:
        scores: Of the Q queries.
        queries: Attributes of each query.
        gallery: Attributes of each gallery sample.
        first_answers: (Q,) gallery row at rank 1; -1 where nothing counts.

    Raises:
        ShapeError: another number of queries, answers or gallery samples.
    """
    check_same_length("Query attributes", queries, scores.num_queries)
    check_same_length("First answers", first_answers, scores.num_queries)
    check_same_length("Gallery attributes", gallery, scores.num_gallery)
    found: list[AttributeScore] = []
    for name in sorted({name for attributes in queries for name in attributes}):
        own, others = _column(queries, name), _column(gallery, name)
        values = sorted(set(own[scores.is_valid]) - {None})
        if 2 <= len(values) <= MOST_VALUES:
            answers = np.array([others[row] if row >= 0 else None for row in first_answers], object)
            found += [_score(scores, name, value, own, others, answers) for value in values]
    return found


def _score(
    scores: RetrievalScores,
    name: str,
    value: str,
    own: NDArray[np.object_],
    others: NDArray[np.object_],
    answers: NDArray[np.object_],
) -> AttributeScore:
    asked = scores.is_valid & (own == value)
    is_first = scores.first_match_rank == 1
    wrong = answers[asked & ~is_first]
    wrong = wrong[wrong != None]  # noqa: E711 - element by element
    known = others[others != None]  # noqa: E711
    return AttributeScore(
        attribute=name,
        value=value,
        num_valid=int(asked.sum()),
        rank_1=float(is_first[asked].mean()),
        mean_ap=float(scores.average_precision[asked].mean()),
        num_wrong=len(wrong),
        alike=float((wrong == value).mean()) if len(wrong) else None,
        expected=float((known == value).mean()) if len(known) else 0.0,
    )


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> NDArray[np.object_]:
    """Return one value per row as text; None where it is unknown or no plain value."""
    column = np.empty(len(rows), object)
    for number, row in enumerate(rows):
        value = row.get(name)
        column[number] = str(value) if isinstance(value, str | int | bool) and value != "" else None
    return column
