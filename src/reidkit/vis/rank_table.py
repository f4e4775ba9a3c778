"""Rank lists as data: one row per query and gallery image, for any program to read."""

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

import numpy as np
from torch import Tensor

from reidkit.core.checks import check_same_length
from reidkit.core.errors import CatalogError, DatasetError, ShapeError
from reidkit.core.extras import import_extra
from reidkit.core.files import replace_file, write_json
from reidkit.core.types import Protocol, Sample
from reidkit.metrics.blocks import DescriptorBlocks, KeyBlocks
from reidkit.metrics.labels import labels_of
from reidkit.metrics.matches import make_index
from reidkit.vis.pictures import spread_frames

Answer = Literal["right", "wrong", "ignored"]
FORMATS = (".csv", ".json", ".parquet")
NEWER = ("query_box", "query_frames", "gallery_box", "gallery_frames")
"""Columns that tables of earlier versions lack."""


@dataclass(frozen=True, slots=True)
class RankRow:
    """One gallery image that was found for one query.

    Args:
        query: Number of the query, from 0.
        query_path: Its first frame.
        query_identity: Who it is.
        query_camera: Where it was seen; empty where unknown.
        rank: From 1, among the images that count; 0 where the image is ignored.
        gallery: Row of the gallery, from 0.
        gallery_path: Its first frame.
        gallery_identity: Who it is.
        gallery_camera: Where it was seen; empty where unknown.
        distance: Between the two.
        answer: "right", "wrong", or "ignored" where the protocol does not count it.
        query_box: Where the query is in its frames, "left top right bottom"; empty where they are the crop.
        query_frames: Frames of a tracklet to show, as a JSON list of paths; empty for one image.
        gallery_box: Where the gallery image is in its frames.
        gallery_frames: Frames of a tracklet of the gallery to show.
    """

    query: int
    query_path: str
    query_identity: str
    query_camera: str
    rank: int
    gallery: int
    gallery_path: str
    gallery_identity: str
    gallery_camera: str
    distance: float
    answer: Answer
    query_box: str = ""
    query_frames: str = ""
    gallery_box: str = ""
    gallery_frames: str = ""

    @property
    def query_sample(self) -> Sample:
        """The query, as far as a picture of it needs."""
        return _sample(self.query_path, self.query_box, self.query_frames)

    @property
    def gallery_sample(self) -> Sample:
        """The gallery image, as far as a picture of it needs."""
        return _sample(self.gallery_path, self.gallery_box, self.gallery_frames)


def rank_rows(
    query_descriptors: Tensor,
    gallery_descriptors: Tensor,
    queries: Sequence[Sample],
    gallery: Sequence[Sample],
    protocol: Protocol,
    *,
    length: int = 10,
    blocks: KeyBlocks | None = None,
) -> list[RankRow]:
    """Return what was found for each query, nearest first.

    Images that the protocol ignores stand among them where they are nearer than the last that counts.

    Args:
        query_descriptors: (Q, D) float.
        gallery_descriptors: (G, D) float.
        queries: The Q queries, in order.
        gallery: The G gallery samples, in order.
        protocol: Says what is right and what does not count.
        length: Images that count, per query; fewer where the gallery is smaller.
        blocks: Ready distances, such as re-ranked ones; None takes those of the descriptors.

    Raises:
        ShapeError: shapes or types do not fit, or length is below 1.
        EvaluationError: descriptors are not finite.
    """
    if length < 1:
        raise ShapeError(f"Length of a rank list is out of range, got {length}. Expected at least 1.")
    blocks = blocks or DescriptorBlocks(query_descriptors, gallery_descriptors, protocol.distance)
    check_same_length("Query samples", queries, blocks.shape[0])
    check_same_length("Gallery samples", gallery, blocks.shape[1])
    index = make_index(labels_of(queries), labels_of(gallery), protocol, blocks.shape)
    found: list[RankRow] = []
    for rows in blocks.row_slices():
        for number, keys in enumerate(blocks.keys(rows), start=rows.start):
            matches = index.matches(number)
            wanted = min(len(keys), length + len(matches.ignored))
            # All rows up to the last wanted key, so that ties stay in gallery order.
            near = np.flatnonzero(keys <= np.partition(keys, wanted - 1)[wanted - 1])
            near = near[np.argsort(keys[near], kind="stable")]
            counts = ~np.isin(near, matches.ignored)
            last = np.flatnonzero(counts.cumsum() >= length)
            near = near[: last[0] + 1] if len(last) else near
            distances = keys[near]
            if isinstance(blocks, DescriptorBlocks):  # others give distances at once
                distances = blocks.as_distances(distances, number)
            is_right = np.isin(near, matches.positives)
            rank = 0
            for place, row in enumerate(near.tolist()):
                rank += int(counts[place])
                answer: Answer = "ignored" if not counts[place] else "right" if is_right[place] else "wrong"
                place_rank = rank if counts[place] else 0
                ends = _end(queries[number]), _end(gallery[row])
                found.append(
                    RankRow(
                        number,
                        *ends[0],
                        place_rank,
                        row,
                        *ends[1],
                        round(float(distances[place]), 6),
                        answer,
                        *_place(queries[number]),
                        *_place(gallery[row]),
                    )
                )
    return found


def write_rank_rows(path: Path, rows: Sequence[RankRow]) -> None:
    """Write rank lists as CSV, JSON or Parquet, by the suffix of the path.

    Raises:
        CatalogError: another suffix.
        MissingExtraError: Parquet without pyarrow.
    """
    check_table_path(path)
    names = [field.name for field in fields(RankRow)]
    if path.suffix == ".json":
        write_json(path, {"format_version": 1, "rows": [asdict(row) for row in rows]})
        return
    with replace_file(path) as unfinished:
        if path.suffix == ".csv":
            with unfinished.open("w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
                writer = csv.writer(stream)
                writer.writerow(names)
                writer.writerows([getattr(row, name) for name in names] for row in rows)
        else:
            arrow = import_extra("pyarrow", extra="parquet", purpose="A .parquet file")
            parquet = import_extra("pyarrow.parquet", extra="parquet", purpose="A .parquet file")
            columns = {name: [getattr(row, name) for row in rows] for name in names}
            parquet.write_table(arrow.table(columns), unfinished)


def read_rank_rows(path: Path) -> list[RankRow]:
    """Read rank lists that `write_rank_rows` wrote as CSV.

    Raises:
        DatasetError: it is no such file.
    """
    try:
        with path.open(newline="", encoding="utf-8", errors="surrogateescape") as stream:
            return [
                RankRow(
                    **{  # type: ignore[arg-type]
                        field.name: int(row[field.name])
                        if field.name in ("query", "rank", "gallery")
                        else float(row[field.name])
                        if field.name == "distance"
                        else row[field.name]
                        for field in fields(RankRow)
                        if field.name in row or field.name not in NEWER
                    }
                )
                for row in csv.DictReader(stream)
            ]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"Rank lists cannot be read, got {path} ({error}). Expected a rankings.csv of 'reidkit "
            f"evaluate --out'."
        ) from error


def check_table_path(path: Path) -> None:
    """Refuse a path of another format.

    Raises:
        CatalogError: its suffix is none of `FORMATS`.
    """
    if path.suffix not in FORMATS:
        raise CatalogError(f"Format of a table is unknown, got '{path.suffix}'. Known: {', '.join(FORMATS)}.")


def _end(sample: Sample) -> tuple[str, str, str]:
    camera = "" if sample.camera is None else str(sample.camera)
    return str(sample.path), str(sample.identity), camera


def _place(sample: Sample) -> tuple[str, str]:
    box = "" if sample.box is None else " ".join(f"{edge:g}" for edge in sample.box)
    frames = [str(frame) for frame in spread_frames(sample.frames)] if len(sample.frames) > 1 else []
    return box, json.dumps(frames) if frames else ""


def _sample(path: str, box: str, frames: str) -> Sample:
    paths = tuple(Path(frame) for frame in json.loads(frames)) if frames else (Path(path),)
    left, top, right, bottom = (float(edge) for edge in box.split()) if box else (0.0,) * 4
    return Sample(paths, "", box=(left, top, right, bottom) if box else None)
