"""What an evaluation found, and how descriptors that are there are judged."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from torch import Tensor

from reidkit.core.checks import check_descriptors
from reidkit.core.distance import normalize
from reidkit.core.side_information import DOMAIN
from reidkit.core.types import (
    Protocol,
    ReportProgress,
    Sample,
    Threshold,
)
from reidkit.data.failures import ReadFailure
from reidkit.engine.post_processing import NOTHING_AFTER, PostProcessing
from reidkit.engine.verification import verification_json
from reidkit.metrics.blocks import DescriptorBlocks, KeyBlocks
from reidkit.metrics.camera_pairs import CameraPairScore, score_camera_pairs
from reidkit.metrics.degenerate import find_degeneracy
from reidkit.metrics.domains import DomainScore, score_domains
from reidkit.metrics.intervals import details_json
from reidkit.metrics.labels import labels_of
from reidkit.metrics.open_set import NearestDistances
from reidkit.metrics.pooling import pool_by_camera
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
            **details_json(self.scores),
            "thresholds": [asdict(threshold) for threshold in self.thresholds],
            **verification_json(self.curve, self.nearest),
            "warnings": self.warnings,
            "camera_pairs": [asdict(pair) for pair in self.camera_pairs],
            "domains": [asdict(row) for row in self.domains],
            **({} if self.cameras is None else {"cameras_told": self.cameras}),
            "unreadable": {str(failure.path): failure.reason for failure in self.failures},
            "queries": self.scores.query_rows(self.queries),
        }


def judge_descriptors(
    queries: tuple[Sample, ...],
    query_descriptors: Tensor,
    gallery: tuple[Sample, ...],
    gallery_descriptors: Tensor,
    protocol: Protocol,
    *,
    after: PostProcessing = NOTHING_AFTER,
    report: ReportProgress | None = None,
) -> Evaluation:
    """Judge descriptors that are there already, of whatever model.

    Args:
        queries: The Q queries, in order.
        query_descriptors: (Q, D) float, raw.
        gallery: The G gallery samples, in order.
        gallery_descriptors: (G, D) of the same type.
        protocol: How the ranking is judged.
        after: Expansion and re-ranking before the ranking; local matching needs the model, and is left out.
        report: Called with (queries done, queries in all).

    Raises:
        CatalogError: an expansion or re-ranking that is not there.
        ShapeError: the descriptors do not fit each other or the samples.
        EvaluationError: descriptors that are not finite, or no query that can be scored.
    """
    check_descriptors("Query", query_descriptors)
    check_descriptors("Gallery", gallery_descriptors)
    if protocol.normalization == "unit":
        query_descriptors, gallery_descriptors = map(normalize, (query_descriptors, gallery_descriptors))
    sides = pool_sides(queries, query_descriptors, gallery, gallery_descriptors, protocol)
    return rank_sides(*sides, protocol, after, report=report)


_Sides = tuple[tuple[Sample, ...], Tensor, tuple[Sample, ...], Tensor]


def pool_sides(
    queries: tuple[Sample, ...],
    query_descriptors: Tensor,
    gallery: tuple[Sample, ...],
    gallery_descriptors: Tensor,
    protocol: Protocol,
) -> _Sides:
    """Pool the side that the protocol names."""
    if protocol.pooling == "query":
        queries, query_descriptors = _pooled(queries, query_descriptors)
    elif protocol.pooling == "gallery":
        gallery, gallery_descriptors = _pooled(gallery, gallery_descriptors)
    return queries, query_descriptors, gallery, gallery_descriptors


def rank_sides(
    queries: tuple[Sample, ...],
    query_descriptors: Tensor,
    gallery: tuple[Sample, ...],
    gallery_descriptors: Tensor,
    protocol: Protocol,
    after: PostProcessing,
    resort: Callable[[tuple[Sample, ...], tuple[Sample, ...], KeyBlocks], KeyBlocks] | None = None,
    report: ReportProgress | None = None,
) -> Evaluation:
    """Expand, re-rank, rank and score."""
    blocks, protocol = after.apply(query_descriptors, gallery_descriptors, protocol)
    if after.local and resort is not None:
        blocks = blocks or DescriptorBlocks(query_descriptors, gallery_descriptors, protocol.distance)
        blocks = resort(queries, gallery, blocks)
        done = (*protocol.post_processing, after.describe_local())
        protocol = replace(protocol, post_processing=done)
    if protocol.pooling == "track":
        images = blocks or DescriptorBlocks(query_descriptors, gallery_descriptors, protocol.distance)
        blocks = tracks = TrackBlocks(images, tracks_of(gallery, protocol.name))
        gallery, gallery_descriptors = tracks.join(gallery, gallery_descriptors)
    ranked = blocks or DescriptorBlocks(query_descriptors, gallery_descriptors, protocol.distance)
    scores = rank_blocks(ranked, labels_of(queries), labels_of(gallery), protocol, report=report)
    return Evaluation(scores, queries, gallery, query_descriptors, gallery_descriptors, (), blocks)


def _pooled(samples: tuple[Sample, ...], descriptors: Tensor) -> tuple[tuple[Sample, ...], Tensor]:
    """Pool by identity and camera; the first sample stands for its group."""
    means, first = pool_by_camera(descriptors, labels_of(samples))
    return tuple(samples[row] for row in first), means
