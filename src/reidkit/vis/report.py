"""One self-contained HTML file that tells people how good a model is, where it fails, and by which rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reidkit.core.checks import check_same_length
from reidkit.core.errors import EvaluationError
from reidkit.core.extras import import_extra
from reidkit.core.types import Sample, Threshold
from reidkit.metrics.scores import RetrievalScores
from reidkit.vis.curves import draw_cmc_curves, draw_pair_distances, draw_training_curves
from reidkit.vis.html_page import write_page
from reidkit.vis.inline_svg import import_matplotlib
from reidkit.vis.report_sections import (
    NUM_WEAKEST,
    RankListSection,
    attribute_rows,
    camera_matrices,
    score_rows,
    weakest_camera_pairs,
)
from reidkit.vis.words import GLOSSARY, SCORE_WORDS, protocol_rows

if TYPE_CHECKING:  # these bring torch, which no report needs
    from reidkit.metrics.attribute_scores import AttributeScore
    from reidkit.metrics.camera_pairs import CameraPairScore
    from reidkit.metrics.label_faults import LabelFault
    from reidkit.metrics.rank_lists import RankList
    from reidkit.metrics.verification import PairDistances

TEMPLATE = "report.html.jinja"
THIS_MODEL = "This model"


@dataclass(frozen=True)
class ReportContent:
    """What a report shows; a part that is empty leaves its section out.

    Args:
        title: Heading of the page.
        facts: What the report is about, by name: model, data set, date, versions. Any text.
        scores: Of the model.
        queries: The Q queries, in the order of their descriptors.
        gallery: The G gallery samples, in the order of their descriptors.
        worst: Rank lists of the queries that the model answers worst, see `choose_queries`.
        random: Rank lists of queries taken at random.
        camera_pairs: Scores by pair of cameras; empty where cameras are unknown.
        pairs: Distances of pairs; None leaves the section out.
        thresholds: To be marked and listed.
        attributes: Scores by attribute of the query.
        doubts: Samples whose label may be wrong, the surest first.
        doubted: The samples that ``doubts`` number.
        baselines: Scores of other models on the same data, by name.
        history: One row per epoch, as for `reidkit.vis.curves.draw_training_curves`.
    """

    title: str
    facts: Mapping[str, str]
    scores: RetrievalScores
    queries: tuple[Sample, ...]
    gallery: tuple[Sample, ...]
    worst: "Sequence[RankList]" = ()
    random: "Sequence[RankList]" = ()
    camera_pairs: "Sequence[CameraPairScore]" = ()
    pairs: "PairDistances | None" = None
    thresholds: Sequence[Threshold] = ()
    attributes: "Sequence[AttributeScore]" = ()
    doubts: "Sequence[LabelFault]" = ()
    doubted: tuple[Sample, ...] = ()
    baselines: Mapping[str, RetrievalScores] = field(default_factory=dict)
    history: Sequence[Mapping[str, float]] = ()


def choose_queries(
    scores: RetrievalScores, *, num_worst: int = 20, num_random: int = 20, seed: int = 0
) -> tuple[list[int], list[int]]:
    """Choose the queries to show: the worst, and others at random, so that a report shows both.

    Args:
        scores: Of all queries; those without a match are never chosen.
        num_worst: Queries with the lowest average precision; among equals the one whose first right image
            comes later is worse, then the earlier query.
        num_random: Of the rest.
        seed: Of the random choice.

    Returns:
        Numbers of the worst, worst first, and of the others, ascending; fewer where there are not enough.

    Raises:
        EvaluationError: a negative number is asked for.
    """
    if num_worst < 0 or num_random < 0:
        raise EvaluationError(
            f"Number of queries is negative, got {num_worst} worst and {num_random} random. "
            f"Expected 0 or more."
        )
    valid = np.flatnonzero(scores.is_valid)
    order = np.lexsort((valid, -scores.first_match_rank[valid], scores.average_precision[valid]))
    worst, rest = valid[order[:num_worst]], np.sort(valid[order[num_worst:]])
    generator = np.random.default_rng(seed)
    drawn = generator.choice(rest, size=min(num_random, len(rest)), replace=False)
    return worst.tolist(), sorted(drawn.tolist())


def write_report(path: Path, content: ReportContent) -> None:
    """Write a report as one HTML file that needs no network and no other file.

    The same content gives the same bytes. All text of a user (identities, cameras, names, paths) is
    escaped, and the page forbids itself scripts and anything from outside.

    Args:
        path: Of the HTML file; replaced whole, or left as it was.
        content: What to show.

    Raises:
        ShapeError: queries or gallery are not as many as the scores say, or a rank list points beyond them.
        EvaluationError: a rank list does not fit the samples, so they are out of order.
        MissingExtraError: jinja2 or matplotlib is not installed.
    """
    check_same_length("Query samples", content.queries, content.scores.num_queries)
    check_same_length("Gallery samples", content.gallery, content.scores.num_gallery)
    import_extra("jinja2", extra="report", purpose="The report")  # before minutes of drawing
    import_matplotlib()
    write_page(path, TEMPLATE, _page(content))


def _page(content: ReportContent) -> dict[str, Any]:
    """Return what the template names."""
    scores = content.scores
    compared = {THIS_MODEL: scores}
    for name, baseline in content.baselines.items():
        compared[name if name not in compared else f"{name} (baseline)"] = baseline
    summary = scores.summary()
    section = RankListSection(scores, content.queries, content.gallery)
    worst, random = section.ranked_queries(content.worst), section.ranked_queries(content.random)
    doubts = section.doubts(content.doubts, content.doubted)
    genuine, impostor, distances = _distances(content)
    return {
        "title": content.title,
        "facts": content.facts,
        "scores": scores,
        "main_scores": [(*words, summary[key]) for key, words in SCORE_WORDS.items()],
        "protocol_rows": protocol_rows(scores.protocol),
        "score_names": [name for name, _ in SCORE_WORDS.values()],
        "compared": score_rows(compared),
        "cmc": draw_cmc_curves({name: item.cmc for name, item in compared.items()}),
        "num_pairs": (genuine, impostor),
        "distances": distances,
        "thresholds": sorted(content.thresholds, key=lambda item: -item.distance),
        "matrices": camera_matrices(content.camera_pairs),
        "weakest_pairs": weakest_camera_pairs(content.camera_pairs),
        "num_weakest": NUM_WEAKEST,
        "num_camera_pairs": len(content.camera_pairs),
        "attributes": attribute_rows(content.attributes),
        "num_attribute_rows": len(content.attributes),
        "doubts": doubts,
        "num_doubts": len(content.doubts),
        "worst": worst,
        "random": random,
        "aspect": f"{section.aspect():.3f}",
        "training": draw_training_curves(content.history),
        "glossary": GLOSSARY,
    }


def _distances(content: ReportContent) -> tuple[int, int, str]:
    """Return the numbers of pairs of the same and of different individuals, and their histograms."""
    if content.pairs is None:
        return 0, 0, ""
    genuine, impostor = int(content.pairs.genuine.sum()), int(content.pairs.impostor.sum())
    if genuine + impostor == 0:
        return 0, 0, ""
    return genuine, impostor, draw_pair_distances(content.pairs, content.thresholds)
