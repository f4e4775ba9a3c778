"""Identities in short: how many templates, where and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class IdentitySummary:
    """One identity in short.

    Args:
        identity: Who it is.
        num_templates: How many there are.
        cameras: Where it was seen, sorted.
        first_seen: The earliest time that is known.
        last_seen: The latest time that is known.
        cover: Id of the template that was added first, to stand for all.
    """

    identity: str
    num_templates: int
    cameras: tuple[str, ...]
    first_seen: datetime | None
    last_seen: datetime | None
    cover: str


def summarize(columns: Mapping[str, Sequence[Any]]) -> list[IdentitySummary]:
    """Return the identities of templates, by name.

    Args:
        columns: Lists of equal lengths by the names of columns, oldest template first; may be empty.
    """
    places: dict[str, list[int]] = {}
    for place, identity in enumerate(columns.get("identity", ())):
        places.setdefault(identity, []).append(place)
    found = []
    for identity in sorted(places):
        mine = places[identity]
        cameras = {columns["camera"][place] for place in mine} - {None}
        times = [columns["time"][place] for place in mine if columns["time"][place] is not None]
        found.append(
            IdentitySummary(
                identity,
                len(mine),
                tuple(sorted(cameras)),
                min(times, default=None),
                max(times, default=None),
                columns["template_id"][mine[0]],
            )
        )
    return found
