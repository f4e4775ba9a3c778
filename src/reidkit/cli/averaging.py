"""Judge a model, or one model per split, on several splits of a data set, and average."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from reidkit.core.errors import CatalogError, WeightsError
from reidkit.core.files import write_json
from reidkit.core.types import DatasetSplits, Protocol
from reidkit.data.readers import READERS, read_dataset
from reidkit.engine.evaluation import Evaluation
from reidkit.engine.post_processing import PostProcessing
from reidkit.engine.provenance import describe_data
from reidkit.metrics.averaged import MEASURES, AveragedScores, parse_splits

if TYPE_CHECKING:
    from reidkit.cli.evaluate import Source
    from reidkit.data.failures import UnreadablePolicy
    from reidkit.deploy.embedder import Embedder
    from reidkit.metrics.scores import RetrievalScores

SPLIT = "{split}"
"""Stands in the path of a model for the number of a split, where each has a model of its own."""

COLUMNS = {"rank_1": "Rank-1", "rank_5": "Rank-5", "rank_10": "Rank-10", "mean_ap": "mAP", "mean_inp": "mINP"}


@dataclass(frozen=True)
class Judging:
    """What all splits share.

    Args:
        model: Path as it was typed; with `SPLIT` in it, each split has its own.
        open_model: Loads the model of a split.
        protocol_of: How a data set is judged.
        unreadable: What a damaged image does.
        after: What is done before the ranking.
        ignores_cameras: Whether a model that can be told the cameras is told none.
        console: Where to print.
    """

    model: str
    open_model: "Callable[[int], Embedder]"
    protocol_of: "Callable[[Embedder, DatasetSplits], Protocol]"
    unreadable: "UnreadablePolicy"
    after: PostProcessing
    ignores_cameras: bool
    console: Console


def read_splits(source: "Source", chosen: str) -> list[DatasetSplits]:
    """Read several splits of a data set.

    Args:
        source: Its reader, folder and options.
        chosen: Which ones, as `parse_splits` takes them.

    Raises:
        CatalogError: the reader deals no splits.
        EvaluationError: splits that are not there.
        DatasetError: the data cannot be read.
    """
    builder = READERS.get(source.reader)
    if builder is not None and "split" not in inspect.signature(builder).parameters:
        raise CatalogError(
            f"Reader '{source.reader}' deals no splits, got '{chosen}'. Expected a data set that is judged "
            f"over several, such as viper or vehicleid. Leave --splits out."
        )
    first = read_dataset(source.reader, source.root, **{**source.options, "split": 0})
    numbers = parse_splits(chosen, first.num_splits)
    return [
        first if number == 0 else read_dataset(source.reader, source.root, **source.options, split=number)
        for number in numbers
    ]


def judge_splits(judging: Judging, several: Sequence[DatasetSplits], out: Path | None) -> AveragedScores:
    """Judge every split, print and write the scores of each and their means.

    Args:
        judging: The model and how it is judged.
        several: The splits.
        out: Folder for ``scores.json`` and ``splits/<number>.json``; None writes nothing.
    """
    model, console = judging.model, judging.console
    judged = (_judge_each if SPLIT in model else _judge_together)(judging, several)
    numbers: list[int] = []
    scores: list[RetrievalScores] = []
    for splits, evaluation in zip(several, judged, strict=True):
        number = splits.split if splits.split is not None else len(numbers)
        numbers.append(number)
        scores.append(evaluation.scores)
        if out is not None:
            content = {"name": model, "data": describe_data(splits), **evaluation.as_json()}
            write_json(out / "splits" / f"{number}.json", content)
    averaged = AveragedScores(tuple(numbers), tuple(scores))
    show_averaged(averaged, f"Scores of {model} on {several[0].name}", console)
    if out is not None:
        write_json(out / "scores.json", averaged_json(averaged, model, several[0]))
        console.print(f"wrote {out}", soft_wrap=True)
    return averaged


def averaged_json(averaged: AveragedScores, model: str, data: DatasetSplits) -> dict[str, Any]:
    """Return what ``scores.json`` holds of several splits; those of each query lie in ``splits/``."""
    return {
        "format_version": 1,
        "name": model,
        "data": describe_data(data),
        "summary": averaged.summary(),
        "cmc": averaged.cmc.tolist(),
        "splits": averaged.rows(),
        "queries": [],
    }


def show_averaged(averaged: AveragedScores, title: str, console: Console) -> None:
    """Print one row per split, the means with their spread, and the rules."""
    from reidkit.cli.screen import describe_rules

    table = Table(title=title, title_justify="left")
    table.add_column("split")
    for column in COLUMNS.values():
        table.add_column(column, justify="right")
    for split, score in zip(averaged.splits, averaged.scores, strict=True):
        table.add_row(str(split), *(f"{MEASURES[measure](score):.1%}" for measure in COLUMNS))
    table.add_section()
    table.add_row("mean", *(f"{averaged.mean(measure):.1%}" for measure in COLUMNS))
    table.add_row("spread", *(f"{averaged.spread(measure):.1%}" for measure in COLUMNS))
    console.print(table)
    console.print(
        f"mean over {len(averaged.splits)} of {averaged.protocol.num_splits} splits, spread is the standard "
        f"deviation between them",
        soft_wrap=True,
    )
    console.print(describe_rules(averaged.protocol), soft_wrap=True)


def _judge_together(judging: Judging, several: Sequence[DatasetSplits]) -> Iterator[Evaluation]:
    """Embed the images of all splits once, by one model."""
    from reidkit.cli.evaluate import examine_before
    from reidkit.core.progress import progress_bar
    from reidkit.engine.evaluate import evaluate_splits

    embedder = judging.open_model(several[0].split or 0)
    _warn_of_seen(embedder, several, judging)
    protocol = judging.protocol_of(embedder, several[0])
    examine_before(several[0], protocol, judging.unreadable, judging.console)
    sizes = len(several[0].query), len(several[0].gallery)
    estimate = judging.after.describe_size(*sizes, embedder.card.descriptor_dim)
    if estimate:
        judging.console.print(f"each split: {estimate}", soft_wrap=True)
    with progress_bar(judging.console, "embedding") as on_progress:
        yield from evaluate_splits(
            embedder.network,
            several,
            embedder.card.preprocessing,
            protocol,
            device=embedder.device,
            batch_size=embedder.batch_size,
            unreadable=judging.unreadable,
            after=judging.after,
            ignores_cameras=judging.ignores_cameras,
            report=on_progress,
        )


def _judge_each(judging: Judging, several: Sequence[DatasetSplits]) -> Iterator[Evaluation]:
    """Judge each split by the model that was trained on it."""
    from reidkit.cli.evaluate import judge

    places = [Path(judging.model.replace(SPLIT, str(splits.split))) for splits in several]
    missing = [str(place) for place in places if not place.exists()]
    if missing:  # said now, not after the splits before it
        raise WeightsError(
            f"Models of {len(missing)} splits are missing, got no {', '.join(missing)}. Expected one for "
            f"each split. Train them: reidkit train RECIPE data.options.split=N --out {missing[0]}."
        )
    for number, splits in enumerate(several):
        embedder = judging.open_model(number if splits.split is None else splits.split)
        _warn_of_seen(embedder, [splits], judging)
        yield judge(
            embedder,
            splits,
            judging.protocol_of(embedder, splits),
            judging.unreadable,
            judging.console,
            judging.after,
            ignores_cameras=judging.ignores_cameras,
        )


def _warn_of_seen(embedder: "Embedder", several: Sequence[DatasetSplits], judging: Judging) -> None:
    """Say where a model was trained on people whom a split asks for."""
    trained = embedder.card.training_data
    if trained.get("name") != several[0].name or "split" not in trained:
        return
    asked = [splits.split for splits in several if splits.train and splits.split != trained["split"]]
    if asked and _train_differs(several, trained["split"]):
        judging.console.print(
            f"warning: {judging.model} was trained on split {trained['split']} of {several[0].name}, whose "
            f"people are queries of other splits; their scores are too good. Train one model per split and "
            f"give their place as 'runs/{SPLIT}'.",
            markup=False,
            soft_wrap=True,
        )


def _train_differs(several: Sequence[DatasetSplits], trained: int) -> bool:
    """Say whether the splits learn from different people; draws of a gallery do not."""
    if len(several) == 1:
        return several[0].split != trained
    return len({frozenset(sample.identity for sample in splits.train) for splits in several}) > 1
