"""Descriptors of any model from a file: NumPy's .npz, Parquet, or the .mat of layumi's baseline."""

import zipfile
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reidkit.core.errors import DatasetError, ShapeError
from reidkit.core.extras import import_extra
from reidkit.core.types import Sample
from reidkit.data.readers.matlab import read_matlab

Side = Literal["query", "gallery"]

NAMES = {
    "descriptors": ("descriptors", "descriptor", "features", "feature", "feats", "embeddings", "embedding"),
    "identities": ("identities", "identity", "pids", "pid", "labels", "label", "person_ids", "person_id"),
    "cameras": ("cameras", "camera", "camids", "camid", "cams", "cam", "camera_ids", "camera_id"),
    "tracklets": ("tracklets", "tracklet", "tracklet_ids", "tracklet_id"),
    "paths": ("paths", "path", "img_paths", "image_paths", "files", "file"),
}
"""What a file holds, and the names that are understood for it; the first is ours."""


@dataclass(frozen=True, eq=False)
class FeatureFile:
    """Descriptors with their labels.

    Args:
        samples: One per descriptor. Without paths, a sample is named by the file and its row in it.
        descriptors: (N, D) float32 or float64.
    """

    samples: tuple[Sample, ...]
    descriptors: NDArray[np.floating]


def read_feature_file(path: Path, side: Side) -> FeatureFile:
    """Read descriptors and their labels.

    Args:
        path: An .npz, .parquet or .mat file. The first two hold ``descriptors`` (N, D), ``identities`` (N,)
            and may hold ``cameras``, ``tracklets`` and ``paths``, other names of `NAMES` being understood;
            the last is ``pytorch_result.mat`` of layumi's baseline, which holds both sides.
        side: Which side is wanted.

    Returns:
        One row per descriptor; rows of one tracklet become one, with the mean of their descriptors.

    Raises:
        DatasetError: the file is missing, damaged, of another kind, or lacks an array, or a tracklet is not
            of one individual and camera.
        ShapeError: an array of a wrong shape or type.
        MissingExtraError: the package that reads this kind of file is not installed.
    """
    if not path.is_file():
        raise DatasetError(f"Feature file not found, got {path.absolute()}. Expected .npz, .parquet or .mat.")
    readers = {".npz": _read_npz, ".parquet": _read_parquet}
    if path.suffix == ".mat":
        columns = _read_mat(path, side)
    elif path.suffix in readers:
        columns = _rename(path, readers[path.suffix](path))
    else:
        raise DatasetError(
            f"Feature file is of an unknown kind, got {path}. Expected a name ending in .npz, .parquet or "
            f".mat."
        )
    descriptors = _check_descriptors(path, columns["descriptors"])
    labels = {
        name: _labels(path, name, columns.get(name), len(descriptors))
        for name in NAMES
        if name != "descriptors"
    }
    names = [_sample_path(path, side, row, text) for row, text in enumerate(labels["paths"])]
    return _join_tracklets(path, descriptors, labels, names)


def _read_npz(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as content:
            return {name: content[name] for name in content.files}
    except (OSError, EOFError, TypeError, AttributeError, ValueError, zipfile.BadZipFile) as error:
        raise DatasetError(
            f"Feature file cannot be read, got {path} ({error}). Expected arrays of numbers or text, written "
            f"by numpy.savez."
        ) from error


def _read_parquet(path: Path) -> dict[str, Any]:
    arrow = import_extra("pyarrow", extra="parquet", purpose="A .parquet file")
    parquet = import_extra("pyarrow.parquet", extra="parquet", purpose="A .parquet file")
    try:
        table = parquet.read_table(path)
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"Feature file cannot be read, got {path} ({error}). Expected a Parquet file."
        ) from error
    columns: dict[str, Any] = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        columns[name] = (
            _matrix(path, name, column) if arrow.types.is_nested(column.type) else column.to_pylist()
        )
    return columns


def _matrix(path: Path, name: str, column: Any) -> NDArray[Any]:  # noqa: ANN401 - pyarrow's
    """Return a column of equally long lists as a matrix."""
    compute = import_extra("pyarrow.compute", extra="parquet", purpose="A .parquet file")
    lengths = compute.unique(compute.list_value_length(column)).to_pylist()
    if len(lengths) != 1 or None in lengths:
        raise ShapeError(
            f"Column '{name}' of {path} has rows of different lengths, got {lengths[:5]}. Expected as many "
            f"numbers in each."
        )
    return np.asarray(column.flatten()).reshape(len(column), -1)


def _read_mat(path: Path, side: Side) -> dict[str, Any]:
    names = {"descriptors": f"{side}_f", "identities": f"{side}_label", "cameras": f"{side}_cam"}
    fix = "Take the pytorch_result.mat that test.py of layumi's baseline writes."
    content = read_matlab("descriptors", path, list(names.values()), fix=fix)
    return {
        name: content[variable] if name == "descriptors" else content[variable].ravel()
        for name, variable in names.items()
    }


def _rename(path: Path, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arrays under our names."""
    found = {}
    for name, known in NAMES.items():
        given = [other for other in known if other in columns]
        if len(given) > 1:
            raise DatasetError(
                f"Feature file says twice what its {name} are, got {' and '.join(given)} in {path}. Expected "
                f"one of them."
            )
        if given:
            found[name] = columns[given[0]]
    missing = [name for name in ("descriptors", "identities") if name not in found]
    if missing:
        raise DatasetError(
            f"Feature file lacks {' and '.join(missing)}, got {', '.join(columns) or 'nothing'} in {path}. "
            f"Expected descriptors and identities, and cameras where they are known."
        )
    return found


def _check_descriptors(path: Path, values: Any) -> NDArray[np.floating]:  # noqa: ANN401 - what a file holds
    descriptors = np.asarray(values)
    if descriptors.ndim != 2 or 0 in descriptors.shape or not np.issubdtype(descriptors.dtype, np.floating):
        raise ShapeError(
            f"Descriptors of {path} have a wrong form, got {descriptors.dtype} of shape {descriptors.shape}. "
            f"Expected floating (N, D) with N and D at least 1."
        )
    is_double = descriptors.dtype.itemsize >= 8
    return np.ascontiguousarray(descriptors, np.float64 if is_double else np.float32)


def _labels(path: Path, name: str, values: Any, count: int) -> list[Hashable | None]:  # noqa: ANN401
    """Return one label per descriptor; None is unknown, and so are NaN and an empty text."""
    if values is None:
        return [None] * count
    array: Sequence[Any] = values.tolist() if isinstance(values, np.ndarray) and values.ndim == 1 else values
    if not isinstance(array, list) or len(array) != count:
        shape = getattr(values, "shape", (len(values),) if isinstance(values, list) else "?")
        raise ShapeError(
            f"Labels '{name}' of {path} do not fit, got shape {shape}. Expected ({count},), one per "
            f"descriptor."
        )
    labels = [None if label is None or label != label or label == "" else label for label in array]
    if name == "identities" and None in labels:
        raise DatasetError(
            f"Identity is unknown in {labels.count(None)} rows of {path}, the first is row "
            f"{labels.index(None)}. Expected one for each descriptor."
        )
    return labels


def _sample_path(path: Path, side: Side, row: int, text: Hashable | None) -> Path:
    if text is None:
        return Path(f"{path}#{side}-{row}" if path.suffix == ".mat" else f"{path}#{row}")
    given = Path(str(text))
    return given if given.is_absolute() or given.exists() else path.parent / given


def _join_tracklets(
    path: Path,
    descriptors: NDArray[np.floating],
    labels: Mapping[str, list[Hashable | None]],
    names: Sequence[Path],
) -> FeatureFile:
    """Make one row of the rows of each tracklet; a row without a tracklet stays by itself."""
    groups: dict[Hashable, list[int]] = {}
    for row, tracklet in enumerate(labels["tracklets"]):
        groups.setdefault(("row", row) if tracklet is None else ("tracklet", tracklet), []).append(row)
    samples = []
    for (_, tracklet), rows in groups.items():  # type: ignore[misc]
        seen = {(labels["identities"][row], labels["cameras"][row]) for row in rows}
        if len(seen) > 1:
            raise DatasetError(
                f"Tracklet {tracklet!r} of {path} is not of one individual and camera, got {len(seen)} "
                f"pairs. Expected all of its rows to agree. Number tracklets over the whole file."
            )
        identity, camera = seen.pop()
        samples.append(Sample(tuple(names[row] for row in rows), identity, camera))
    if len(samples) < len(descriptors):
        descriptors = np.stack([descriptors[rows].mean(0) for rows in groups.values()])
    return FeatureFile(tuple(samples), descriptors)
