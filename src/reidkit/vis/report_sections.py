"""From scores and samples to the rows, cells and tiles that the report's template shows."""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reidkit.core.types import Box, Sample
from reidkit.metrics.scores import RetrievalScores
from reidkit.vis.pictures import common_aspect, data_uri, read_strip, shrink
from reidkit.vis.rank_list import check_rank_list, query_of, text_of
from reidkit.vis.words import SCORE_WORDS, count, format_percent

if TYPE_CHECKING:  # these bring torch, which no report needs
    from pathlib import Path

    from PIL import Image

    from reidkit.metrics.attribute_scores import AttributeScore
    from reidkit.metrics.camera_pairs import CameraPairScore
    from reidkit.metrics.label_faults import LabelFault
    from reidkit.metrics.rank_lists import RankList

THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT = 160, 192
"""Pixels; twice what a page shows, for sharp screens. Forty lists of ten then take about 2 MB."""

MOST_CAMERAS = 24
"""A matrix of more cameras cannot be read; the weakest pairs are listed instead."""

NUM_WEAKEST = 20
MOST_ATTRIBUTE_ROWS = 60
MOST_DOUBTS = 20


@dataclass(frozen=True)
class ScoreRow:
    """The scores of one model in percent, as text, for the table of comparison."""

    name: str
    values: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class Cell:
    """One pair of cameras: its score as text, how dark it is shaded in [0, 1], and what it rests on."""

    text: str
    shade: float
    hint: str


@dataclass(frozen=True)
class CameraMatrix:
    """One score for each pair of cameras; None where nobody can be scored."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell | None, ...]], ...]


@dataclass(frozen=True)
class Tile:
    """One image of a ranked gallery, or the query, which has neither rank nor distance.

    ``image`` is a data URI of (width, height) pixels, None where the file cannot be read.
    """

    image: str | None
    width: int
    height: int
    identity: str
    camera: str
    file: str
    num_frames: int
    rank: int = 0
    distance: str = ""
    is_match: bool = False


@dataclass(frozen=True)
class RankedQuery:
    """A query with its score in words and its ranked gallery."""

    number: int
    query: Tile
    summary: str
    hits: tuple[Tile, ...]


@dataclass(frozen=True)
class Doubt:
    """A sample whose label may be wrong, beside the nearest of the other and of its own identity."""

    tiles: tuple[tuple[str, Tile], ...]
    summary: str


def attribute_rows(scores: "Sequence[AttributeScore]") -> list[tuple[str, ...]]:
    """Return the cells of each row: attribute, value, queries, Rank-1, mAP, wrong answers, alike, expected.

    Where there are many rows these are the weakest.
    """
    shown = scores
    if len(scores) > MOST_ATTRIBUTE_ROWS:
        shown = sorted(scores, key=lambda score: score.mean_ap)[:MOST_ATTRIBUTE_ROWS]
    return [
        (
            score.attribute,
            score.value,
            f"{score.num_valid:,}",
            format_percent(score.rank_1),
            format_percent(score.mean_ap),
            f"{score.num_wrong:,}",
            "-" if score.alike is None else format_percent(score.alike),
            format_percent(score.expected),
        )
        for score in shown
    ]


def score_rows(compared: Mapping[str, RetrievalScores]) -> list[ScoreRow]:
    """Return one row per model; a note stands where a model was judged by other rules than the first."""
    first = next(iter(compared.values()))
    rows = []
    for name, scores in compared.items():
        summary = scores.summary()
        notes = []
        if scores.protocol != first.protocol:
            notes.append(f"judged by other rules ({scores.protocol.name})")
        if (scores.num_valid, scores.num_gallery) != (first.num_valid, first.num_gallery):
            notes.append(f"{count(scores.num_valid, 'query')}, {count(scores.num_gallery, 'gallery image')}")
        values = tuple(f"{100 * summary[key]:.1f}" for key in SCORE_WORDS)
        rows.append(ScoreRow(name, values, "; ".join(notes)))
    return rows


def camera_matrices(pairs: "Sequence[CameraPairScore]") -> list[CameraMatrix]:
    """Return a matrix for Rank-1 and one for mAP; none where there are no or too many cameras."""
    queries = sorted({pair.query_camera for pair in pairs}, key=_natural_order)
    galleries = sorted({pair.gallery_camera for pair in pairs}, key=_natural_order)
    if not pairs or max(len(queries), len(galleries)) > MOST_CAMERAS:
        return []
    found = {(pair.query_camera, pair.gallery_camera): pair for pair in pairs}
    columns = tuple(text_of(camera) for camera in galleries)
    matrices = []
    for title, score in (("Rank-1", "rank_1"), ("mAP", "mean_ap")):
        rows = tuple(
            (text_of(query), tuple(_cell(found.get((query, gallery)), score) for gallery in galleries))
            for query in queries
        )
        matrices.append(CameraMatrix(title, columns, rows))
    return matrices


def weakest_camera_pairs(pairs: "Sequence[CameraPairScore]") -> list[tuple[str, str, str, str, str]]:
    """Return (query camera, gallery camera, queries, Rank-1, mAP) of the pairs with the lowest mAP."""
    return [
        (
            text_of(pair.query_camera),
            text_of(pair.gallery_camera),
            f"{pair.num_valid:,}",
            format_percent(pair.rank_1),
            format_percent(pair.mean_ap),
        )
        for pair in sorted(pairs, key=lambda pair: pair.mean_ap)[:NUM_WEAKEST]
    ]


class RankListSection:
    """Make the tiles of ranked queries; an image that stands in several lists is read once.

    Args:
        scores: Of all queries.
        queries: All queries, in the order of their descriptors.
        gallery: All gallery samples, in the order of their descriptors.
    """

    def __init__(self, scores: RetrievalScores, queries: Sequence[Sample], gallery: Sequence[Sample]) -> None:
        self._scores = scores
        self._queries = queries
        self._gallery = gallery
        self._thumbnails: dict[tuple[tuple[Path, ...], Box | None], tuple[str, int, int] | None] = {}
        self._pictures: list[Image.Image] = []

    def ranked_queries(self, rank_lists: "Sequence[RankList]") -> list[RankedQuery]:
        """Return what the template shows of some rank lists.

        Raises:
            ShapeError: a list points beyond the queries or the gallery.
            EvaluationError: an image called right has another identity, so the samples are out of order.
        """
        return [self._ranked_query(rank_list) for rank_list in rank_lists]

    def doubts(self, faults: "Sequence[LabelFault]", samples: Sequence[Sample]) -> list[Doubt]:
        """Return what the template shows of the surest doubts."""
        found = []
        for fault in faults[:MOST_DOUBTS]:
            shown = {
                "in doubt": fault.row,
                "nearest of another": fault.nearest_other,
                "nearest of its own": fault.nearest_own,
            }
            tiles = tuple((name, self._tile(samples[row])) for name, row in shown.items())
            found.append(
                Doubt(tiles, f"{fault.num_votes} of its {fault.num_asked} nearest are of the other identity")
            )
        return found

    def aspect(self) -> float:
        """Return width over height for the tiles of all lists made so far."""
        return common_aspect(self._pictures)

    def _ranked_query(self, rank_list: "RankList") -> RankedQuery:
        query = query_of(rank_list, self._queries)
        check_rank_list(rank_list, query, self._gallery)
        hits = tuple(
            self._tile(
                self._gallery[row],
                rank=place + 1,
                distance=f"{rank_list.distances[place]:.3f}",
                is_match=bool(rank_list.is_match[place]),
            )
            for place, row in enumerate(rank_list.gallery.tolist())
        )
        return RankedQuery(rank_list.query, self._tile(query), self._summary(rank_list.query), hits)

    def _summary(self, number: int) -> str:
        num_matches = int(self._scores.num_matches[number])
        if num_matches == 0:
            return "No right image in the gallery: not scored."
        precision = format_percent(self._scores.average_precision[number])
        first = f"{self._scores.first_match_rank[number]:,}"
        right = count(num_matches, "right image")
        return f"AP {precision} · first right image at rank {first} · {right} in the gallery"

    def _tile(self, sample: Sample, *, rank: int = 0, distance: str = "", is_match: bool = False) -> Tile:
        image, width, height = self._thumbnail(sample) or (None, 0, 0)
        return Tile(
            image,
            width,
            height,
            identity=text_of(sample.identity),
            camera=text_of(sample.camera),
            file=str(sample.path) if sample.frames else "",
            num_frames=len(sample.frames),
            rank=rank,
            distance=distance,
            is_match=is_match,
        )

    def _thumbnail(self, sample: Sample) -> tuple[str, int, int] | None:
        key = sample.frames, sample.box
        if key not in self._thumbnails:
            picture = read_strip(sample)
            self._thumbnails[key] = None
            if picture is not None:
                width = THUMBNAIL_WIDTH * min(2, len(sample.frames))  # a strip of frames needs more
                small = shrink(picture, width, THUMBNAIL_HEIGHT)
                self._pictures.append(small)
                self._thumbnails[key] = data_uri(small), small.width, small.height
        return self._thumbnails[key]


def _cell(pair: "CameraPairScore | None", score: str) -> Cell | None:
    if pair is None:
        return None
    value = float(getattr(pair, score))
    # Two digits are enough to compare, and let many cameras stand side by side.
    return Cell(f"{100 * value:.0f}", round(value, 3), count(pair.num_valid, "query"))


def _natural_order(camera: Hashable) -> list[tuple[int, int, str]]:
    """Put camera 10 after camera 9, whatever the cameras are."""
    parts = re.split(r"(\d+)", text_of(camera))
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
