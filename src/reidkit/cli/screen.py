"""What commands show: a console, tables of scores."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from reidkit.core.types import Protocol
    from reidkit.engine.evaluation import Evaluation
    from reidkit.metrics.camera_pairs import CameraPairScore
    from reidkit.metrics.domains import DomainScore
    from reidkit.metrics.scores import RetrievalScores


def make_console(*, is_quiet: bool = False) -> Console:
    """Return the console that a command writes to."""
    return Console(highlight=False, quiet=is_quiet)


def score_table(scores: "Mapping[str, RetrievalScores]", title: str, first: str = "model") -> Table:
    """Return a table of scores in percent, one row per name; ``first`` says what the names are."""
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for column in ("Rank-1", "Rank-5", "Rank-10", "mAP", "mINP"):
        table.add_column(column, justify="right")
    for name, score in scores.items():
        values = (score.rank(1), score.rank(5), score.rank(10), score.mean_ap, score.mean_inp)
        table.add_row(name, *(f"{value:.1%}" for value in values))
    return table


def domain_table(domains: "Sequence[DomainScore]", title: str) -> Table:
    """Return a table of scores in percent, one row per domain."""
    table = Table(title=title, title_justify="left")
    table.add_column("domain")
    for column in ("queries", "Rank-1", "mAP", "mINP"):
        table.add_column(column, justify="right")
    for row in domains:
        values = (f"{value:.1%}" for value in (row.rank_1, row.mean_ap, row.mean_inp))
        table.add_row(str(row.domain), str(row.num_valid), *values)
    return table


def describe_protocol(scores: "RetrievalScores") -> str:
    """Return in one line by what rules and over how many queries scores were computed."""
    unmatched = f", {scores.num_unmatched} without a match" if scores.num_unmatched else ""
    return (
        f"{describe_rules(scores.protocol)}; {scores.num_valid} queries{unmatched}, "
        f"{scores.num_gallery} gallery images"
    )


def describe_rules(protocol: "Protocol") -> str:
    """Return every rule of a protocol in one line."""
    is_unit = protocol.distance == "cosine" or protocol.normalization == "unit"
    junk = ", ".join(protocol.junk_identities)
    rules = [
        f"{protocol.distance} distance of {'unit' if is_unit else 'raw'} descriptors",
        _describe_views(protocol),
        f"same-camera matches {'dropped' if protocol.same_camera == 'drop' else 'kept'}",
        f"junk {f'identity {junk} dropped' if junk else 'none'}",
        f"{protocol.average_precision} AP",
        f"unmatched queries {'skipped' if protocol.unmatched_queries == 'skip' else 'count as zero'}",
        "ties by gallery order",
        *_special_rules(protocol),
        *(f"then {method}" for method in protocol.post_processing),
    ]
    return f"protocol {protocol.name}: {', '.join(rules)}"


def _describe_views(protocol: "Protocol") -> str:
    """Return what a descriptor is computed from."""
    views = ["mirror image"] if protocol.flip else []
    if protocol.scales != (1.0,):
        views.append(f"scales {' '.join(f'{scale:g}' for scale in protocol.scales)}")
    if not views:
        return "no test-time augmentation"
    return f"mean of {protocol.view_average} descriptors over {' and '.join(views)}"


def _special_rules(protocol: "Protocol") -> list[str]:
    """Return what only some protocols have."""
    rules = {
        f"{protocol.frames_per_tracklet} frames per tracklet": bool(protocol.frames_per_tracklet),
        f"{protocol.temporal} over frames": protocol.temporal != "average",
        f"CMC over {protocol.single_shot_repeats} random single-shot galleries": bool(
            protocol.single_shot_repeats
        ),
        f"{protocol.pooling} pooled by identity and camera": protocol.pooling in ("query", "gallery"),
        "gallery of tracks by their nearest image": protocol.pooling == "track",
        f"one of {protocol.num_splits} splits": protocol.num_splits > 1,
    }
    return [text for text, is_special in rules.items() if is_special]


def describe_uncertainty(scores: "RetrievalScores") -> str:
    """Return how far Rank-1 and mAP may be off by the choice of the queries."""
    from reidkit.metrics.intervals import score_intervals

    intervals = score_intervals(scores)
    parts = (
        f"{name} {intervals[key].low:.1%} to {intervals[key].high:.1%}"
        for name, key in (("Rank-1", "rank_1"), ("mAP", "mean_ap"))
    )
    return f"95% bootstrap intervals over queries: {', '.join(parts)}"


def describe_camera_pairs(pairs: "Sequence[CameraPairScore]") -> list[str]:
    """Return the range over pairs of cameras and the worst of them, where there are two or more."""
    if len(pairs) < 2:
        return []
    worst, best = (choose(pairs, key=lambda pair: pair.mean_ap) for choose in (min, max))
    return [
        f"camera pairs: {len(pairs)}, mAP {worst.mean_ap:.1%} to {best.mean_ap:.1%}; the worst is from "
        f"{worst.query_camera} to {worst.gallery_camera} (Rank-1 {worst.rank_1:.1%}, {worst.num_valid} "
        f"queries)"
    ]


def describe_verification(evaluation: "Evaluation") -> list[str]:
    """Return how well pairs are told apart, how well strangers are, and what is suspicious about it."""
    from reidkit.metrics.open_set import identify_at
    from reidkit.metrics.roc import area_under, equal_error_rate, true_accepts_at

    curve = evaluation.curve
    if curve is None:
        return ["verification: not possible, the pairs of query and gallery are all of one kind"]
    accepted = true_accepts_at(curve, (0.01,))[0]
    lines = [
        f"verification: equal error rate {equal_error_rate(curve)[0]:.1%}, area under the curve "
        f"{area_under(curve):.4f}, {accepted.rate:.1%} of {curve.num_genuine} same pairs accepted "
        f"({accepted.low:.1%} to {accepted.high:.1%}) at 1% of different ones"
    ]
    if evaluation.scores.num_valid and evaluation.pairs.impostor.sum():
        found = identify_at(evaluation.nearest, (0.1,))[0]
        lines.append(
            f"open set: {found.rate:.1%} of searches identified ({found.low:.1%} to {found.high:.1%}) where "
            f"{found.measured:.0%} of searches for a stranger find somebody"
        )
    return lines + [f"warning: {text}" for text in evaluation.warnings]
