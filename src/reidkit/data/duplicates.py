"""Which pictures of a data set are the same: across its splits, under two identities, within a split."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reidkit.core.types import DatasetSplits, Protocol, Sample
from reidkit.data.file_checks import FileCheck
from reidkit.data.fingerprints import is_comparable
from reidkit.data.near_groups import NOBODY, Nearest, nearest_of_other_group

Kind = Literal["across-splits", "two-identities", "query-in-gallery", "within-split"]

_SPLITS = ("train", "query", "gallery")
_TRAIN, _QUERY, _GALLERY = range(3)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two files (or boxes) that show the same picture.

    Args:
        kind: What is wrong about it.
        first: The one that is judged by, or the earlier one, with a single frame.
        second: The other one, with a single frame.
        splits: Where the first and the second one are.
        bits: How many of 256 signs differ.
        is_identical: Whether all pixels are equal.
    """

    kind: Kind
    first: Sample
    second: Sample
    splits: tuple[str, str]
    bits: int
    is_identical: bool


@dataclass(frozen=True)
class _Table:
    """Who is in the N pictures that were read, and in which split."""

    samples: list[Sample]
    is_in: NDArray[np.bool_]  # (N, 3): train, query, gallery
    identity: NDArray[np.int64]  # (N,) numbers from 1, 0 where it is None


def find_duplicates(splits: DatasetSplits, files: FileCheck, protocol: Protocol) -> tuple[Duplicate, ...]:
    """Find the same pictures among those that were read.

    - "across-splits": for each query or gallery picture the most alike training picture, where it is a
      near-duplicate: the same picture, perhaps saved again, resized or brightened a little.
    - "two-identities": for each picture the most alike one of another identity, where it is a
      near-duplicate; each pair once.
    - "query-in-gallery": for each query the first gallery file of equal pixels that counts as a match.
    - "within-split": for each file the first one of equal pixels in its split.

    Pictures that show next to nothing are equal to none. Two samples that name one file and one box are one
    picture, and never a duplicate of itself.

    Args:
        splits: What a reader returned.
        files: What came of reading its files.
        protocol: By which a gallery image counts as a match.
    """
    if len(files.pictures) < 2:
        return ()
    table = _tabulate(splits, files)
    return (
        *_find_across_splits(table, files),
        *_find_two_identities(table, files),
        *_find_equal(table, files, protocol),
    )


def _tabulate(splits: DatasetSplits, files: FileCheck) -> _Table:
    rows = {picture: row for row, picture in enumerate(files.pictures)}
    samples: list[Sample | None] = [None] * len(rows)
    is_in = np.zeros((len(rows), len(_SPLITS)), bool)
    identity = np.zeros(len(rows), np.int64)
    numbers: dict[Hashable, int] = {None: 0}
    for column, split in enumerate(_SPLITS):
        for sample in splits.by_split()[split]:
            number = numbers.setdefault(sample.identity, len(numbers))
            for frame in sample.frames:
                row = rows.get((frame, sample.box))  # type: ignore[call-overload]
                if row is None:
                    continue
                is_in[row, column] = True
                if samples[row] is None:
                    samples[row] = Sample((frame,), sample.identity, sample.camera, sample.box)
                    identity[row] = number
    return _Table([sample for sample in samples if sample is not None], is_in, identity)


def _find_across_splits(table: _Table, files: FileCheck) -> Iterator[Duplicate]:
    in_train = table.is_in[:, _TRAIN]
    if in_train.all() or not in_train.any():
        return
    nearest = nearest_of_other_group(files.fingerprints, in_train.astype(np.int64))
    for row in np.flatnonzero((nearest.row != NOBODY) & ~in_train).tolist():
        yield _pair("across-splits", table, files, row, nearest)


def _find_two_identities(table: _Table, files: FileCheck) -> Iterator[Duplicate]:
    known = np.flatnonzero(table.identity > 0)
    found = nearest_of_other_group(files.fingerprints[known], table.identity[known])
    nearest = Nearest(np.full(len(table.identity), NOBODY, np.int64), np.zeros(len(table.identity), np.int64))
    nearest.row[known] = np.where(found.row == NOBODY, NOBODY, known[found.row])
    nearest.bits[known] = found.bits
    for row in np.flatnonzero(nearest.row != NOBODY).tolist():
        other = int(nearest.row[row])
        # Where each is the nearest of the other, the pair would come twice.
        if row < other or nearest.row[other] != row:
            yield _pair("two-identities", table, files, row, nearest)


def _pair(kind: Kind, table: _Table, files: FileCheck, row: int, nearest: Nearest) -> Duplicate:
    return _duplicate(kind, table, files, row, int(nearest.row[row]), int(nearest.bits[row]))


def _duplicate(
    kind: Kind,
    table: _Table,
    files: FileCheck,
    first: int,
    second: int,
    bits: int,
    splits: tuple[str, str] | None = None,
) -> Duplicate:
    digests = files.fingerprints["digest"]
    return Duplicate(
        kind,
        table.samples[first],
        table.samples[second],
        splits or (_first_split(table, first), _first_split(table, second)),
        bits,
        bool((digests[first] == digests[second]).all()),
    )


def _first_split(table: _Table, row: int) -> str:
    return _SPLITS[int(table.is_in[row].argmax())]


def _find_equal(table: _Table, files: FileCheck, protocol: Protocol) -> Iterator[Duplicate]:
    for rows in _equal_rows(files):
        yield from _find_queries_in_gallery(table, files, rows, protocol)
    for rows in _equal_rows(files):
        seen: set[int] = set()
        for column, split in enumerate(_SPLITS):
            # A file that is query and gallery is told of once.
            inside = [row for row in rows if table.is_in[row, column]]
            for row in inside[1:]:
                if row not in seen:
                    seen.add(row)
                    yield _duplicate("within-split", table, files, row, inside[0], 0, (split, split))


def _equal_rows(files: FileCheck) -> Iterator[list[int]]:
    """Yield the rows of equal pixels, ascending; those of the lowest first row first."""
    rows = np.flatnonzero(is_comparable(files.fingerprints))
    equal: dict[bytes, list[int]] = {}
    for row, digest in zip(rows.tolist(), files.fingerprints["digest"][rows], strict=True):
        equal.setdefault(digest.tobytes(), []).append(row)
    yield from (rows for rows in equal.values() if len(rows) > 1)


def _find_queries_in_gallery(
    table: _Table, files: FileCheck, rows: list[int], protocol: Protocol
) -> Iterator[Duplicate]:
    gallery = [row for row in rows if table.is_in[row, _GALLERY]]
    for query in rows:
        if not table.is_in[query, _QUERY] or not table.identity[query]:
            continue
        asked = table.samples[query]
        for row in gallery:
            entry = table.samples[row]
            is_other_camera = asked.camera is None or asked.camera != entry.camera
            counts = protocol.same_camera == "keep" or is_other_camera
            if row != query and counts and table.identity[row] == table.identity[query]:
                yield _duplicate("query-in-gallery", table, files, query, row, 0, ("query", "gallery"))
                break
