import h5py
import numpy as np
import pytest
import scipy.io

from reidkit.core.errors import DatasetError, MissingExtraError
from reidkit.data.readers.video.matlab import read_whole_numbers

MATRIX = np.array([[1, 2, 3], [4, 5, -6]])


def save_hdf5(path, values, userblock=512):
    """As MATLAB 7.3 does: columns first, text in front."""
    with h5py.File(path, "w", userblock_size=userblock) as file:
        file["x"] = np.asarray(values).T
        file.create_group("#refs#")
    return path


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.float64, np.uint16])
@pytest.mark.parametrize("version", ["4", "5"])
def test_classic_file_gives_the_matrix(tmp_path, dtype, version):
    matrix = abs(MATRIX).astype(dtype)
    if version == "4" and dtype is np.int8:
        matrix = matrix.astype(float)  # version 4 knows no int8
    scipy.io.savemat(tmp_path / "a.mat", {"x": matrix, "y": [1]}, format=version)
    values = read_whole_numbers("X", tmp_path / "a.mat", "x")
    assert values.dtype == np.int64
    np.testing.assert_array_equal(values, abs(MATRIX))


def test_compressed_file_gives_the_matrix(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"x": MATRIX}, do_compression=True)
    np.testing.assert_array_equal(read_whole_numbers("X", tmp_path / "a.mat", "x"), MATRIX)


@pytest.mark.parametrize("userblock", [0, 512])
def test_hdf5_file_gives_the_matrix_rows_first(tmp_path, userblock):
    path = save_hdf5(tmp_path / "a.mat", MATRIX.astype(float), userblock)
    np.testing.assert_array_equal(read_whole_numbers("X", path, "x"), MATRIX)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"File of X cannot be read, got .*a\.mat \(No such file"):
        read_whole_numbers("X", tmp_path / "a.mat", "x")


@pytest.mark.parametrize("text", ["<!DOCTYPE html>\n<html>", "\n <html><body>Sign in</body></html>"])
def test_web_page_is_refused(tmp_path, text):
    (tmp_path / "a.mat").write_text(text * 100)
    with pytest.raises(DatasetError, match=r"no MATLAB file, got .*a\.mat \(it is a page of HTML\)"):
        read_whole_numbers("X", tmp_path / "a.mat", "x")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04zip", b"\0" * 300, b"MATLAB 5.0 MAT-file" + b" " * 500])
def test_other_bytes_are_refused(tmp_path, content):
    (tmp_path / "a.mat").write_bytes(content)
    with pytest.raises(DatasetError, match=r"File of X (is no MATLAB file|has no 'x')"):
        read_whole_numbers("X", tmp_path / "a.mat", "x")


@pytest.mark.parametrize("compress", [False, True])
def test_truncated_classic_file_is_refused_wherever_it_ends(tmp_path, compress):
    scipy.io.savemat(tmp_path / "a.mat", {"x": np.arange(400).reshape(20, 20)}, do_compression=compress)
    whole = (tmp_path / "a.mat").read_bytes()
    for length in range(130, len(whole) - 1, 37):
        (tmp_path / "a.mat").write_bytes(whole[:length])
        with pytest.raises(DatasetError, match="File of X"):
            read_whole_numbers("X", tmp_path / "a.mat", "x")


def test_truncated_hdf5_file_is_refused(tmp_path):
    path = save_hdf5(tmp_path / "a.mat", MATRIX.astype(float))
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(DatasetError, match="no MATLAB file"):
        read_whole_numbers("X", path, "x")


def test_absent_variable_is_refused_and_the_others_are_named(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"y": [1], "z": [2]})
    with pytest.raises(DatasetError, match=r"has no 'x', got y, z in .*a\.mat"):
        read_whole_numbers("X", tmp_path / "a.mat", "x")
    with h5py.File(tmp_path / "b.mat", "w", userblock_size=512) as file:
        file["y"] = [1.0]
    with pytest.raises(DatasetError, match=r"has no 'x', got y in .*b\.mat"):
        read_whole_numbers("X", tmp_path / "b.mat", "x")


@pytest.mark.parametrize(
    "values",
    [[[1.5]], [[np.nan]], [[np.inf]], "text", {"field": 1}, np.zeros((0, 3)), np.zeros((2, 2, 2)), [1j]],
)
def test_values_that_are_no_whole_numbers_are_refused(tmp_path, values):
    scipy.io.savemat(tmp_path / "a.mat", {"x": values})
    with pytest.raises(DatasetError, match="'x' of X has a wrong form"):
        read_whole_numbers("X", tmp_path / "a.mat", "x")


def test_group_in_place_of_a_matrix_is_refused(tmp_path):
    with h5py.File(tmp_path / "a.mat", "w") as file:
        file.create_group("x")
    with pytest.raises(DatasetError, match="'x' of X has a wrong form"):
        read_whole_numbers("X", tmp_path / "a.mat", "x")


def test_missing_package_is_named_with_the_command(tmp_path, monkeypatch):
    scipy.io.savemat(tmp_path / "a.mat", {"x": MATRIX})

    def refuse(name):
        raise ModuleNotFoundError(f"No module named '{name}'", name="scipy")

    monkeypatch.setattr("importlib.import_module", refuse)
    with pytest.raises(MissingExtraError, match=r"Reading X needs the package 'scipy'.*reidkit\[mat\]"):
        read_whole_numbers("X", tmp_path / "a.mat", "x")
