"""Judge a model on a data set: extract, rank, score."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from reidkit.core.errors import DatasetError
from reidkit.core.types import (
    DatasetSplits,
    DistanceName,
    Preprocessing,
    Protocol,
    ReportProgress,
    Sample,
    Threshold,
)
from reidkit.data.failures import ReadFailure, UnreadablePolicy
from reidkit.engine.extract import Embed, extract
from reidkit.metrics.camera_pairs import CameraPairScore, score_camera_pairs
from reidkit.metrics.labels import labels_of
from reidkit.metrics.pooling import pool_by_camera
from reidkit.metrics.protocols import find_protocol
from reidkit.metrics.ranking import rank_gallery
from reidkit.metrics.scores import RetrievalScores
from reidkit.metrics.verification import PairDistances, pair_distances, thresholds_at


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
    """

    scores: RetrievalScores
    queries: tuple[Sample, ...]
    gallery: tuple[Sample, ...]
    query_descriptors: Tensor
    gallery_descriptors: Tensor
    failures: tuple[ReadFailure, ...]

    @cached_property
    def pairs(self) -> PairDistances:
        """How far apart images of the same and of different individuals are."""
        return pair_distances(
            self.query_descriptors,
            self.gallery_descriptors,
            labels_of(self.queries),
            labels_of(self.gallery),
            self.scores.protocol,
        )

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
            "camera_pairs": [asdict(pair) for pair in self.camera_pairs],
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
        report: Called with (frames done, frames in all).

    Raises:
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
    was_training = isinstance(embed, nn.Module) and embed.training
    if isinstance(embed, nn.Module):
        embed.eval()
    try:
        extraction = extract(
            embed,
            [*splits.query, *splits.gallery],
            preprocessing,
            device=device,
            flip=protocol.flip,
            frame_sampling="evenly" if protocol.frames_per_tracklet else "all",
            frames_per_tracklet=protocol.frames_per_tracklet,
            batch_size=batch_size,
            num_workers=num_workers,
            unreadable=unreadable,
            report=report,
        )
    finally:
        if isinstance(embed, nn.Module):
            embed.train(was_training)
    count = len(splits.query)
    failed = {failure.path for failure in extraction.failures}
    queries, query_descriptors = _readable(splits.query, extraction.descriptors[:count], failed)
    gallery, gallery_descriptors = _readable(splits.gallery, extraction.descriptors[count:], failed)
    if protocol.pooling == "query":
        queries, query_descriptors = _pooled(queries, query_descriptors)
    elif protocol.pooling == "gallery":
        gallery, gallery_descriptors = _pooled(gallery, gallery_descriptors)
    scores = rank_gallery(
        query_descriptors, gallery_descriptors, labels_of(queries), labels_of(gallery), protocol
    )
    return Evaluation(scores, queries, gallery, query_descriptors, gallery_descriptors, extraction.failures)


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
