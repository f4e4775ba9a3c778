"""What readers of tracklets share: frames in temporal order, and which tracklets of the test are queries."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reidkit.core.errors import DatasetError
from reidkit.core.types import Sample
from reidkit.data.wording import examples, quantity

_NUMBERS = re.compile(r"[0-9]+")


def in_temporal_order(frames: Iterable[Path]) -> tuple[Path, ...]:
    """Return frames sorted by the numbers in their names, so that ``2.png`` comes before ``10.png``.

    The names of one tracklet differ in their frame number alone, or in it and in numbers behind it.
    """
    return tuple(
        sorted(frames, key=lambda frame: ([int(part) for part in _NUMBERS.findall(frame.name)], frame.name))
    )


def check_positions(
    title: str, what: str, positions: NDArray[np.int64], count: int, *, once: bool = True
) -> list[int]:
    """Return positions counted from 0 that a file counts from 1.

    Args:
        title: Name of the data set in messages.
        what: What the positions are, with its file, as the subject of a sentence.
        positions: Counted from 1, of any shape.
        count: How many things there are.
        once: Whether a position may come only once.

    Raises:
        DatasetError: a position is not 1 to ``count``, or comes again where it may not.
    """
    flat: list[int] = positions.ravel().tolist()
    outside = [str(position) for position in flat if not 1 <= position <= count]
    if outside:
        raise DatasetError(
            f"{title}: {what} out of range, got {examples(outside, 3)}. Expected 1 to {count}. Get the "
            f"files again: they do not belong together."
        )
    again = [str(position) for position, times in Counter(flat).items() if times > 1]
    if once and again:
        raise DatasetError(
            f"{title}: {what} not different, got {examples(again, 3)} more than once. Expected each once. "
            f"Get the file again."
        )
    return [position - 1 for position in flat]


def take_queries(
    test: Sequence[Sample | None], queries: Sequence[int], *, queries_in_gallery: bool
) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """Return the queries, in the order of the test, and the gallery.

    Args:
        test: Every tracklet of the test; None stands for junk, which is left out of both.
        queries: Positions of the queries in ``test``, counted from 0.
        queries_in_gallery: Whether the gallery holds the queries too, and not only the rest.
    """
    chosen = set(queries)
    query = tuple(s for position, s in enumerate(test) if s is not None and position in chosen)
    gallery = tuple(
        s
        for position, s in enumerate(test)
        if s is not None and (queries_in_gallery or position not in chosen)
    )
    return query, gallery


def note_on_queries(queries_in_gallery: bool) -> str:
    """Return which of the two galleries in use this is."""
    if queries_in_gallery:
        return "The gallery holds the queries too (queries_in_gallery=True)."
    return (
        "The gallery leaves the queries out, so queries whose only matches are other queries are unmatched "
        "and skipped; scores with queries_in_gallery=True are not comparable."
    )


def check_present(title: str, absent: Sequence[str], count: int, thing: str, folder: Path) -> None:
    """Refuse a data set of which files are missing.

    Raises:
        DatasetError: ``absent`` names any.
    """
    if absent:
        raise DatasetError(
            f"{title} is incomplete, got {quantity(len(absent), thing)} of {count} missing under {folder}: "
            f"{examples(absent, 3)}. Expected all. Unpack the archive again."
        )
