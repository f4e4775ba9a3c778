import h5py
import numpy as np
import pytest
import scipy.io

from reidkit.core.errors import DatasetError
from reidkit.data.readers.matlab import read_matlab
from reidkit.data.readers.matlab_values import cell_values, read_whole_numbers, require_fields

MATRIX = np.array([[1, 2, 3], [4, 5, -6]])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.mat"


def save_hdf5(path, values, userblock=512):
    """As MATLAB 7.3 does: columns first, text in front."""
    with h5py.File(path, "w", userblock_size=userblock) as file:
        file["x"] = np.asarray(values).T
        file.create_group("#refs#")
    return path


def load(path, **variables):
    scipy.io.savemat(path, variables)
    return read_matlab("Zoo", path, list(variables))


# Whole numbers.


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.float64, np.uint16])
@pytest.mark.parametrize("version", ["4", "5"])
def test_classic_file_gives_the_matrix(path, dtype, version):
    matrix = abs(MATRIX).astype(dtype)
    if version == "4" and dtype is np.int8:
        matrix = matrix.astype(float)  # version 4 knows no int8
    scipy.io.savemat(path, {"x": matrix, "y": [1]}, format=version)
    values = read_whole_numbers("X", path, "x")
    assert values.dtype == np.int64
    np.testing.assert_array_equal(values, abs(MATRIX))


def test_compressed_file_gives_the_matrix(path):
    scipy.io.savemat(path, {"x": MATRIX}, do_compression=True)
    np.testing.assert_array_equal(read_whole_numbers("X", path, "x"), MATRIX)


@pytest.mark.parametrize("userblock", [0, 512])
def test_hdf5_file_gives_the_matrix_rows_first(path, userblock):
    save_hdf5(path, MATRIX.astype(float), userblock)
    values = read_whole_numbers("X", path, "x")
    assert values.dtype == np.int64
    np.testing.assert_array_equal(values, MATRIX)


def test_truncated_hdf5_file_is_refused(path):
    save_hdf5(path, MATRIX.astype(float))
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(DatasetError, match=r"MATLAB file of X is damaged, got .*a\.mat .* Fix\.$"):
        read_whole_numbers("X", path, "x", fix="Fix.")


@pytest.mark.parametrize("content", [b"", b"<html>", b"\0" * 300])
def test_file_that_is_none_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"MATLAB file of X is .*, got .*a\.mat.* Fix\.$"):
        read_whole_numbers("X", path, "x", fix="Fix.")


def test_absent_variable_is_refused_and_the_others_are_named(path):
    scipy.io.savemat(path, {"y": [1], "z": [2]})
    with pytest.raises(DatasetError, match=r"lacks 'x', got .*a\.mat with y, z\. Expected x\. Fix\.$"):
        read_whole_numbers("X", path, "x", fix="Fix.")
    with h5py.File(path, "w", userblock_size=512) as file:
        file["y"] = [1.0]
        file.create_group("#refs#")
    with pytest.raises(DatasetError, match=r"lacks 'x', got .*a\.mat with y\. Expected x\. Fix\.$"):
        read_whole_numbers("X", path, "x", fix="Fix.")


@pytest.mark.parametrize(
    "values",
    [[[1.5]], [[np.nan]], [[np.inf]], "text", {"field": 1}, np.zeros((0, 3)), np.zeros((2, 2, 2)), [1j]],
)
def test_values_that_are_no_whole_numbers_are_refused(path, values):
    scipy.io.savemat(path, {"x": values})
    with pytest.raises(DatasetError, match=r"'x' of X has a wrong form, got .*a\.mat\. .* Fix\.$"):
        read_whole_numbers("X", path, "x", fix="Fix.")


def test_group_in_place_of_a_matrix_is_refused(path):
    with h5py.File(path, "w") as file:
        file.create_group("x")
    with pytest.raises(DatasetError, match="'x' of X has a wrong form"):
        read_whole_numbers("X", path, "x")


# Structs and cells.


def test_fields_of_a_struct_are_required(path):
    content = load(path, animals={"name": 1, "age": 2}, number=3)
    require_fields("Zoo", path, content["animals"], ["age", "name"])
    with pytest.raises(
        DatasetError, match=r"with the fields name, age\. Expected a struct with name, size\. Fix\.$"
    ):
        require_fields("Zoo", path, content["animals"], ["name", "size"], fix="Fix.")
    with pytest.raises(DatasetError, match="with no fields"):
        require_fields("Zoo", path, content["number"], ["name"])
    with pytest.raises(DatasetError, match="has another form"):
        require_fields("Zoo", path, content["animals"][:0], ["name"])


def test_cells_give_texts_and_numbers_and_refuse_several(path):
    cells = np.empty((1, 3), object)
    cells[0] = ["0002", 7, "x"]
    assert cell_values(load(path, cells=cells)["cells"]) == ["0002", 7, "x"]
    assert cell_values(np.array([[1, 2]], np.uint8)) == [1, 2]
    cells[0, 1] = [1, 2]
    with pytest.raises(ValueError, match="size 1"):
        cell_values(load(path, cells=cells)["cells"])
