"""The result of an evaluation: one row per query, and the means over them."""

from collections.abc import Hashable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidkit.core.checks import check_same_length
from reidkit.core.errors import EvaluationError
from reidkit.core.types import Protocol, Sample


@dataclass(frozen=True, eq=False)
class RetrievalScores:
    """Scores of a ranking, under a named protocol.

    All four arrays have one entry per query (Q,), in query order. A query without any match in the
    gallery is unmatched: its ``num_matches`` and ``first_match_rank`` are 0, its other scores NaN; the
    protocol says whether the means count it.

    Args:
        protocol: How the ranking was judged.
        num_gallery: Rows of the gallery.
        max_rank: Length of the CMC curve.
        first_match_rank: 1-based rank of the first right image.
        average_precision: In (0, 1].
        inverse_negative_penalty: Number of matches over the rank of the last one, in (0, 1].
        num_matches: Right images that count.
        match_ranks: The ascending ranks of all right images, one query after the other; None is unknown.
        single_shot_ranks: (Q, R) rank of the right image in each of R random galleries with one image per
            identity; CMC is then the mean over these galleries.

    Reference:
        mINP: Ye, Shen, Lin, Xiang, Shao, Hoi, "Deep Learning for Person Re-Identification: A Survey and
        Outlook", TPAMI 2021, section 4.1.
    """

    protocol: Protocol
    num_gallery: int
    max_rank: int
    first_match_rank: NDArray[np.int64]
    average_precision: NDArray[np.float64]
    inverse_negative_penalty: NDArray[np.float64]
    num_matches: NDArray[np.int64]
    match_ranks: NDArray[np.int64] | None = None
    single_shot_ranks: NDArray[np.int64] | None = None

    @property
    def num_queries(self) -> int:
        """All queries."""
        return len(self.num_matches)

    @cached_property
    def is_valid(self) -> NDArray[np.bool_]:
        """Which queries have a match, (Q,)."""
        return self.num_matches > 0

    @property
    def num_valid(self) -> int:
        """Queries that are scored."""
        return int(self.is_valid.sum())

    @property
    def num_unmatched(self) -> int:
        """Queries that are skipped, having no match."""
        return self.num_queries - self.num_valid

    @cached_property
    def cmc(self) -> NDArray[np.float64]:
        """Share of queries with a right image at rank k or better, for k = 1 .. max_rank."""
        first = self._cmc_ranks
        counts = np.bincount(first[first <= self.max_rank], minlength=self.max_rank + 1)[1:]
        return np.asarray(counts.cumsum() / (self._num_counted * first.shape[1]))

    def rank(self, k: int) -> float:
        """Return Rank-k, the share of queries with a right image among the first k."""
        first = self._cmc_ranks
        return float((first <= k).sum() / (self._num_counted * first.shape[1]))

    def rank_spread(self, k: int) -> float:
        """Return the standard deviation of Rank-k over the random galleries; 0 where there is one."""
        return float(((self._cmc_ranks <= k).sum(axis=0) / self._num_counted).std())

    def precision(self, k: int) -> float:
        """Return the mean share of right images among the first k of each query."""
        return self._mean(self._num_within(k) / k)

    def recall(self, k: int) -> float:
        """Return the mean share of its right images that a query has among the first k."""
        return self._mean(self._num_within(k) / np.maximum(self.num_matches, 1))

    def found_within(self, k: int) -> NDArray[np.float64]:
        """Return for each query whether a right image is among the first k: 0 or 1, (Q,).

        Over several random galleries it is the share of them.
        """
        ranks = self.first_match_rank[:, None] if self.single_shot_ranks is None else self.single_shot_ranks
        shares: NDArray[np.float64] = ((ranks <= k) & self.is_valid[:, None]).mean(axis=1)
        return shares

    @cached_property
    def _cmc_ranks(self) -> NDArray[np.int64]:
        ranks = self.first_match_rank[:, None] if self.single_shot_ranks is None else self.single_shot_ranks
        return ranks[self.is_valid]

    @property
    def _num_counted(self) -> int:
        """Queries that the means are over."""
        return self.num_queries if self.protocol.unmatched_queries == "zero" else self.num_valid

    def _mean(self, values: NDArray[np.float64]) -> float:
        """Return the mean over the queries that count; an unmatched one counts as zero, if at all."""
        return float(values[self.is_valid].sum() / self._num_counted)

    def _num_within(self, k: int) -> NDArray[np.int64]:
        """Return for each query how many right images are among its first k."""
        if self.match_ranks is None:
            raise EvaluationError(
                "Precision and recall are unknown, got scores without match_ranks. Expected the ranks of all "
                "right images. Rank the gallery with reidkit.metrics.ranking."
            )
        query = np.repeat(np.arange(self.num_queries), self.num_matches)
        return np.bincount(query[self.match_ranks <= k], minlength=self.num_queries)

    @cached_property
    def mean_ap(self) -> float:
        """Mean average precision."""
        return self._mean(self.average_precision)

    @cached_property
    def mean_inp(self) -> float:
        """Mean inverse negative penalty: how early the hardest match comes."""
        return self._mean(self.inverse_negative_penalty)

    def summary(self) -> dict[str, Any]:
        """Return the means, the counts and the protocol as JSON values; scores are in [0, 1]."""
        return {
            "rank_1": self.rank(1),
            "rank_5": self.rank(5),
            "rank_10": self.rank(10),
            "mean_ap": self.mean_ap,
            "mean_inp": self.mean_inp,
            "num_queries": self.num_queries,
            "num_valid": self.num_valid,
            "num_unmatched": self.num_unmatched,
            "num_gallery": self.num_gallery,
            # As JSON gives it back: with lists.
            "protocol": {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in asdict(self.protocol).items()
            },
            **({} if self.single_shot_ranks is None else {"rank_1_spread": self.rank_spread(1)}),
        }

    def query_rows(self, queries: tuple[Sample, ...]) -> list[dict[str, Any]]:
        """Return one JSON row per query: what it is, and how it was answered.

        Args:
            queries: The Q queries, in order.

        Raises:
            ShapeError: another number of queries.
        """
        check_same_length("Query samples", queries, self.num_queries)
        return [
            {
                "path": str(sample.path),
                "identity": _plain(sample.identity),
                "camera": _plain(sample.camera),
                "num_matches": int(self.num_matches[number]),
                "first_match_rank": int(self.first_match_rank[number]) or None,
                "average_precision": _number(self.average_precision[number]),
                "inverse_negative_penalty": _number(self.inverse_negative_penalty[number]),
            }
            for number, sample in enumerate(queries)
        ]


def _plain(label: Hashable) -> str | int | float | None:
    """Return a label as JSON has it; what JSON lacks as text."""
    return label if label is None or isinstance(label, str | int | float) else str(label)


def _number(value: np.float64) -> float | None:
    """JSON has no NaN."""
    return None if np.isnan(value) else float(value)
