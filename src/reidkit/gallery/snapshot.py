"""What a process knows of a gallery for searching: kept up to date by reading only what changed."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from reidkit.gallery.descriptor_matrix import DescriptorMatrix, Descriptors
from reidkit.gallery.identities import IdentitySummary, summarize
from reidkit.gallery.records import GalleryAbout, Template
from reidkit.gallery.store import TemplateStore, one_of

MOST_NEW_ROWS = 2000
"""More new templates than this are read with all others anew."""

FIELDS = ("identity", "template_id", "camera", "time", "source", "notes", "expires_at")


class Snapshot:
    """The newest version of a gallery in memory.

    Args:
        store: The tables.
        about: What the gallery says about itself.
    """

    def __init__(self, store: TemplateStore, about: GalleryAbout) -> None:
        self.store = store
        self.about = about
        self._version = -1
        self._matrix = DescriptorMatrix(about.descriptor_dim, about.distance)
        # A template that is replaced gets a new sequence number, so the pair names one state of it.
        self._row_of: dict[tuple[str, int], int] = {}
        self._columns: dict[str, list[object]] = {}
        self._place: NDArray[np.int64] = np.empty(0, np.int64)
        self._is_alive: NDArray[np.bool_] = np.empty(0, bool)
        self._place_of: dict[object, int] | None = None
        self._identities: list[IdentitySummary] | None = None

    def refresh(self) -> None:
        """Read what changed since the last call."""
        version = self.store.refresh()
        if version == self._version:
            return
        table = self.store.columns().sort_by([("sequence", "ascending"), ("template_id", "ascending")])
        columns = table.to_pydict()
        states = list(zip(columns["template_id"], columns["sequence"], strict=True))
        new = [state for state in states if state not in self._row_of]
        num_dead = len(self._row_of) - (len(states) - len(new))
        if len(new) > MOST_NEW_ROWS or num_dead > len(states) or not self._row_of:
            self._read_all(states)
        elif new:
            self._read_new(new)
        self._columns = columns
        rows = np.array([self._row_of[state] for state in states], np.int64)
        self._is_alive = np.zeros(len(self._matrix), bool)
        self._is_alive[rows] = True
        self._place = np.full(len(self._matrix), -1, np.int64)
        self._place[rows] = np.arange(len(rows))
        self._version = version
        self._place_of = self._identities = None

    def find(self, template_ids: Sequence[str]) -> list[Template]:
        """Return the templates of these ids, in this order; unknown ids are left out."""
        return [self._template(place) for place in self._places(template_ids)]

    def descriptors(self, template_ids: Sequence[str]) -> Descriptors:
        """Return the descriptors of these ids, in this order; unknown ids are left out."""
        sequences = self._columns.get("sequence", [])
        ids = self._columns.get("template_id", [])
        states = [(str(ids[place]), int(str(sequences[place]))) for place in self._places(template_ids)]
        return self._matrix.rows(np.array([self._row_of[state] for state in states], np.int64))

    def identities(self) -> list[IdentitySummary]:
        """Return all identities in short, by name."""
        if self._identities is None:
            self._identities = summarize(self._columns)
        return self._identities

    def _places(self, template_ids: Sequence[str]) -> list[int]:
        if self._place_of is None:
            ids = self._columns.get("template_id", [])
            self._place_of = {name: place for place, name in enumerate(ids)}
        return [self._place_of[name] for name in template_ids if name in self._place_of]

    def eligible(self, where: str) -> NDArray[np.bool_]:
        """Return which rows of the matrix a filter keeps."""
        kept = self.store.columns(where)
        is_eligible = np.zeros(len(self._matrix), bool)
        for state in zip(kept["template_id"].to_pylist(), kept["sequence"].to_pylist(), strict=True):
            if state in self._row_of:
                is_eligible[self._row_of[state]] = True
        return is_eligible & self._is_alive

    def nearest(
        self, query: NDArray[np.float32], top: int, is_eligible: NDArray[np.bool_] | None
    ) -> list[tuple[float, Template]]:
        """Return the nearest templates with their distances."""
        if len(self._matrix) == 0:
            return []
        allowed = self._is_alive if is_eligible is None else is_eligible
        rows, distances = self._matrix.nearest(query, top, is_eligible=None if allowed.all() else allowed)
        return [
            (float(distance), self._template(int(self._place[row])))
            for row, distance in zip(rows, distances, strict=True)
        ]

    def read_templates(self, where: str | None) -> list[Template]:
        """Return the templates of a filter, or all, oldest first."""
        table = self.store.columns(where).sort_by([("sequence", "ascending"), ("template_id", "ascending")])
        columns = table.select(list(FIELDS)).to_pydict()
        return [
            Template(**dict(zip(FIELDS, values, strict=True)))
            for values in zip(*(columns[name] for name in FIELDS), strict=True)
        ]

    def _template(self, place: int) -> Template:
        return Template(**{name: self._columns[name][place] for name in FIELDS})  # type: ignore[arg-type]

    def _read_all(self, states: list[tuple[str, int]]) -> None:
        sequence_of = dict(states)
        names: list[str] = []

        def batches() -> Iterator[Descriptors]:
            for ids, rows in self.store.descriptors():
                names.extend(ids)
                yield rows

        self._matrix.fill(batches())
        self._row_of = {
            (name, sequence_of[name]): row for row, name in enumerate(names) if name in sequence_of
        }

    def _read_new(self, states: list[tuple[str, int]]) -> None:
        sequence_of = dict(states)
        for ids, rows in self.store.descriptors(one_of("template_id", list(sequence_of))):
            start = len(self._matrix)
            self._matrix.append(rows)
            self._row_of |= {(name, sequence_of[name]): start + number for number, name in enumerate(ids)}
