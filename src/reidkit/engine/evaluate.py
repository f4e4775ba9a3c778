"""Judge a model on a data set: extract, rank, score."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor, nn

from reidkit.core.errors import DatasetError
from reidkit.core.side_information import DOMAIN
from reidkit.core.types import (
    DatasetSplits,
    DistanceName,
    Normalization,
    Preprocessing,
    Protocol,
    ReportProgress,
    Sample,
    Temporal,
    Threshold,
    ViewAverage,
)
from reidkit.data.failures import ReadFailure, UnreadablePolicy
from reidkit.engine.descriptor_table import DescriptorTable, SamplesOf
from reidkit.engine.extract import Embed
from reidkit.engine.local_matching import maps_of, sort_locally
from reidkit.engine.post_processing import NOTHING_AFTER, PostProcessing
from reidkit.engine.processes import ALONE, Processes
from reidkit.engine.shared_extraction import extract_together
from reidkit.engine.verification import verification_json
from reidkit.metrics.blocks import DescriptorBlocks, KeyBlocks
from reidkit.metrics.camera_pairs import CameraPairScore, score_camera_pairs
from reidkit.metrics.degenerate import find_degeneracy
from reidkit.metrics.domains import DomainScore, score_domains
from reidkit.metrics.labels import labels_of
from reidkit.metrics.open_set import NearestDistances
from reidkit.metrics.pooling import pool_by_camera, pool_support
from reidkit.metrics.protocols import find_protocol
from reidkit.metrics.ranking import rank_blocks
from reidkit.metrics.roc import RocCurve, roc_of_pairs
from reidkit.metrics.scores import RetrievalScores
from reidkit.metrics.tracks import TrackBlocks, tracks_of
from reidkit.metrics.verification import PairDistances, pairs_and_nearest, thresholds_at


@dataclass(frozen=True)
class Evaluation:
    """Scores, and what they were computed from.

    Args:
        scores: With one row per query.
        queries: The queries that could be read.
        gallery: The gallery samples that could be read.
        query_descriptors: (Q, D) float32.
        gallery_descriptors: (G, D) float32.
        failures: The images that could not be read and were left out.
        blocks: What the gallery was ranked by where that is not the plain distance between descriptors.
        cameras: Of how many images the model was told a camera of its training ("known"), and of how many
            not, so that the mean stood in ("unknown"); None for a model that is told none.
    """

    scores: RetrievalScores
    queries: tuple[Sample, ...]
    gallery: tuple[Sample, ...]
    query_descriptors: Tensor
    gallery_descriptors: Tensor
    failures: tuple[ReadFailure, ...]
    blocks: KeyBlocks | None = None
    cameras: dict[str, int] | None = None

    @cached_property
    def _measured(self) -> tuple[PairDistances, NearestDistances]:
        return pairs_and_nearest(
            self.query_descriptors,
            self.gallery_descriptors,
            labels_of(self.queries),
            labels_of(self.gallery),
            self.scores.protocol,
        )

    @property
    def pairs(self) -> PairDistances:
        """How far apart images of the same and of different individuals are, by the plain distance."""
        return self._measured[0]

    @property
    def nearest(self) -> NearestDistances:
        """The nearest right and the nearest wrong image of each query, by the plain distance."""
        return self._measured[1]

    @cached_property
    def curve(self) -> RocCurve | None:
        """The verification curve; none where there are no pairs of one kind."""
        has_both = self.pairs.genuine.sum() and self.pairs.impostor.sum()
        return roc_of_pairs(self.pairs) if has_both else None

    @cached_property
    def warnings(self) -> list[str]:
        """Signs that the model, or the data it was judged on, is degenerate."""
        return find_degeneracy(self.curve) if self.curve else []

    @cached_property
    def thresholds(self) -> list[Threshold]:
        """Distances to decide by; none where there are no impostor pairs to measure them on."""
        return thresholds_at(self.pairs) if self.pairs.impostor.sum() else []

    @cached_property
    def camera_pairs(self) -> list[CameraPairScore]:
        """Scores by pair of cameras; none where the cameras are unknown."""
        return score_camera_pairs(
            self.query_descriptors,
            self.gallery_descriptors,
            labels_of(self.queries),
            labels_of(self.gallery),
            self.scores.protocol,
        )

    @cached_property
    def domains(self) -> list[DomainScore]:
        """Scores by the attribute ``domain`` of the queries; none where there are fewer than two."""
        return score_domains(self.scores, [query.attributes.get(DOMAIN) for query in self.queries])

    def as_json(self) -> dict[str, Any]:
        """Return what ``scores.json`` holds: summary, curve, thresholds, tables, one row per query."""
        return {
            "format_version": 1,
            "summary": self.scores.summary(),
            "cmc": self.scores.cmc.tolist(),
            "thresholds": [asdict(threshold) for threshold in self.thresholds],
            **verification_json(self.curve, self.nearest),
            "warnings": self.warnings,
            "camera_pairs": [asdict(pair) for pair in self.camera_pairs],
            "domains": [asdict(row) for row in self.domains],
            **({} if self.cameras is None else {"cameras_told": self.cameras}),
            "unreadable": {str(failure.path): failure.reason for failure in self.failures},
            "queries": self.scores.query_rows(self.queries),
        }


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
    elif protocol.pooling == "query":
        queries, query_descriptors = _pooled(queries, query_descriptors)
    elif protocol.pooling == "gallery":
        gallery, gallery_descriptors = _pooled(gallery, gallery_descriptors)
    blocks, protocol = after.apply(query_descriptors, gallery_descriptors, protocol)
    if after.local:
        blocks = blocks or DescriptorBlocks(query_descriptors, gallery_descriptors, protocol.distance)
        blocks = resort(queries, gallery, blocks)
        done = (*protocol.post_processing, after.describe_local())
        protocol = replace(protocol, post_processing=done)
    if protocol.pooling == "track":
        images = blocks or DescriptorBlocks(query_descriptors, gallery_descriptors, protocol.distance)
        blocks = tracks = TrackBlocks(images, tracks_of(gallery, protocol.name))
        gallery, gallery_descriptors = tracks.join(gallery, gallery_descriptors)
    labels = labels_of(queries), labels_of(gallery)
    ranked = blocks or DescriptorBlocks(query_descriptors, gallery_descriptors, protocol.distance)
    scores = rank_blocks(ranked, *labels, protocol)
    return Evaluation(
        scores,
        queries,
        gallery,
        query_descriptors,
        gallery_descriptors,
        table.failures_of(splits),
        blocks,
        table.count_known_cameras(splits),
    )


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


def _pooled(samples: tuple[Sample, ...], descriptors: Tensor) -> tuple[tuple[Sample, ...], Tensor]:
    """Pool by identity and camera; the first sample stands for its group."""
    means, first = pool_by_camera(descriptors, labels_of(samples))
    return tuple(samples[row] for row in first), means
