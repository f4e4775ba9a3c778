"""Judge a model on a data set: extract, rank, score."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import torch
from torch import nn

from reidkit.core.errors import DatasetError
from reidkit.core.types import (
    DatasetSplits,
    DistanceName,
    Normalization,
    Preprocessing,
    Protocol,
    ReportProgress,
    Sample,
    Temporal,
    ViewAverage,
)
from reidkit.data.failures import UnreadablePolicy
from reidkit.engine.descriptor_table import DescriptorTable, SamplesOf
from reidkit.engine.evaluation import Evaluation, pool_sides, rank_sides
from reidkit.engine.extract import Embed
from reidkit.engine.local_matching import maps_of, sort_locally
from reidkit.engine.post_processing import NOTHING_AFTER, PostProcessing
from reidkit.engine.processes import ALONE, Processes
from reidkit.engine.shared_extraction import extract_together
from reidkit.metrics.blocks import KeyBlocks
from reidkit.metrics.labels import labels_of
from reidkit.metrics.pooling import pool_support
from reidkit.metrics.protocols import find_protocol


def choose_protocol(
    splits: DatasetSplits,
    *,
    name: str | None = None,
    distance: DistanceName | None = None,
    normalization: Normalization | None = None,
    flip: bool | None = None,
    scales: tuple[float, ...] | None = None,
    view_average: ViewAverage | None = None,
    frames_per_tracklet: int | None = None,
    temporal: Temporal | None = None,
) -> Protocol:
    """Return the protocol of a data set, with what the user changes about it; None changes nothing.

    Raises:
        CatalogError: there is no protocol of that name.
    """
    protocol = find_protocol(name or splits.protocol)
    return replace(
        protocol,
        distance=distance or protocol.distance,
        normalization=normalization or protocol.normalization,
        flip=protocol.flip if flip is None else flip,
        scales=scales or protocol.scales,
        view_average=view_average or protocol.view_average,
        frames_per_tracklet=frames_per_tracklet or protocol.frames_per_tracklet,
        num_splits=splits.num_splits,
        temporal=temporal or protocol.temporal,
    )


def evaluate(
    embed: Embed | nn.Module,
    splits: DatasetSplits,
    preprocessing: Preprocessing,
    protocol: Protocol | None = None,
    *,
    device: torch.device | str = "cpu",
    batch_size: int = 128,
    num_workers: int = 0,
    unreadable: UnreadablePolicy = "error",
    after: PostProcessing = NOTHING_AFTER,
    data_set: str | None = None,
    ignores_cameras: bool = False,
    processes: Processes = ALONE,
    report: ReportProgress | None = None,
) -> Evaluation:
    """Embed query and gallery and rank them. A module is put into evaluation mode and back.

    Args:
        embed: A model, or any function from standardised images to descriptors.
        splits: Data set with query and gallery.
        preprocessing: How pixels become input.
        protocol: How the ranking is judged; None is the data set's own.
        device: Where ``embed`` runs.
        batch_size: Images per call of ``embed``.
        num_workers: Processes that decode images.
        unreadable: "error" stops at the first damaged image, "skip" leaves it out.
        after: What is done with descriptors and distances before the ranking; the protocol of the scores
            names it. Pairs and thresholds stay those of the plain distance.
        data_set: Name of the data as the model learned it, for one that is told the cameras; None is the
            name of the splits.
        ignores_cameras: Whether a model that can be told the cameras is told none.
        processes: Those that share the work; each calls this, and has the same result.
        report: Called with (frames done, frames in all).

    Raises:
        CatalogError: an expansion or re-ranking that is not there, or attention over frames of a model that
            learned none.
        DatasetError: the data set has no query or no gallery.
        ImageError: a damaged image under "error".
        EvaluationError: descriptors that are not finite, or no query that can be scored.
    """
    evaluations = evaluate_splits(
        embed,
        [splits],
        preprocessing,
        protocol,
        device=device,
        batch_size=batch_size,
        num_workers=num_workers,
        unreadable=unreadable,
        after=after,
        data_set=data_set,
        ignores_cameras=ignores_cameras,
        processes=processes,
        report=report,
    )
    return next(evaluations)


def evaluate_splits(
    embed: Embed | nn.Module,
    several: Sequence[DatasetSplits],
    preprocessing: Preprocessing,
    protocol: Protocol | None = None,
    *,
    device: torch.device | str = "cpu",
    batch_size: int = 128,
    num_workers: int = 0,
    unreadable: UnreadablePolicy = "error",
    after: PostProcessing = NOTHING_AFTER,
    data_set: str | None = None,
    ignores_cameras: bool = False,
    processes: Processes = ALONE,
    report: ReportProgress | None = None,
) -> Iterator[Evaluation]:
    """Judge a model on each of several splits of a data set, whose images are embedded once.

    Args:
        embed: A model, or any function from standardised images to descriptors.
        several: The splits, such as the ten draws of a gallery.
        preprocessing: How pixels become input.
        protocol: How each ranking is judged; None is the data set's own.
        device: Where ``embed`` runs.
        batch_size: Images per call of ``embed``.
        num_workers: Processes that decode images.
        unreadable: "error" stops at the first damaged image, "skip" leaves it out.
        after: What is done with descriptors and distances before the ranking.
        data_set: Name of the data as the model learned it; None is the name of the splits.
        ignores_cameras: Whether a model that can be told the cameras is told none.
        processes: Those that share the work; each calls this, and has the same results.
        report: Called with (frames done, frames in all).

    Yields:
        One evaluation per split, in order; each may be dropped before the next is asked for.

    Raises:
        CatalogError: an expansion or re-ranking that is not there.
        DatasetError: a split has no query or no gallery, or there is no split.
        ImageError: a damaged image under "error".
        EvaluationError: descriptors that are not finite, or no query that can be scored.
    """
    if not several:
        raise DatasetError("Splits to evaluate are missing, got 0. Expected at least one.")
    for splits in several:
        if not splits.query or not splits.gallery:
            raise DatasetError(
                f"Data set '{splits.name}' cannot be evaluated, got {len(splits.query)} query and "
                f"{len(splits.gallery)} gallery images under {splits.root}. Expected some of both."
            )
    protocol = protocol or choose_protocol(several[0])
    after.check()
    maps = maps_of(embed) if after.local else None  # refused before anything long begins
    take = partial(
        extract_together,
        preprocessing=preprocessing,
        processes=processes,
        device=device,
        frame_sampling="evenly" if protocol.frames_per_tracklet else "all",
        frames_per_tracklet=protocol.frames_per_tracklet,
        batch_size=batch_size,
        num_workers=num_workers,
        unreadable=unreadable,
    )
    samples = SamplesOf(embed, several, protocol, data_set, ignores_cameras=ignores_cameras)
    with _in_evaluation_mode(embed):
        extraction = take(
            embed,
            samples.unique,
            flip=protocol.flip,
            scales=protocol.scales,
            view_average=protocol.view_average,
            temporal=protocol.temporal,
            attention=getattr(embed, "frame_attention", None),
            cameras=samples.cameras,
            report=report,
        )
    table = DescriptorTable(samples, extraction, protocol)

    def resort(queries: tuple[Sample, ...], gallery: tuple[Sample, ...], blocks: KeyBlocks) -> KeyBlocks:
        if maps is None:
            return blocks
        with _in_evaluation_mode(embed):
            return sort_locally(maps, queries, gallery, blocks, after, take, report=report)

    for splits in several:
        yield _judge(splits, table, protocol, after, resort)


def _judge(
    splits: DatasetSplits,
    table: DescriptorTable,
    protocol: Protocol,
    after: PostProcessing,
    resort: Callable[[tuple[Sample, ...], tuple[Sample, ...], KeyBlocks], KeyBlocks],
) -> Evaluation:
    """Rank one split by the descriptors that are there."""
    queries, query_descriptors = table.of(splits.query, splits)
    gallery, gallery_descriptors = table.of(splits.gallery, splits)
    if protocol.pooling == "query" and splits.query_support:
        support, support_descriptors = table.of(splits.query_support, splits)
        query_descriptors = pool_support(
            query_descriptors, labels_of(queries), support_descriptors, labels_of(support)
        )
        sides = queries, query_descriptors, gallery, gallery_descriptors
    else:
        sides = pool_sides(queries, query_descriptors, gallery, gallery_descriptors, protocol)
    evaluation = rank_sides(*sides, protocol, after, resort)
    return replace(evaluation, failures=table.failures_of(splits), cameras=table.count_known_cameras(splits))


@contextmanager
def _in_evaluation_mode(embed: Embed | nn.Module) -> Iterator[None]:
    """Put a module into evaluation mode and back."""
    was_training = isinstance(embed, nn.Module) and embed.training
    if isinstance(embed, nn.Module):
        embed.eval()
    try:
        yield
    finally:
        if isinstance(embed, nn.Module):
            embed.train(was_training)
