"""Judge a model on a data set: extract, rank, score."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from reidkit.core.errors import DatasetError
from reidkit.core.side_information import side_labels
from reidkit.core.types import (
    DatasetSplits,
    DistanceName,
    Preprocessing,
    Protocol,
    ReportProgress,
    Sample,
    Temporal,
    Threshold,
)
from reidkit.data.failures import ReadFailure, UnreadablePolicy
from reidkit.engine.extract import Embed
from reidkit.engine.local_matching import maps_of, sort_locally
from reidkit.engine.post_processing import NOTHING_AFTER, PostProcessing
from reidkit.engine.processes import ALONE, Processes
from reidkit.engine.shared_extraction import extract_together
from reidkit.engine.verification import verification_json
from reidkit.metrics.blocks import DescriptorBlocks, KeyBlocks
from reidkit.metrics.camera_pairs import CameraPairScore, score_camera_pairs
from reidkit.metrics.degenerate import find_degeneracy
from reidkit.metrics.labels import labels_of
from reidkit.metrics.open_set import NearestDistances
from reidkit.metrics.pooling import pool_by_camera
from reidkit.metrics.protocols import find_protocol
from reidkit.metrics.ranking import rank_blocks, rank_gallery
from reidkit.metrics.roc import RocCurve, roc_of_pairs
from reidkit.metrics.scores import RetrievalScores
from reidkit.metrics.verification import PairDistances, pairs_and_nearest, thresholds_at
from reidkit.models.model import ReidModel


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

    def as_json(self) -> dict[str, Any]:
        """Return what ``scores.json`` holds: summary, curve, thresholds, camera pairs, one row per query."""
        return {
            "format_version": 1,
            "summary": self.scores.summary(),
            "cmc": self.scores.cmc.tolist(),
            "thresholds": [asdict(threshold) for threshold in self.thresholds],
            **verification_json(self.curve, self.nearest),
            "warnings": self.warnings,
            "camera_pairs": [asdict(pair) for pair in self.camera_pairs],
            **({} if self.cameras is None else {"cameras_told": self.cameras}),
            "unreadable": {str(failure.path): failure.reason for failure in self.failures},
            "queries": self.scores.query_rows(self.queries),
        }


def choose_protocol(
    splits: DatasetSplits,
    *,
    name: str | None = None,
    distance: DistanceName | None = None,
    flip: bool | None = None,
    frames_per_tracklet: int | None = None,
    temporal: Temporal | None = None,
) -> Protocol:
    """Return the protocol of a data set, with what the user changes about it.

    Raises:
        CatalogError: there is no protocol of that name.
    """
    protocol = find_protocol(name or splits.protocol)
    return replace(
        protocol,
        distance=distance or protocol.distance,
        flip=protocol.flip if flip is None else flip,
        frames_per_tracklet=frames_per_tracklet or protocol.frames_per_tracklet,
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
    if not splits.query or not splits.gallery:
        raise DatasetError(
            f"Data set '{splits.name}' cannot be evaluated, got {len(splits.query)} query and "
            f"{len(splits.gallery)} gallery images under {splits.root}. Expected some of both."
        )
    protocol = protocol or choose_protocol(splits)
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
    samples = [*splits.query, *splits.gallery]
    cameras = None if ignores_cameras else _told_cameras(embed, samples, data_set or splits.name)
    with _in_evaluation_mode(embed):
        extraction = take(
            embed,
            samples,
            flip=protocol.flip,
            temporal=protocol.temporal,
            attention=getattr(embed, "frame_attention", None),
            cameras=cameras,
            report=report,
        )
    count = len(splits.query)
    failed = {failure.path for failure in extraction.failures}
    queries, query_descriptors = _readable(splits.query, extraction.descriptors[:count], failed)
    gallery, gallery_descriptors = _readable(splits.gallery, extraction.descriptors[count:], failed)
    if protocol.pooling == "query":
        queries, query_descriptors = _pooled(queries, query_descriptors)
    elif protocol.pooling == "gallery":
        gallery, gallery_descriptors = _pooled(gallery, gallery_descriptors)
    blocks, protocol = after.apply(query_descriptors, gallery_descriptors, protocol)
    if maps is not None:
        blocks = blocks or DescriptorBlocks(query_descriptors, gallery_descriptors, protocol.distance)
        with _in_evaluation_mode(embed):
            blocks = sort_locally(maps, queries, gallery, blocks, after, take, report=report)
        done = (*protocol.post_processing, after.describe_local())
        protocol = replace(protocol, post_processing=done)
    labels = labels_of(queries), labels_of(gallery)
    if blocks is None:
        scores = rank_gallery(query_descriptors, gallery_descriptors, *labels, protocol)
    else:
        scores = rank_blocks(blocks, *labels, protocol)
    return Evaluation(
        scores,
        queries,
        gallery,
        query_descriptors,
        gallery_descriptors,
        extraction.failures,
        blocks,
        _count_known_cameras(embed, cameras),
    )


def _told_cameras(
    embed: Embed | nn.Module, samples: Sequence[Sample], data_set: str
) -> list[str | None] | None:
    if not isinstance(embed, ReidModel) or not embed.uses_cameras:
        return None
    return side_labels(samples, embed.side_information, data_set)


def _count_known_cameras(
    embed: Embed | nn.Module, cameras: Sequence[str | None] | None
) -> dict[str, int] | None:
    """Return of how many images a model was told a camera that it knows; None where it is told none."""
    if cameras is None or not isinstance(embed, ReidModel):
        return None
    known = sum(camera is not None and embed.knows_camera(camera) for camera in cameras)
    return {"known": known, "unknown": len(cameras) - known}


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


def _readable(
    samples: Sequence[Sample], descriptors: Tensor, failed: set[Path]
) -> tuple[tuple[Sample, ...], Tensor]:
    """Leave out samples of which no frame could be read; NaN of any other origin stays an error."""
    rows = [row for row, sample in enumerate(samples) if not failed.issuperset(sample.frames)]
    return tuple(samples[row] for row in rows), descriptors[rows]


def _pooled(samples: tuple[Sample, ...], descriptors: Tensor) -> tuple[tuple[Sample, ...], Tensor]:
    """Pool by identity and camera; the first sample stands for its group."""
    means, first = pool_by_camera(descriptors, labels_of(samples))
    return tuple(samples[row] for row in first), means
