"""Which gallery rows are right for a query, and which do not count, without a query x gallery matrix."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from reidkit.core.checks import check_same_length, encode_labels
from reidkit.core.types import Protocol
from reidkit.metrics.labels import Labels

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class QueryMatches:
    """Gallery rows of interest to one query, each ascending.

    Args:
        positives: Rows that are right.
        ignored: Rows that do not count, neither right nor wrong.
    """

    positives: Rows
    ignored: Rows


class GalleryIndex:
    """Finds the matches of each query by its identity, in memory proportional to queries + gallery.

    Args:
        query: Labels of the Q queries.
        gallery: Labels of the G gallery rows.
        protocol: Which rows do not count.

    Raises:
        ShapeError: cameras or keys of another length than the identities.
    """

    def __init__(self, query: Labels, gallery: Labels, protocol: Protocol) -> None:
        for name, labels in (("Query", query), ("Gallery", gallery)):
            check_same_length(f"{name} cameras", labels.camera_list(), len(labels))
            check_same_length(f"{name} keys", labels.key_list(), len(labels))
        self.protocol = protocol
        self.num_queries, self.num_gallery = len(query), len(gallery)
        query_identities, gallery_identities = encode_labels(query.identities, gallery.identities)
        self._query_identities = query_identities
        self._query_cameras, self._gallery_cameras = encode_labels(query.camera_list(), gallery.camera_list())
        self._query_keys, gallery_keys = encode_labels(query.key_list(), gallery.key_list())
        self._rows_of_identity = _group_rows(gallery_identities)
        self._rows_of_key = _group_rows(gallery_keys)
        junk = set(protocol.junk_identities)
        names = gallery.identities if junk else ()
        self._junk = np.array([row for row, name in enumerate(names) if str(name) in junk], np.int64)

    def matches(self, query: int) -> QueryMatches:
        """Return the rows of interest to the query of this number."""
        mates = self._rows_of_identity.get(int(self._query_identities[query]), _NO_ROWS)
        is_ignored = np.zeros(len(mates), bool)
        camera = self._query_cameras[query]
        if self.protocol.same_camera == "drop" and camera >= 0:
            is_ignored = self._gallery_cameras[mates] == camera
        itself = self._rows_of_key.get(int(self._query_keys[query]), _NO_ROWS)
        if len(itself):
            is_ignored = is_ignored | np.isin(mates, itself)
            # The same file under another identity is a label fault; it is not an honest negative either.
            ignored = np.union1d(mates[is_ignored], itself)
        else:
            ignored = mates[is_ignored]
        positives = mates[~is_ignored]
        if len(self._junk):
            positives = np.setdiff1d(positives, self._junk, assume_unique=True)
            ignored = np.union1d(ignored, self._junk)
        return QueryMatches(positives, ignored)

    @cached_property
    def identity_groups(self) -> tuple[Rows, ...]:
        """The ascending rows of each identity of the gallery."""
        return tuple(self._rows_of_identity.values())

    def explain_no_match(self) -> str:
        """Say why no query at all can be scored, with counts."""
        count = len(self._query_identities)
        absent = sum(
            int(identity) not in self._rows_of_identity for identity in self._query_identities.tolist()
        )
        cameras = len({*self._query_cameras.tolist(), *self._gallery_cameras.tolist()} - {-1})
        return (
            f"0 of {count} queries can be scored. {absent} have an identity that is not in the gallery; "
            f"{count - absent} have gallery images only from the query's own camera (or only themselves), "
            f"which protocol '{self.protocol.name}' leaves out. The data has {cameras or 'no'} "
            f"camera{'' if cameras == 1 else 's'}. "
            + (
                "Check the split: queries and gallery share no identity."
                if absent == count
                else "Use the protocol 'no-camera', or give camera ids."
            )
        )


def make_index(query: Labels, gallery: Labels, protocol: Protocol, shape: tuple[int, int]) -> GalleryIndex:
    """Return the index of labels that belong to (Q, G) descriptors.

    Raises:
        ShapeError: another number of labels than of descriptors.
    """
    check_same_length("Query labels", query.identities, shape[0])
    check_same_length("Gallery labels", gallery.identities, shape[1])
    return GalleryIndex(query, gallery, protocol)


_NO_ROWS: Rows = np.empty(0, np.int64)


def _group_rows(numbers: Rows) -> dict[int, Rows]:
    """Return the ascending rows of each number; -1 (unknown) has none."""
    order = np.argsort(numbers, kind="stable")
    values, starts = np.unique(numbers[order], return_index=True)
    groups = dict(zip(values.tolist(), np.split(order, starts[1:]), strict=True)) if len(values) else {}
    groups.pop(-1, None)
    return groups
