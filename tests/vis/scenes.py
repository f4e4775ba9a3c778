"""Small made-up evaluations to draw: coloured images, a ranked gallery, scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from reidkit.core.types import Protocol, Sample
from reidkit.metrics.camera_pairs import score_camera_pairs
from reidkit.metrics.labels import labels_of
from reidkit.metrics.protocols import PROTOCOLS
from reidkit.metrics.rank_lists import RankList, rank_lists
from reidkit.metrics.ranking import rank_gallery
from reidkit.metrics.scores import RetrievalScores
from reidkit.metrics.verification import pair_distances, thresholds_at
from reidkit.vis.report import ReportContent

COLOURS = [(30, 90, 160), (200, 160, 40), (90, 30, 120), (20, 140, 150), (160, 160, 90), (230, 130, 180)]


def draw_image(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (32, 64)) -> Path:
    """Write an image of one colour; size is (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


def make_list(is_match: Sequence[bool], *, query: int = 0, rows: Sequence[int] | None = None) -> RankList:
    count = len(is_match)
    return RankList(
        query,
        np.array(range(count) if rows is None else rows, np.int64),
        np.linspace(0.1, 0.9, count),
        np.array(is_match, bool),
    )


def make_samples(folder: Path, identities: Sequence[str], camera: str | None = "c1") -> tuple[Sample, ...]:
    """Return one sample per identity, each with an image of its own colour."""
    return tuple(
        Sample((draw_image(folder / f"{number}.png", COLOURS[number % len(COLOURS)]),), identity, camera)
        for number, identity in enumerate(identities)
    )


def make_scores(
    first: Sequence[int], precision: Sequence[float], *, num_gallery: int = 9, max_rank: int = 5
) -> RetrievalScores:
    """Return scores of queries; a first rank of 0 is a query without a match."""
    ranks = np.array(first, np.int64)
    return RetrievalScores(
        PROTOCOLS["market1501"],
        num_gallery,
        max_rank,
        first_match_rank=ranks,
        average_precision=np.where(ranks > 0, np.array(precision, np.float64), np.nan),
        inverse_negative_penalty=np.where(ranks > 0, 0.5, np.nan),
        num_matches=(ranks > 0).astype(np.int64),
    )


@dataclass(frozen=True)
class Evaluation:
    """An evaluation with real rankings of random descriptors."""

    queries: tuple[Sample, ...]
    gallery: tuple[Sample, ...]
    protocol: Protocol
    query_descriptors: torch.Tensor
    gallery_descriptors: torch.Tensor

    def scores(self) -> RetrievalScores:
        query, gallery = labels_of(self.queries), labels_of(self.gallery)
        return rank_gallery(self.query_descriptors, self.gallery_descriptors, query, gallery, self.protocol)

    def lists(self, numbers: Sequence[int], length: int = 5) -> list[RankList]:
        query, gallery = labels_of(self.queries), labels_of(self.gallery)
        return rank_lists(
            numbers,
            self.query_descriptors,
            self.gallery_descriptors,
            query,
            gallery,
            self.protocol,
            length=length,
        )

    def content(self) -> ReportContent:
        """Return a report with all of its parts."""
        query, gallery = labels_of(self.queries), labels_of(self.gallery)
        both = self.query_descriptors, self.gallery_descriptors
        pairs = pair_distances(*both, query, gallery, self.protocol)
        scores = self.scores()
        return ReportContent(
            title="Report of a test",
            facts={"Model": "osnet_x0_25", "Date": "1 May"},
            scores=scores,
            queries=self.queries,
            gallery=self.gallery,
            worst=self.lists([0, 1]),
            random=self.lists([2]),
            camera_pairs=score_camera_pairs(*both, query, gallery, self.protocol),
            pairs=pairs,
            thresholds=thresholds_at(pairs, (0.5, 0.2)),
            baselines={"Colour histogram": scores},
            history=[
                {"epoch": 1, "loss": 2.0, "learning_rate": 0.1},
                {"epoch": 2, "loss": 1.0, "rank_1": 0.5},
            ],
        )


def make_evaluation(folder: Path, names: Sequence[str] = ("anna", "ben", "carl")) -> Evaluation:
    """Return an evaluation of several identities, each seen by three cameras, one of them the query's."""
    queries = make_samples(folder / "query", names)
    gallery = tuple(
        sample
        for camera in ("c1", "c2", "c10")
        for sample in make_samples(folder / f"gallery_{camera}", names, camera)
    )
    random = np.random.default_rng(7)
    centres = {name: random.normal(size=8) for name in names}

    def describe(samples: Sequence[Sample]) -> torch.Tensor:
        rows = [centres[str(sample.identity)] + random.normal(size=8) for sample in samples]
        return torch.tensor(np.array(rows), dtype=torch.float32)

    return Evaluation(queries, gallery, PROTOCOLS["market1501"], describe(queries), describe(gallery))
