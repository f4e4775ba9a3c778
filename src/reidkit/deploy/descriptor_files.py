"""Files of descriptors by path: .parquet, .npz and .csv, part by part so that memory stays bounded."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidkit.core.errors import DatasetError
from reidkit.core.extras import import_extra
from reidkit.core.files import replace_file
from reidkit.deploy.results import Descriptors

SUFFIXES = (".npz", ".csv", ".parquet")
FINGERPRINT_KEY = "reidkit_fingerprint"
DISTANCE_KEY = "reidkit_distance"


@dataclass(frozen=True)
class DescriptorRows:
    """Some rows of a file.

    Args:
        paths: (N,) Of the images, as text.
        modified: (N,) int64: when each was last changed, in nanoseconds.
        descriptors: (N, D) float32.
    """

    paths: NDArray[np.str_]
    modified: NDArray[np.int64]
    descriptors: Descriptors

    def take(self, chosen: NDArray[np.bool_]) -> "DescriptorRows":
        """Return the rows of a mask."""
        return DescriptorRows(self.paths[chosen], self.modified[chosen], self.descriptors[chosen])


@dataclass(frozen=True)
class DescriptorLabel:
    """Which descriptors a file holds.

    Args:
        fingerprint: Of the model.
        distance: That they are compared by.
        descriptor_dim: Numbers per descriptor.
    """

    fingerprint: str
    distance: str
    descriptor_dim: int


def check_suffix(path: Path) -> None:
    """Refuse a file that cannot be written, before any work.

    Raises:
        DatasetError: another suffix.
        MissingExtraError: pyarrow is not installed, for .parquet.
    """
    if path.suffix not in SUFFIXES:
        raise DatasetError(
            f"File of descriptors has an unknown suffix, got '{path}'. "
            f"Expected {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}."
        )
    if path.suffix == ".parquet":
        _parquet()


def write_part(path: Path, rows: DescriptorRows) -> None:
    """Write rows as a part: whole or not at all."""
    with replace_file(path) as unfinished:
        np.savez(unfinished, paths=rows.paths, modified=rows.modified, descriptors=rows.descriptors)


def read_part(path: Path, *, with_descriptors: bool = True) -> DescriptorRows:
    """Read a part, or only which images it holds."""
    with np.load(path) as content:
        paths, modified = content["paths"], content["modified"]
        nothing = np.empty((len(paths), 0), np.float32)
        return DescriptorRows(paths, modified, content["descriptors"] if with_descriptors else nothing)


def read_label(path: Path) -> DescriptorLabel | None:
    """Return which descriptors a finished file holds; None where it does not say, as no .csv does."""
    if path.suffix == ".npz":
        with np.load(path) as content:
            if "fingerprint" not in content:
                return None
            dim = content["descriptors"].shape[1]
            return DescriptorLabel(str(content["fingerprint"]), str(content["distance"]), dim)
    if path.suffix == ".parquet":
        schema = _parquet().read_schema(path)
        texts = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
        if FINGERPRINT_KEY not in texts:
            return None
        dim = schema.field("descriptor").type.list_size
        return DescriptorLabel(texts[FINGERPRINT_KEY], texts[DISTANCE_KEY], dim)
    return None


def read_rows(path: Path, *, with_descriptors: bool = True) -> Iterator[DescriptorRows]:
    """Yield the rows of a finished .npz or .parquet file, or only which images it holds."""
    if path.suffix == ".npz":
        yield read_part(path, with_descriptors=with_descriptors)
        return
    columns = ["path", "modified", *(["descriptor"] if with_descriptors else [])]
    with _parquet().ParquetFile(path) as file:
        for batch in file.iter_batches(columns=columns):
            paths = np.array(batch.column(0).to_pylist(), np.str_)
            modified = np.asarray(batch.column(1)).astype(np.int64)
            values = np.empty((len(paths), 0), np.float32)
            if with_descriptors:
                values = np.asarray(batch.column(2).flatten()).reshape(len(paths), -1)
            yield DescriptorRows(paths, modified, values)


def write_rows(path: Path, parts: Iterator[DescriptorRows], label: DescriptorLabel) -> int:
    """Write parts as one finished file, whole or not at all, and return how many rows it has.

    A .parquet or .csv takes the memory of one part, a .npz that of all descriptors.

    Args:
        path: The file; its suffix decides.
        parts: The rows, in order.
        label: Which descriptors they are.
    """
    writers = {".npz": _write_npz, ".csv": _write_csv, ".parquet": _write_parquet}
    with replace_file(path) as unfinished:
        return writers[path.suffix](unfinished, parts, label)


def _write_npz(path: Path, parts: Iterator[DescriptorRows], label: DescriptorLabel) -> int:
    kept = list(parts)
    nothing = DescriptorRows(
        np.empty(0, np.str_), np.empty(0, np.int64), np.empty((0, label.descriptor_dim), np.float32)
    )
    np.savez(
        path,
        paths=np.concatenate([nothing.paths, *(part.paths for part in kept)]),
        modified=np.concatenate([nothing.modified, *(part.modified for part in kept)]),
        descriptors=np.concatenate([nothing.descriptors, *(part.descriptors for part in kept)]),
        distance=label.distance,
        fingerprint=label.fingerprint,
    )
    return sum(len(part.paths) for part in kept)


def _write_csv(path: Path, parts: Iterator[DescriptorRows], label: DescriptorLabel) -> int:
    count = 0
    with path.open("w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", *(f"d{number}" for number in range(label.descriptor_dim))])
        for part in parts:
            count += len(part.paths)
            for name, row in zip(part.paths.tolist(), part.descriptors.tolist(), strict=True):
                writer.writerow([name, *row])
    return count


def _write_parquet(path: Path, parts: Iterator[DescriptorRows], label: DescriptorLabel) -> int:
    arrow = import_extra("pyarrow", extra="parquet", purpose="A .parquet file")
    texts = {FINGERPRINT_KEY: label.fingerprint, DISTANCE_KEY: label.distance}
    kind = arrow.list_(arrow.float32(), label.descriptor_dim)
    columns = [("path", arrow.string()), ("modified", arrow.int64()), ("descriptor", kind)]
    schema = arrow.schema(columns, metadata=texts)
    count = 0
    with _parquet().ParquetWriter(path, schema) as writer:
        for part in parts:
            count += len(part.paths)
            flat = arrow.array(part.descriptors.reshape(-1))
            rows = arrow.FixedSizeListArray.from_arrays(flat, label.descriptor_dim)
            names = arrow.array(part.paths.tolist(), arrow.string())
            writer.write_table(arrow.table([names, arrow.array(part.modified), rows], schema=schema))
    return count


def _parquet() -> Any:  # noqa: ANN401 - a module that is not installed everywhere
    return import_extra("pyarrow.parquet", extra="parquet", purpose="A .parquet file")


def stack_paths(paths: Sequence[Path]) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """Return paths as text and when each file was last changed; 0 for one that is gone."""
    return np.array([str(path) for path in paths], np.str_), np.array(
        [changed(path) for path in paths], np.int64
    )


def changed(path: Path) -> int:
    """Return when a file was last changed, in nanoseconds; 0 where it is gone."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
