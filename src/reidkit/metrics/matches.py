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


@dataclass(frozen=True, eq=False)
class BlockMatches:
    """Gallery rows of interest to a block of queries, one entry per query and row; junk is not among them.

    Args:
        queries: Place of the query in the block, ascending.
        rows: The gallery row.
        is_right: Whether it is right; otherwise it does not count.
    """

    queries: Rows
    rows: Rows
    is_right: NDArray[np.bool_]


class GalleryIndex:
    """Finds the matches of queries by their identity, in memory proportional to queries + gallery.

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
        self._query_identities, self._gallery_identities = encode_labels(query.identities, gallery.identities)
        self._query_cameras, self._gallery_cameras = encode_labels(query.camera_list(), gallery.camera_list())
        self._query_keys, self._gallery_keys = encode_labels(query.key_list(), gallery.key_list())
        self._by_identity = _Groups(self._gallery_identities)
        self._by_key = _Groups(self._gallery_keys)
        junk = set(protocol.junk_identities)
        names = gallery.identities if junk else ()
        self.junk: Rows = np.array([row for row, name in enumerate(names) if str(name) in junk], np.int64)

    def matches(self, query: int) -> QueryMatches:
        """Return the rows of interest to the query of this number."""
        found = self.block_matches(slice(query, query + 1))
        positives, ignored = found.rows[found.is_right], found.rows[~found.is_right]
        return QueryMatches(positives, np.union1d(ignored, self.junk))

    def block_matches(self, block: slice) -> BlockMatches:
        """Return the rows of interest to some queries, all at once."""
        identities, cameras = self._query_identities[block], self._query_cameras[block]
        keys = self._query_keys[block]
        queries, rows = self._by_identity.members(identities)
        is_right = (self._gallery_keys[rows] != keys[queries]) | (keys[queries] < 0)
        if self.protocol.same_camera == "drop":
            camera = cameras[queries]
            is_right &= (self._gallery_cameras[rows] != camera) | (camera < 0)
        # The same file under another identity is a label fault; it is not an honest negative either.
        own_queries, own_rows = self._by_key.members(keys)
        identity = identities[own_queries]
        is_stray = (self._gallery_identities[own_rows] != identity) | (identity < 0)
        if is_stray.any():
            queries = np.concatenate([queries, own_queries[is_stray]])
            rows = np.concatenate([rows, own_rows[is_stray]])
            is_right = np.concatenate([is_right, np.zeros(is_stray.sum(), bool)])
            order = np.lexsort((rows, queries))
            queries, rows, is_right = queries[order], rows[order], is_right[order]
        if len(self.junk):
            counts = ~np.isin(rows, self.junk)
            queries, rows, is_right = queries[counts], rows[counts], is_right[counts]
        return BlockMatches(queries, rows, is_right)

    @cached_property
    def identity_groups(self) -> tuple[Rows, ...]:
        """The ascending rows of each identity of the gallery."""
        return self._by_identity.groups()

    def explain_no_match(self) -> str:
        """Say why no query at all can be scored, with counts."""
        count = len(self._query_identities)
        absent = int((~np.isin(self._query_identities, self._gallery_identities[self._known])).sum())
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

    @property
    def _known(self) -> NDArray[np.bool_]:
        return self._gallery_identities >= 0


def make_index(query: Labels, gallery: Labels, protocol: Protocol, shape: tuple[int, int]) -> GalleryIndex:
    """Return the index of labels that belong to (Q, G) descriptors.

    Raises:
        ShapeError: another number of labels than of descriptors.
    """
    check_same_length("Query labels", query.identities, shape[0])
    check_same_length("Gallery labels", gallery.identities, shape[1])
    return GalleryIndex(query, gallery, protocol)


class _Groups:
    """The ascending rows of each number, 0 and up; -1 (unknown) has none."""

    def __init__(self, numbers: Rows) -> None:
        self._order = np.argsort(numbers, kind="stable")[int((numbers < 0).sum()) :]
        self._sizes = np.bincount(numbers[numbers >= 0], minlength=1)
        self._starts = self._sizes.cumsum() - self._sizes

    def members(self, numbers: Rows) -> tuple[Rows, Rows]:
        """Return all rows of each of some numbers: the place of the number among them, and the row."""
        is_known = (numbers >= 0) & (numbers < len(self._sizes))
        known = np.where(is_known, numbers, 0)
        sizes = np.where(is_known, self._sizes[known], 0)
        places = np.repeat(np.arange(len(numbers)), sizes)
        within = np.arange(len(places)) - np.repeat(sizes.cumsum() - sizes, sizes)
        return places, self._order[self._starts[known][places] + within]

    def groups(self) -> tuple[Rows, ...]:
        """Return the rows of every number that has some."""
        return tuple(rows for rows in np.split(self._order, self._starts[1:]) if len(rows))
