"""Two models query by query as one HTML page: is the second better, and on which queries."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reidkit.core.errors import EvaluationError
from reidkit.core.types import Box, Sample
from reidkit.metrics.bootstrap import PairedComparison, paired_bootstrap
from reidkit.vis.html_page import write_page
from reidkit.vis.pictures import data_uri, read_strip, shrink
from reidkit.vis.rank_table import RankRow
from reidkit.vis.score_file import ScoreFile
from reidkit.vis.words import format_percent

TEMPLATE = "comparison_page.html.jinja"
MOST_QUERIES = 12
SHOWN_RANKS = 5
THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT = 120, 160


@dataclass(frozen=True)
class QueryChange:
    """One query under both models.

    Args:
        query: Its number.
        path: Of the query.
        identity: Who it is.
        first: Its average precision under the first model.
        second: Under the second.
    """

    query: int
    path: str
    identity: str
    first: float
    second: float


@dataclass(frozen=True)
class ModelComparison:
    """Two models on the same queries.

    Args:
        mean_ap: Whether the second has the better average precision.
        rank_1: Whether the second answers more queries at rank 1.
        won: Queries that the second answers better, most gained first.
        lost: Queries that it answers worse, most lost first.
    """

    mean_ap: PairedComparison
    rank_1: PairedComparison
    won: tuple[QueryChange, ...]
    lost: tuple[QueryChange, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the comparison as JSON values."""
        return {"format_version": 1, **asdict(self)}


def compare_models(first: ScoreFile, second: ScoreFile, *, seed: int = 0) -> ModelComparison:
    """Compare two evaluations query by query; the queries are drawn together for the intervals.

    Args:
        first: Of the one model.
        second: Of the other, on the same queries under the same protocol.
        seed: Of the bootstrap.

    Raises:
        EvaluationError: other queries, another protocol, or none that is scored.
    """
    paths = [[(row["path"], row["identity"]) for row in file.queries] for file in (first, second)]
    protocols = [file.summary.get("protocol") for file in (first, second)]
    if paths[0] != paths[1] or protocols[0] != protocols[1]:
        what = "queries" if paths[0] != paths[1] else "protocols"
        raise EvaluationError(
            f"Two evaluations cannot be compared, got different {what} in {first.path} and {second.path}. "
            f"Expected the same. Evaluate both models on the same data under the same protocol."
        )
    precision = [_column(file, "average_precision") for file in (first, second)]
    ranks = [_column(file, "first_match_rank") for file in (first, second)]
    at_one = [np.where(np.isnan(values), np.nan, values == 1) for values in ranks]
    changes = [
        QueryChange(number, str(row["path"]), str(row["identity"]), float(one), float(other))
        for number, (row, one, other) in enumerate(zip(first.queries, *precision, strict=True))
        if one != other and not np.isnan(one + other)
    ]
    changes.sort(key=lambda change: change.first - change.second)  # stable: equal ones in query order
    return ModelComparison(
        paired_bootstrap(*precision, seed=seed),
        paired_bootstrap(*at_one, seed=seed),
        tuple(change for change in changes if change.second > change.first),
        tuple(change for change in reversed(changes) if change.second < change.first),
    )


def write_comparison_page(
    path: Path,
    names: tuple[str, str],
    comparison: ModelComparison,
    rankings: tuple[Sequence[RankRow], Sequence[RankRow]],
) -> None:
    """Write what two models do differently as one HTML file that needs no network and no other file.

    Args:
        path: Of the HTML file.
        names: Of the two models.
        comparison: What `compare_models` returned.
        rankings: Rank lists of both; empty ones leave the gallery pictures out.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    shown = {change.query for group in (comparison.won, comparison.lost) for change in group[:MOST_QUERIES]}
    lists = [_top_rows(rows, shown) for rows in rankings]
    thumbnails = _Thumbnails()
    groups = [
        (title, len(changes), [_entry(change, names, lists, thumbnails) for change in changes[:MOST_QUERIES]])
        for title, changes in (("won", comparison.won), ("lost", comparison.lost))
    ]
    scores = {"mAP": comparison.mean_ap, "Rank-1": comparison.rank_1}
    content = {
        "title": f"{names[1]} against {names[0]}",
        "names": names,
        "scores": [(name, _signed(result), result) for name, result in scores.items()],
        "verdict": verdict(names, comparison),
        "groups": groups,
    }
    write_page(path, TEMPLATE, content)


def verdict(names: tuple[str, str], comparison: ModelComparison) -> str:
    """Say in one sentence whether the second model is better by mAP."""
    interval = comparison.mean_ap.difference
    if interval.low <= 0 <= interval.high:
        return (
            f"No difference in mAP is shown: {100 * interval.mean:+.1f} points, with an interval of "
            f"{100 * interval.low:+.1f} to {100 * interval.high:+.1f} that holds zero."
        )
    better = names[1] if interval.mean > 0 else names[0]
    return (
        f"{better} is better: mAP of {names[1]} differs by {100 * interval.mean:+.1f} points "
        f"({100 * interval.low:+.1f} to {100 * interval.high:+.1f}), p = {comparison.mean_ap.p_value:.3g}."
    )


def _column(file: ScoreFile, key: str) -> "np.ndarray[Any, np.dtype[np.float64]]":
    return np.array([np.nan if row[key] is None else row[key] for row in file.queries], np.float64)


def _signed(result: PairedComparison) -> tuple[str, str, str]:
    interval = result.difference
    mean, low, high = (f"{100 * value:+.1f}" for value in (interval.mean, interval.low, interval.high))
    return mean, low, high


def _top_rows(rows: Sequence[RankRow], wanted: set[int]) -> Mapping[int, list[RankRow]]:
    found: dict[int, list[RankRow]] = {}
    for row in rows:
        if row.query in wanted and 1 <= row.rank <= SHOWN_RANKS:
            found.setdefault(row.query, []).append(row)
    return found


def _entry(
    change: QueryChange,
    names: tuple[str, str],
    lists: Sequence[Mapping[int, list[RankRow]]],
    thumbnails: "_Thumbnails",
) -> dict[str, Any]:
    found = [row for rows in lists for row in rows.get(change.query, [])]
    query = found[0].query_sample if found else Sample((Path(change.path),), "")
    return {
        "change": change,
        "image": thumbnails.of(query),
        "num_frames": len(query.frames),
        "models": [
            (
                name,
                format_percent(precision),
                [(row, thumbnails.of(row.gallery_sample)) for row in rows.get(change.query, [])],
            )
            for name, precision, rows in zip(names, (change.first, change.second), lists, strict=True)
        ],
    }


class _Thumbnails:
    """Read the pictures of samples, each once; None where one cannot be read."""

    def __init__(self) -> None:
        self._read: dict[tuple[tuple[Path, ...], Box | None], str | None] = {}

    def of(self, sample: Sample) -> str | None:
        key = sample.frames, sample.box
        if key not in self._read:
            picture = read_strip(sample)
            width = THUMBNAIL_WIDTH * min(2, len(sample.frames))  # a strip of frames needs more
            small = None if picture is None else shrink(picture, width, THUMBNAIL_HEIGHT)
            self._read[key] = None if small is None else data_uri(small)
        return self._read[key]
