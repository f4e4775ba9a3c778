import numpy as np
import pytest
import scipy.io

from reidkit.core.errors import DatasetError, MissingExtraError
from reidkit.data.readers.retrieval.matlab import cell_values, read_matlab, require_fields


@pytest.fixture
def save(tmp_path):
    def save_variables(**variables):
        path = tmp_path / "table.mat"
        scipy.io.savemat(path, variables, do_compression=True)
        return path

    return save_variables


def test_variables_are_read_without_squeezing(save):
    assert read_matlab("Zoo", save(labels=[[5]]), ["labels"])["labels"].shape == (1, 1)


@pytest.mark.parametrize("start", ["<!DOCTYPE html><html>", "\n  <HTML><head>"])
def test_page_of_html_is_called_one(tmp_path, start):
    path = tmp_path / "table.mat"
    path.write_text(start + "sign in" * 100)
    with pytest.raises(
        DatasetError, match=r"is a page of HTML, got .*table.mat\. .*Download the file itself"
    ):
        read_matlab("Zoo", path, [])


def test_version_seven_three_is_called_so(tmp_path):
    path = tmp_path / "table.mat"
    path.write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512) + b"\x89HDF")
    with pytest.raises(DatasetError, match=r"is of version 7\.3, got .*flag -v7"):
        read_matlab("Zoo", path, [])


@pytest.mark.parametrize("kept", [0, 50, 130, 200, -5])
def test_damaged_file_is_refused(save, kept):
    path = save(labels=np.arange(5000))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DatasetError, match=r"MATLAB file of Zoo is damaged, got .*\. Expected"):
        read_matlab("Zoo", path, ["labels"])


def test_missing_variable_is_named_with_those_that_there_are(save):
    with pytest.raises(DatasetError, match=r"lacks 'labels', got .* with names\. "):
        read_matlab("Zoo", save(names=[1]), ["labels", "names"])


def test_file_that_cannot_be_opened_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"cannot be read, got .*absent.mat \(No such file"):
        read_matlab("Zoo", tmp_path / "absent.mat", [])


def test_without_scipy_the_extra_is_named(save, monkeypatch):
    def import_nothing(name):
        raise ModuleNotFoundError(f"No module named '{name}'", name="scipy")

    path = save(labels=[1])
    monkeypatch.setattr("reidkit.core.extras.importlib.import_module", import_nothing)
    with pytest.raises(
        MissingExtraError, match=r"Reading table.mat of Zoo needs .*pip install 'reidkit\[mat\]'"
    ):
        read_matlab("Zoo", path, [])


def test_fields_of_a_struct_are_required(save, tmp_path):
    content = read_matlab("Zoo", save(animals={"name": 1, "age": 2}, number=3), ["animals"])
    require_fields("Zoo", tmp_path, content["animals"], ["age", "name"])
    with pytest.raises(DatasetError, match=r"with the fields name, age. Expected a struct with name, size\."):
        require_fields("Zoo", tmp_path, content["animals"], ["name", "size"])
    with pytest.raises(DatasetError, match="with no fields"):
        require_fields("Zoo", tmp_path, content["number"], ["name"])
    with pytest.raises(DatasetError, match="has another form"):
        require_fields("Zoo", tmp_path, content["animals"][:0], ["name"])


def test_cells_give_texts_and_numbers_and_refuse_several(save):
    cells = np.empty((1, 3), object)
    cells[0] = ["0002", 7, "x"]
    assert cell_values(read_matlab("Zoo", save(cells=cells), ["cells"])["cells"]) == ["0002", 7, "x"]
    assert cell_values(np.array([[1, 2]], np.uint8)) == [1, 2]
    cells[0, 1] = [1, 2]
    with pytest.raises(ValueError, match="size 1"):
        cell_values(read_matlab("Zoo", save(cells=cells), ["cells"])["cells"])
