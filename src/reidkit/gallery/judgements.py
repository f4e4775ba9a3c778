"""What people said of pairs: the same individual or not. Kept beside the templates, last word counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reidkit.core.errors import GalleryError
from reidkit.core.extras import import_extra
from reidkit.gallery.store import TemplateStore, one_of

TABLE = "judgements"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person said of a pair.

    Args:
        first: Id of a template or of an image that was searched for; the smaller text of the two.
        second: The other id.
        is_same: Whether they show the same individual.
        time: When it was said.
    """

    first: str
    second: str
    is_same: bool
    time: datetime


class JudgementTable:
    """The judged pairs of one gallery.

    A judgement changes no identity: it is a label, for calibrating a model or for a second look. Merging and
    splitting act on identities.

    Args:
        store: Of the gallery.
    """

    def __init__(self, store: TemplateStore) -> None:
        self._store = store
        self._opened: Any = None

    def judge(self, first: str, second: str, *, is_same: bool) -> Judgement:
        """Keep what a person said; it replaces what was said of the pair before.

        Raises:
            GalleryError: both ids are one.
        """
        if first == second:
            raise GalleryError(f"A pair needs two images, got '{first}' twice. Expected two ids.")
        arrow = import_extra("pyarrow", extra="gallery", purpose="A gallery")
        judgement = Judgement(min(first, second), max(first, second), is_same, datetime.now(UTC))
        row = {name: getattr(judgement, name) for name in judgement.__slots__}
        writer = self._table().merge_insert(["first", "second"])
        rows = arrow.Table.from_pylist([row], schema=_schema(arrow))
        writer.when_matched_update_all().when_not_matched_insert_all().execute(rows)
        return judgement

    def of(self, ids: Sequence[str] | None = None) -> list[Judgement]:
        """Return the judgements that one of the ids is part of, or all, by time."""
        table = self._table()
        table.checkout_latest()
        query = table.search()
        if ids is not None:
            query = query.where(f"{one_of('first', ids)} or {one_of('second', ids)}")
        rows = query.to_arrow().sort_by([("time", "ascending")]).to_pylist()
        return [Judgement(**row) for row in rows]

    def _table(self) -> Any:  # noqa: ANN401 - lancedb is untyped
        if self._opened is None:
            arrow = import_extra("pyarrow", extra="gallery", purpose="A gallery")
            self._opened = self._store.table_beside(TABLE, _schema(arrow))
        return self._opened


def _schema(arrow: Any) -> Any:  # noqa: ANN401 - pyarrow is untyped
    text = arrow.string()
    return arrow.schema(
        [
            arrow.field("first", text, nullable=False),
            arrow.field("second", text, nullable=False),
            arrow.field("is_same", arrow.bool_(), nullable=False),
            arrow.field("time", arrow.timestamp("us", "UTC"), nullable=False),
        ]
    )
