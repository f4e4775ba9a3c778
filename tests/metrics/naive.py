"""Ranking written from its definition, one gallery image after the other: the oracle of the fast one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reidkit.core.types import Protocol
from reidkit.metrics.labels import Labels


@dataclass(frozen=True)
class NaiveRow:
    """What the definition gives for one query; precision and penalty are None without a match."""

    first_match_rank: int
    average_precision: float | None
    inverse_negative_penalty: float | None
    num_matches: int
    ranks: tuple[int, ...] = ()


def counts(query: Labels, gallery: Labels, protocol: Protocol, query_row: int, gallery_row: int) -> bool:
    """Say whether a gallery image is right or wrong for a query, rather than left out."""
    key = None if query.keys is None else query.keys[query_row]
    if key is not None and gallery.keys is not None and key == gallery.keys[gallery_row]:
        return False
    if str(gallery.identities[gallery_row]) in protocol.junk_identities:
        return False
    if protocol.same_camera == "keep" or query.cameras is None or gallery.cameras is None:
        return True
    is_same_identity = query.identities[query_row] == gallery.identities[gallery_row]
    camera = query.cameras[query_row]
    return not (is_same_identity and camera is not None and camera == gallery.cameras[gallery_row])


def ranking(
    distances: Sequence[Any], query: Labels, gallery: Labels, protocol: Protocol, query_row: int
) -> list[int]:
    """Return the gallery rows that count, nearest first, the earlier of two equally near ones first."""
    order = sorted(range(len(gallery)), key=lambda row: distances[row])  # Python's sort is stable
    return [row for row in order if counts(query, gallery, protocol, query_row, row)]


def score_query(
    distances: Sequence[Any], query: Labels, gallery: Labels, protocol: Protocol, query_row: int
) -> NaiveRow:
    """Walk down the ranking of one query."""
    ranks, precisions = [], []
    for rank, row in enumerate(ranking(distances, query, gallery, protocol, query_row), start=1):
        if gallery.identities[row] == query.identities[query_row]:
            ranks.append(rank)
            precision = len(ranks) / rank
            if protocol.average_precision == "trapezoid":
                before = 1.0 if rank == 1 else (len(ranks) - 1) / (rank - 1)
                precision = (before + precision) / 2
            precisions.append(precision)
    if not ranks:
        return NaiveRow(0, None, None, 0)
    return NaiveRow(ranks[0], sum(precisions) / len(ranks), len(ranks) / ranks[-1], len(ranks), tuple(ranks))


def score(
    distances: Sequence[Sequence[Any]], query: Labels, gallery: Labels, protocol: Protocol
) -> list[NaiveRow]:
    """Score every query of a distance matrix."""
    return [score_query(row, query, gallery, protocol, number) for number, row in enumerate(distances)]


def cmc(rows: list[NaiveRow], max_rank: int) -> list[float]:
    """Return the share of scored queries that are answered at rank 1, 2, ... or better."""
    valid = [row for row in rows if row.num_matches]
    return [sum(row.first_match_rank <= k for row in valid) / len(valid) for k in range(1, max_rank + 1)]
