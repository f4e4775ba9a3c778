"""Scores by domain: of several data sets in one evaluation, or of the domains that queries come from."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reidkit.core.checks import check_same_length
from reidkit.metrics.averaged import MEASURES
from reidkit.metrics.scores import RetrievalScores


@dataclass(frozen=True)
class DomainScore:
    """How the queries of one domain are answered in the whole gallery; scores are in [0, 1]."""

    domain: Hashable
    num_valid: int
    num_unmatched: int
    rank_1: float
    mean_ap: float
    mean_inp: float


def score_domains(scores: RetrievalScores, domains: Sequence[Hashable | None]) -> list[DomainScore]:
    """Average by the domain of the query.

    Args:
        scores: Of all queries.
        domains: Of each query; None is no domain and gets no row.

    Returns:
        One row per domain in order of first appearance, where there are two or more; a domain without a
        query that can be scored has scores of 0.

    Raises:
        ShapeError: another number of domains.
    """
    check_same_length("Domains", domains, scores.num_queries)
    known = [domain for domain in dict.fromkeys(domains) if domain is not None]
    if len(known) < 2:
        return []
    rows = []
    for domain in known:
        is_own = np.array([other == domain for other in domains])
        valid = is_own & scores.is_valid
        counted = int(is_own.sum() if scores.protocol.unmatched_queries == "zero" else valid.sum()) or 1
        rows.append(
            DomainScore(
                domain,
                num_valid=int(valid.sum()),
                num_unmatched=int((is_own & ~scores.is_valid).sum()),
                rank_1=float((scores.first_match_rank[valid] == 1).sum() / counted),
                mean_ap=float(scores.average_precision[valid].sum() / counted),
                mean_inp=float(scores.inverse_negative_penalty[valid].sum() / counted),
            )
        )
    return rows


def mean_over(scores: Iterable[RetrievalScores]) -> dict[str, float]:
    """Return the mean of Rank-1 and mAP over data sets, each counting alike, as papers on domains print."""
    listed = list(scores)
    return {
        "Rank-1": float(np.mean([score.rank(1) for score in listed])),
        "mAP": float(np.mean([score.mean_ap for score in listed])),
    }


def domains_json(scores: Mapping[str, RetrievalScores]) -> dict[str, Any]:
    """Return the summary of each data set by name, and the means over them, each counting alike."""
    return {
        "domains": {name: score.summary() for name, score in scores.items()},
        "mean": {
            measure: float(np.mean([function(score) for score in scores.values()]))
            for measure, function in MEASURES.items()
        },
    }
