"""The tables of a gallery in LanceDB: durable, versioned, in a folder or in object storage.

A write is acknowledged when its commit is on disk: whoever is killed before it leaves the version before.
Several processes may write; a commit that another one overtook is tried again.
"""

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from reidkit.core.errors import GalleryError
from reidkit.core.extras import import_extra
from reidkit.core.types import Calibration, DistanceName, Threshold
from reidkit.gallery.records import GalleryAbout, IndexAbout

Descriptors = NDArray[np.float32]

TEMPLATES, ABOUT, INDEX = "templates", "about", "descriptors"
LANCE_DISTANCES = {"cosine": "cosine", "euclidean": "l2"}
LEAST_REFINED = 200
"""Candidates of the index, at least, whose distances are computed again from whole descriptors."""

COLUMNS = ("template_id", "identity", "camera", "time", "source", "notes", "expires_at", "sequence")
"""All columns but the descriptor; ``sequence`` orders templates by when they were added."""

SCAN_ROWS = 8192
FRAGMENTS_TO_COMPACT = 64
KEEP_VERSIONS = timedelta(days=7)
COMMIT_ATTEMPTS = 20


class TemplateStore:
    """Reads and writes the tables of one gallery.

    Args:
        uri: A folder, or ``s3://``, ``gs://`` or ``az://`` with a path.
        storage_options: Credentials and the like of object storage, as LanceDB takes them.

    Raises:
        GalleryError: there is no gallery, or of another format.
        MissingExtraError: LanceDB is not installed.
    """

    def __init__(self, uri: str, storage_options: Mapping[str, str] | None = None) -> None:
        self.uri = uri
        database = self._database = _connect(uri, storage_options)
        if TEMPLATES not in _table_names(database):
            raise GalleryError(
                f"Gallery not found, got {uri}. Expected a folder made by 'reidkit gallery create'."
            )
        self._templates = database.open_table(TEMPLATES)
        self._about = database.open_table(ABOUT)

    def table_beside(self, name: str, schema: Any) -> Any:  # noqa: ANN401 - lancedb is untyped
        """Return a table that lies beside the templates; it is made where there is none."""
        if name in _table_names(self._database):
            return self._database.open_table(name)
        return self._database.create_table(name, schema=schema, exist_ok=True)

    @staticmethod
    def create(uri: str, about: GalleryAbout, storage_options: Mapping[str, str] | None = None) -> None:
        """Make the tables of an empty gallery.

        Raises:
            GalleryError: there is one already.
        """
        arrow = import_extra("pyarrow", extra="gallery", purpose="A gallery")
        database = _connect(uri, storage_options)
        if TEMPLATES in _table_names(database):
            raise GalleryError(f"Gallery {uri} exists already. Expected a new place. Open it, or remove it.")
        # The one that is looked for comes last: whoever is killed between leaves no half gallery behind.
        if ABOUT in _table_names(database):
            database.drop_table(ABOUT)
        database.create_table(ABOUT, arrow.table({"content": [json.dumps(asdict(about))]}))
        database.create_table(TEMPLATES, schema=_schema(arrow, about.descriptor_dim))

    def about(self) -> GalleryAbout:
        """Return what the gallery says about itself.

        Raises:
            GalleryError: it was written by a newer reidkit.
        """
        self._about.checkout_latest()
        content = json.loads(self._about.to_arrow()["content"][0].as_py())
        if content["format_version"] != GalleryAbout.__dataclass_fields__["format_version"].default:
            raise GalleryError(
                f"Gallery {self.uri} has format {content['format_version']}. Expected 1. Update reidkit."
            )
        thresholds = tuple(Threshold(**item) for item in content.pop("thresholds"))
        # JSON has made lists of its tuples; galleries of before have none.
        calibration = TypeAdapter(Calibration | None).validate_python(content.pop("calibration", None))
        index = TypeAdapter(IndexAbout | None).validate_python(content.pop("index", None))
        return GalleryAbout(**content, thresholds=thresholds, calibration=calibration, index=index)

    def set_about(self, about: GalleryAbout) -> None:
        """Replace what the gallery says about itself, such as its thresholds."""
        self._about.checkout_latest()
        self._about.update(values={"content": json.dumps(asdict(about))})

    @property
    def version(self) -> int:
        """Number of the newest version, or of the one that was checked out."""
        return int(self._templates.version)

    def refresh(self) -> int:
        """See what other processes wrote, and return the number of the newest version."""
        self._templates.checkout_latest()
        return self.version

    def size_bytes(self) -> int:
        """Return what the newest version takes on disk."""
        return int(self._templates.stats()["total_bytes"])

    def versions(self) -> list[tuple[int, datetime]]:
        """Return the versions that are kept, oldest first, with their times."""
        return [
            (int(item["version"]), item["timestamp"].astimezone(UTC))
            for item in self._templates.list_versions()
        ]

    def restore(self, version: int) -> None:
        """Make an old version the newest one.

        Raises:
            GalleryError: it is not kept.
        """
        kept = [number for number, _ in self.versions()]
        if version not in kept:
            raise GalleryError(f"Gallery version is unknown, got {version}. Expected one of {kept}.")
        self._templates.restore(version)
        self._templates.checkout_latest()

    def upsert(self, rows: Mapping[str, Sequence[Any]], descriptors: Descriptors) -> None:
        """Write templates; one of a known ``template_id`` replaces the old one.

        Args:
            rows: One list per name of `COLUMNS`, all of one length N.
            descriptors: (N, D) float32.
        """
        arrow = import_extra("pyarrow", extra="gallery", purpose="A gallery")
        schema = _schema(arrow, descriptors.shape[1])
        values = arrow.array(np.ascontiguousarray(descriptors).reshape(-1))
        column = arrow.FixedSizeListArray.from_arrays(values, descriptors.shape[1])
        table = arrow.table(
            {**{name: list(rows[name]) for name in COLUMNS}, "descriptor": column}, schema=schema
        )
        writer = self._templates.merge_insert("template_id")
        writer.when_matched_update_all().when_not_matched_insert_all().execute(table)
        self._tidy()

    def delete(self, where: str) -> int:
        """Remove the templates of a filter, and return how many there were.

        Raises:
            GalleryError: the filter is not understood.
        """

        def remove() -> int:
            self.refresh()
            count = int(self._templates.count_rows(where))
            self._templates.delete(where)
            return count

        return self._commit(remove, where)

    def update(self, where: str, values: Mapping[str, Any]) -> int:
        """Change columns of the templates of a filter, and return how many there were.

        Raises:
            GalleryError: the filter is not understood.
        """

        def change() -> int:
            self.refresh()
            return int(self._templates.update(where=where, values=dict(values)).rows_updated)

        return self._commit(change, where)

    def columns(self, where: str | None = None) -> Any:  # noqa: ANN401 - an arrow table
        """Return all columns but the descriptors as an arrow table, of a filter or of all templates.

        Raises:
            GalleryError: the filter is not understood.
        """
        try:
            return self._select(list(COLUMNS), where).to_arrow()
        except (ValueError, RuntimeError) as error:
            raise _filter_error(where, error) from error

    def descriptors(self, where: str | None = None) -> Iterator[tuple[list[str], Descriptors]]:
        """Yield template ids and descriptors, some thousands at a time."""
        for batch in self._select(["template_id", "descriptor"], where).to_batches(SCAN_ROWS):
            if batch.num_rows:
                rows = batch.column("descriptor").flatten().to_numpy(zero_copy_only=False)
                yield batch.column("template_id").to_pylist(), rows.reshape(batch.num_rows, -1)

    def count(self) -> int:
        """Return the number of templates."""
        self.refresh()
        return int(self._templates.count_rows())

    def build_vector_index(self, num_parts: int, distance: DistanceName) -> None:
        """Build the index of the descriptors, in place of an old one."""
        lancedb = import_extra("lancedb.index", extra="gallery", purpose="A gallery")
        config = lancedb.IvfRq(distance_type=LANCE_DISTANCES[distance], num_partitions=num_parts)
        self._templates.create_index("descriptor", config=config, name=INDEX, replace=True)

    def drop_vector_index(self) -> None:
        """Remove the index, if there is one."""
        if any(index.name == INDEX for index in self._templates.list_indices()):
            self._templates.drop_index(INDEX)

    def near(
        self,
        query: Descriptors,
        top: int,
        distance: DistanceName,
        num_probes: int,
        where: str | None = None,
    ) -> Any:  # noqa: ANN401 - an arrow table
        """Return templates near a descriptor by the index, nearest first, with ``distance`` as last column.

        Args:
            query: (D,).
            top: How many, at most.
            distance: That the index was built for.
            num_probes: Parts of the index to look into.
            where: Only the templates of a filter.

        Raises:
            GalleryError: the filter is not understood.
        """
        search = self._templates.search(query, vector_column_name="descriptor")
        search = search.distance_type(LANCE_DISTANCES[distance]).nprobes(num_probes)
        search = search.limit(top).refine_factor(max(2, -(-LEAST_REFINED // top)))
        if where is not None:
            search = search.where(where, prefilter=True)
        try:
            found = search.select([*COLUMNS, "_distance"]).to_arrow()
        except (ValueError, RuntimeError) as error:
            raise _filter_error(where, error) from error
        values = found["_distance"].to_numpy().astype(np.float64).clip(0)
        values = np.sqrt(values) if distance == "euclidean" else values  # Lance's is the square
        found = found.drop_columns(["_distance"]).append_column("distance", [values])
        return found.sort_by([("distance", "ascending"), ("sequence", "ascending")])

    def _select(self, columns: list[str], where: str | None) -> Any:  # noqa: ANN401 - lancedb is untyped
        query = self._templates.search()
        return (query if where is None else query.where(where)).select(columns)

    def _commit(self, write: Callable[[], int], where: str) -> int:
        """Try a write again that another process overtook; a filter that is not understood is an error."""
        for attempt in range(COMMIT_ATTEMPTS):
            try:
                return write()
            except (ValueError, RuntimeError, OSError) as error:
                if "conflict" not in str(error).lower():
                    raise _filter_error(where, error) from error
                time.sleep(random.uniform(0, 0.05 * (attempt + 1)))
        raise GalleryError(
            f"Gallery {self.uri} is written to by others without a pause: {COMMIT_ATTEMPTS} attempts were "
            f"overtaken. Nothing was changed. Try again."
        )

    def _tidy(self) -> None:
        """Put many small fragments together now and then; old versions are kept for a week."""
        self.refresh()
        if self._templates.stats()["fragment_stats"]["num_small_fragments"] >= FRAGMENTS_TO_COMPACT:
            self._templates.optimize(cleanup_older_than=KEEP_VERSIONS)


def quote(text: str) -> str:
    """Return a text as a literal of a filter.

    Example:
        >>> quote("O'Neil")
        "'O''Neil'"
    """
    return "'" + text.replace("'", "''") + "'"


def one_of(column: str, values: Sequence[str]) -> str:
    """Return the filter of the rows whose column holds one of the values."""
    return f"{column} in ({', '.join(quote(value) for value in values)})"


def _filter_error(where: str | None, error: Exception) -> GalleryError:
    # What follows are names of LanceDB's own.
    reason = str(error).splitlines()[0].partition(" Valid fields")[0].rstrip(".")
    return GalleryError(
        f'Gallery filter is not understood, got "{where}": {reason}. Expected a condition on '
        f"{', '.join(COLUMNS)}, such as \"camera != '3' and time > timestamp '2026-01-31 12:00:00'\"."
    )


def _connect(uri: str, storage_options: Mapping[str, str] | None) -> Any:  # noqa: ANN401 - lancedb is untyped
    lancedb = import_extra("lancedb", extra="gallery", purpose="A gallery")
    try:
        return lancedb.connect(
            uri, storage_options=dict(storage_options or {}), read_consistency_interval=timedelta(0)
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise GalleryError(
            f"Gallery {uri} cannot be opened: {error}. Expected a folder or an address."
        ) from error


def _table_names(database: Any) -> list[str]:  # noqa: ANN401 - lancedb is untyped
    return list(database.list_tables(limit=100).tables)


def _schema(arrow: Any, descriptor_dim: int) -> Any:  # noqa: ANN401 - pyarrow is untyped
    text, moment = arrow.string(), arrow.timestamp("us", "UTC")
    return arrow.schema(
        [
            arrow.field("template_id", text, nullable=False),
            arrow.field("identity", text, nullable=False),
            arrow.field("camera", text),
            arrow.field("time", moment),
            arrow.field("source", text),
            arrow.field("notes", text),
            arrow.field("expires_at", moment),
            arrow.field("sequence", arrow.int64(), nullable=False),
            arrow.field("descriptor", arrow.list_(arrow.float32(), descriptor_dim), nullable=False),
        ]
    )
