"""What commands show: a console, tables of scores."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from reidkit.core.types import Protocol
    from reidkit.metrics.scores import RetrievalScores


def make_console() -> Console:
    """Return the console that a command writes to."""
    return Console(highlight=False)


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


def describe_protocol(scores: "RetrievalScores") -> str:
    """Return in one line by what rules and over how many queries scores were computed."""
    protocol = scores.protocol
    after = "".join(f"then {method}, " for method in protocol.post_processing)
    skipped = "skipped " if protocol.unmatched_queries == "skip" else ""
    skipped = "skipped " if protocol.unmatched_queries == "skip" else ""
    unmatched = f", {scores.num_unmatched} {skipped}without a match" if scores.num_unmatched else ""
    return (
        f"protocol {protocol.name}: {protocol.distance} distance, same-camera matches "
        f"{'dropped' if protocol.same_camera == 'drop' else 'kept'}, "
        f"{'flip averaging, ' if protocol.flip else ''}"
        f"{f'{protocol.frames_per_tracklet} frames per tracklet, ' if protocol.frames_per_tracklet else ''}"
        f"{_special_rules(protocol)}{after}"
        f"{scores.num_valid} queries{unmatched}, "
        f"{scores.num_gallery} gallery images"
    )


def _special_rules(protocol: "Protocol") -> str:
    """Return what a protocol does differently from most."""
    rules = {
        "trapezoid AP, ": protocol.average_precision == "trapezoid",
        "unmatched queries count as zero, ": protocol.unmatched_queries == "zero",
        f"junk identities {' '.join(protocol.junk_identities)}, ": bool(protocol.junk_identities),
        f"CMC over {protocol.single_shot_repeats} random single-shot galleries, ": bool(
            protocol.single_shot_repeats
        ),
        f"{protocol.pooling} pooled by identity and camera, ": protocol.pooling != "none",
        f"one of {protocol.num_splits} splits, ": protocol.num_splits > 1,
    }
    return "".join(text for text, is_special in rules.items() if is_special)
