"""Feature files of other programs: what is understood, and what is refused with which words."""

from pathlib import Path

import numpy as np
import pytest

from reidkit.core.errors import DatasetError, ShapeError
from reidkit.data.feature_file import read_feature_file

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)


def save(path: Path, **arrays: object) -> Path:
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    ("descriptors", "identities", "cameras"),
    [
        ("descriptors", "identities", "cameras"),
        ("features", "pids", "camids"),
        ("embedding", "label", "cam"),
    ],
)
def test_other_names_are_understood(tmp_path: Path, descriptors: str, identities: str, cameras: str):
    arrays = {descriptors: ROWS, identities: np.array([3, 3, 5, 5]), cameras: np.array([1, 2, 1, 2])}
    read = read_feature_file(save(tmp_path / "q.npz", **arrays), "query")
    np.testing.assert_array_equal(read.descriptors, ROWS)
    assert [sample.identity for sample in read.samples] == [3, 3, 5, 5]
    assert [sample.camera for sample in read.samples] == [1, 2, 1, 2]
    assert len({sample.path for sample in read.samples}) == 4


def test_half_precision_becomes_float32_and_double_stays(tmp_path: Path):
    for kind, expected in ((np.float16, np.float32), (np.float32, np.float32), (np.float64, np.float64)):
        path = save(tmp_path / "q.npz", descriptors=ROWS.astype(kind), pids=np.arange(4))
        assert read_feature_file(path, "query").descriptors.dtype == expected


def test_text_labels_paths_and_unknown_cameras(tmp_path: Path):
    path = save(
        tmp_path / "q.npz",
        descriptors=ROWS,
        identities=np.array(list("abca")),
        cameras=np.array([1, np.nan, 2, np.nan]),
        paths=np.array(["one.jpg", "sub/two.jpg", "", "/three.jpg"]),
    )
    samples = read_feature_file(path, "query").samples
    assert [sample.camera for sample in samples] == [1, None, 2, None]
    assert [sample.path for sample in samples] == [
        tmp_path / "one.jpg",
        tmp_path / "sub/two.jpg",
        Path(f"{path}#2"),
        Path("/three.jpg"),
    ]


def test_rows_of_a_tracklet_become_their_mean(tmp_path: Path):
    path = save(
        tmp_path / "q.npz",
        descriptors=ROWS,
        pids=np.array([1, 2, 1, 2]),
        camids=np.array([0, 0, 0, 1]),
        tracklets=np.array([7, 8, 7, 9]),
    )
    read = read_feature_file(path, "query")
    np.testing.assert_array_equal(read.descriptors, [(ROWS[0] + ROWS[2]) / 2, ROWS[1], ROWS[3]])
    assert [(s.identity, s.camera, len(s.frames)) for s in read.samples] == [(1, 0, 2), (2, 0, 1), (2, 1, 1)]


def test_tracklet_of_two_individuals_is_refused(tmp_path: Path):
    path = save(tmp_path / "q.npz", descriptors=ROWS, pids=np.arange(4), tracklets=np.array([1, 1, 2, 3]))
    with pytest.raises(
        DatasetError, match=r"^Tracklet 1 of .*q\.npz is not of one individual and camera, got 2"
    ):
        read_feature_file(path, "query")


@pytest.mark.parametrize("is_fixed", [True, False])
def test_parquet_equals_the_arrays(tmp_path: Path, is_fixed: bool):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    values = arrow.array(ROWS.reshape(-1))
    column = arrow.FixedSizeListArray.from_arrays(values, 3) if is_fixed else arrow.array(list(ROWS))
    table = arrow.table({"descriptor": column, "identity": ["a", "b", "a", "c"], "camera": [1, None, 2, 1]})
    parquet.write_table(table, tmp_path / "q.parquet")
    read = read_feature_file(tmp_path / "q.parquet", "query")
    np.testing.assert_array_equal(read.descriptors, ROWS)
    assert [(s.identity, s.camera) for s in read.samples] == [("a", 1), ("b", None), ("a", 2), ("c", 1)]


def test_parquet_of_ragged_rows_is_refused(tmp_path: Path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = arrow.table({"descriptor": [[1.0, 2.0], [3.0]], "identity": [1, 2]})
    parquet.write_table(table, tmp_path / "q.parquet")
    with pytest.raises(
        ShapeError, match=r"^Column 'descriptor' of .* has rows of different lengths, got \[2, 1\]"
    ):
        read_feature_file(tmp_path / "q.parquet", "query")


def test_matlab_file_of_layumi_holds_both_sides(tmp_path: Path):
    scipy_io = pytest.importorskip("scipy.io")
    content = {}
    for side, rows, labels, cameras in (
        ("query", ROWS[:2], [4, 5], [1, 2]),
        ("gallery", ROWS, [4, 5, -1, 0], [2] * 4),
    ):
        content |= {f"{side}_f": rows, f"{side}_label": labels, f"{side}_cam": cameras}
    path = tmp_path / "pytorch_result.mat"
    scipy_io.savemat(path, content)
    query, gallery = read_feature_file(path, "query"), read_feature_file(path, "gallery")
    np.testing.assert_array_equal(query.descriptors, ROWS[:2])
    np.testing.assert_array_equal(gallery.descriptors, ROWS)
    assert [sample.identity for sample in gallery.samples] == [4, 5, -1, 0]
    assert [sample.camera for sample in query.samples] == [1, 2]
    assert not {s.path for s in query.samples} & {s.path for s in gallery.samples}


@pytest.mark.parametrize(
    ("arrays", "error", "message"),
    [
        ({"paths": np.array(["a"])}, DatasetError, r"lacks descriptors and identities, got paths in"),
        ({"descriptors": ROWS}, DatasetError, r"lacks identities, got descriptors in"),
        (
            {"descriptors": ROWS, "features": ROWS, "pids": np.arange(4)},
            DatasetError,
            r"says twice what its descriptors are, got descriptors and features",
        ),
        (
            {"descriptors": ROWS[0], "pids": np.arange(3)},
            ShapeError,
            r"wrong form, got float32 of shape \(3,\)",
        ),
        (
            {"descriptors": ROWS.astype(int), "pids": np.arange(4)},
            ShapeError,
            r"wrong form, got int64 of shape",
        ),
        (
            {"descriptors": ROWS, "pids": np.arange(3)},
            ShapeError,
            r"'identities' .* got shape \(3,\)\. Expected \(4,\)",
        ),
        (
            {"descriptors": ROWS, "pids": np.arange(4), "camids": np.zeros((4, 1))},
            ShapeError,
            r"'cameras' .* got shape \(4, 1\)",
        ),
        (
            {"descriptors": ROWS, "pids": np.array([1, np.nan, 2, 3])},
            DatasetError,
            r"^Identity is unknown in 1 rows of .*, the first is row 1\.",
        ),
        (
            {"descriptors": np.array([None]), "pids": np.arange(4)},
            DatasetError,
            r"^Feature file cannot be read",
        ),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path: Path, arrays: dict, error: type, message: str):
    with pytest.raises(error, match=message):
        read_feature_file(save(tmp_path / "q.npz", **arrays), "query")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("q.npz", b"no archive", r"^Feature file cannot be read, got .*q\.npz"),
        ("q.npz", b"", r"^Feature file cannot be read"),
        ("q.parquet", b"no table", r"^Feature file cannot be read, got .*q\.parquet"),
        ("q.mat", b"no matrix", r"^MATLAB file of descriptors is "),
        ("q.csv", b"1,2", r"^Feature file is of an unknown kind, got .*q\.csv"),
        ("q.npz", None, r"^Feature file not found, got .*q\.npz"),
    ],
)
def test_files_of_another_kind_are_refused(tmp_path: Path, name: str, content: bytes | None, message: str):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        read_feature_file(tmp_path / name, "query")


def test_array_without_its_archive_is_refused(tmp_path: Path):
    with (tmp_path / "q.npz").open("wb") as stream:
        np.save(stream, ROWS)
    with pytest.raises(DatasetError, match=r"^Feature file cannot be read"):
        read_feature_file(tmp_path / "q.npz", "query")
