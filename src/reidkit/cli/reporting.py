"""Put a report together from what the engine found and what vis can draw."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from reidkit.core.files import write_json
from reidkit.core.types import DatasetSplits
from reidkit.engine.evaluate import Evaluation
from reidkit.engine.provenance import describe_data
from reidkit.metrics.labels import labels_of
from reidkit.metrics.rank_lists import RankList, rank_lists
from reidkit.metrics.scores import RetrievalScores
from reidkit.models.checkpoint import ModelCard
from reidkit.vis.rank_list import write_rank_lists
from reidkit.vis.rank_table import rank_rows, write_rank_rows
from reidkit.vis.report import ReportContent, choose_queries, write_report

if TYPE_CHECKING:  # these bring lightning, which judging a model does not need
    from reidkit.engine.epoch_record import Row
    from reidkit.engine.train import TrainingResult


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
    out: Path, model: str, splits: DatasetSplits, evaluation: Evaluation, card: ModelCard | None
) -> None:
    """Write scores, rankings, report and rank-list pictures of an evaluation into a folder.

    Args:
        out: Folder.
        model: Name of what was judged.
        splits: The data.
        evaluation: What was found.
        card: Of the model; None where only its descriptors are known.
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
) -> None:
    worst, random = (_lists(evaluation, numbers) for numbers in choose_queries(evaluation.scores))
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
        baselines=baselines,
        history=history,
    )
    write_report(page, content)
    write_rank_rows(
        page.with_name("rankings.csv"),
        rank_rows(
            evaluation.query_descriptors,
            evaluation.gallery_descriptors,
            evaluation.queries,
            evaluation.gallery,
            evaluation.scores.protocol,
            blocks=evaluation.blocks,
        ),
    )
    for name, lists in (("worst", worst), ("random", random)):
        drawn = write_rank_lists(lists, evaluation.queries, evaluation.gallery, pictures / name)
        for old in set((pictures / name).glob("*.jpg")) - set(drawn):
            old.unlink()  # of an earlier report in the same folder, which showed other queries


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
