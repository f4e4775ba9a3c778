"""Put a report together from what the engine found and what vis can draw."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from reidkit.core.files import write_json
from reidkit.core.types import DatasetSplits, Sample
from reidkit.data.label_checks import JUNK_WORDS
from reidkit.engine.evaluation import Evaluation
from reidkit.engine.provenance import describe_data
from reidkit.metrics.attribute_scores import AttributeScore, score_attributes
from reidkit.metrics.label_faults import LabelFault, find_label_faults
from reidkit.metrics.labels import labels_of
from reidkit.metrics.rank_lists import RankList, rank_lists
from reidkit.metrics.scores import RetrievalScores
from reidkit.models.checkpoint import ModelCard
from reidkit.vis.rank_list import write_rank_lists
from reidkit.vis.rank_table import RankRow, rank_rows, write_rank_rows
from reidkit.vis.report import ReportContent, choose_queries, write_report

if TYPE_CHECKING:  # these bring lightning, which judging a model does not need
    from reidkit.engine.epoch_record import Row
    from reidkit.engine.train import TrainingResult


MOST_DOUBTED = 30_000
"""Beyond so many samples a report names no label doubts, which compare all with all."""


def write_run_report(
    result: "TrainingResult", baselines: Mapping[str, RetrievalScores] | None = None
) -> None:
    """Write ``report.html``, ``rankings.csv`` and the rank-list pictures of a run."""
    facts = {"Recipe": f"{result.recipe.name}: {result.recipe.about}".rstrip(": ")}
    _write_pages(
        result.folder.report,
        result.folder.rank_lists,
        title=f"reidkit: {result.recipe.name}",
        facts={**facts, **_facts(result.card, result.splits)},
        evaluation=result.evaluation,
        baselines=baselines or {},
        history=result.history,
    )


def write_evaluation(
    out: Path,
    model: str,
    splits: DatasetSplits,
    evaluation: Evaluation,
    card: ModelCard | None,
    tables: Sequence[str] = (),
) -> None:
    """Write scores, rankings, report and rank-list pictures of an evaluation into a folder.

    Args:
        out: Folder.
        model: Name of what was judged.
        splits: The data.
        evaluation: What was found.
        card: Of the model; None where only its descriptors are known.
        tables: Further formats of the rank lists beside rankings.csv: ".json" or ".parquet".
    """
    content = {"name": model, "data": describe_data(splits), **evaluation.as_json()}
    write_json(out / "scores.json", content)
    _write_pages(
        out / "report.html",
        out / "rank_lists",
        title=f"reidkit: {model} on {splits.name}",
        facts={
            "Model": model,
            **(_facts(card, splits) if card else _facts_of_descriptors(evaluation, splits)),
        },
        evaluation=evaluation,
        baselines={},
        history=[],
        tables=tables,
    )


def _facts(card: ModelCard, splits: DatasetSplits) -> dict[str, str]:
    size = f"{card.preprocessing.height} x {card.preprocessing.width}"
    versions = ", ".join(f"{package} {version}" for package, version in card.versions.items())
    return {
        "Architecture": f"{card.architecture}, input {size}, {card.descriptor_dim} numbers per descriptor",
        **_data_facts(splits),
        "Date": date.today().isoformat(),
        "Versions": versions,
    }


def _facts_of_descriptors(evaluation: Evaluation, splits: DatasetSplits) -> dict[str, str]:
    dim = evaluation.query_descriptors.shape[1]
    return {
        "Architecture": f"unknown, {dim} numbers per descriptor",
        **_data_facts(splits),
        "Date": date.today().isoformat(),
    }


def _data_facts(splits: DatasetSplits) -> dict[str, str]:
    counts = ", ".join(f"{len(samples)} {split}" for split, samples in splits.by_split().items())
    return {
        "Data set": f"{splits.name} ({counts}) in {splits.root}",
        "Terms of the data": splits.terms or "not stated",
    }


def _write_pages(
    page: Path,
    pictures: Path,
    *,
    title: str,
    facts: Mapping[str, str],
    evaluation: Evaluation,
    baselines: Mapping[str, RetrievalScores],
    history: "list[Row]",
    tables: Sequence[str] = (),
) -> None:
    worst, random = (_lists(evaluation, numbers) for numbers in choose_queries(evaluation.scores))
    rows = rank_rows(
        evaluation.query_descriptors,
        evaluation.gallery_descriptors,
        evaluation.queries,
        evaluation.gallery,
        evaluation.scores.protocol,
        blocks=evaluation.blocks,
    )
    attributes = _attributes(evaluation, rows)
    doubts, doubted = _doubts(evaluation)
    content = ReportContent(
        title=title,
        facts=facts,
        scores=evaluation.scores,
        queries=evaluation.queries,
        gallery=evaluation.gallery,
        worst=worst,
        random=random,
        camera_pairs=evaluation.camera_pairs,
        pairs=evaluation.pairs,
        thresholds=evaluation.thresholds,
        attributes=attributes,
        doubts=doubts,
        doubted=doubted,
        baselines=baselines,
        history=history,
    )
    write_report(page, content)
    for suffix in dict.fromkeys((".csv", *tables)):
        write_rank_rows(page.with_name(f"rankings{suffix}"), rows)
    write_json(
        page.with_name("failures.json"),
        {
            "format_version": 1,
            "attributes": [asdict(score) for score in attributes],
            "doubts": [doubt_row(fault, doubted) for fault in doubts],
        },
    )
    for name, lists in (("worst", worst), ("random", random)):
        drawn = write_rank_lists(lists, evaluation.queries, evaluation.gallery, pictures / name)
        for old in set((pictures / name).glob("*.jpg")) - set(drawn):
            old.unlink()  # of an earlier report in the same folder, which showed other queries


def _attributes(evaluation: Evaluation, rows: Sequence[RankRow]) -> list[AttributeScore]:
    """Return the scores by attribute of the query; the rank lists tell what was answered first."""
    first = [-1] * len(evaluation.queries)
    for row in rows:
        if row.rank == 1:
            first[row.query] = row.gallery
    own, others = (
        [sample.attributes for sample in samples] for samples in (evaluation.queries, evaluation.gallery)
    )
    return score_attributes(evaluation.scores, own, others, first)


def _doubts(evaluation: Evaluation) -> tuple[list[LabelFault], tuple[Sample, ...]]:
    """Return the samples whose label may be wrong, and all that they are numbered by."""
    samples = (*evaluation.queries, *evaluation.gallery)
    junk = {*evaluation.scores.protocol.junk_identities, *JUNK_WORDS}
    by_place = {
        (sample.frames, sample.box): row
        for row, sample in enumerate(samples)
        if str(sample.identity).lower() not in junk  # many individuals under one name
    }
    rows = list(by_place.values())
    if not 1 < len(rows) <= MOST_DOUBTED:
        return [], ()
    descriptors = torch.cat([evaluation.query_descriptors, evaluation.gallery_descriptors])[rows]
    kept = tuple(samples[row] for row in rows)
    return find_label_faults(descriptors, labels_of(kept), evaluation.scores.protocol.distance), kept


def doubt_row(fault: LabelFault, samples: Sequence[Sample]) -> dict[str, str | float]:
    """Return a doubt as JSON values, with the paths of its three samples."""
    names = {"sample": fault.row, "nearest_other": fault.nearest_other, "nearest_own": fault.nearest_own}
    return {
        **{name: str(samples[row].path) for name, row in names.items()},
        "identity": str(samples[fault.row].identity),
        "other_identity": str(samples[fault.nearest_other].identity),
        "other_gap": fault.other_gap,
        "own_gap": fault.own_gap,
        "votes": f"{fault.num_votes} of {fault.num_asked}",
    }


def _lists(evaluation: Evaluation, numbers: Sequence[int]) -> list[RankList]:
    return rank_lists(
        numbers,
        evaluation.query_descriptors,
        evaluation.gallery_descriptors,
        labels_of(evaluation.queries),
        labels_of(evaluation.gallery),
        evaluation.scores.protocol,
        blocks=evaluation.blocks,
    )
