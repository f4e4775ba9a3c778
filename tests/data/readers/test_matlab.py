import struct

import h5py
import numpy as np
import pytest
import scipy.io

from reidkit.core.errors import DatasetError, MissingExtraError
from reidkit.data.readers.matlab import check_matlab_file, open_hdf5, read_matlab

CLASSIC = "7.2 or older"
# A matrix "x" of one number, 5.0, as the description of version 4 lays it out; kind 1000 is big-endian.
VERSION_4 = {
    "<": struct.pack("<5i2sd", 0, 1, 1, 0, 2, b"x\0", 5.0),
    ">": struct.pack(">5i2sd", 1000, 1, 1, 0, 2, b"x\0", 5.0),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "table.mat"


@pytest.fixture
def save(path):
    def save_variables(**variables):
        scipy.io.savemat(path, variables, do_compression=True)
        return path

    return save_variables


def save_hdf5(path, userblock=512):
    with h5py.File(path, "w", userblock_size=userblock) as file:
        file["x"] = [1.0]
    return path


def refuse_imports(monkeypatch, package):
    def refuse(name):
        raise ModuleNotFoundError(f"No module named '{name}'", name=package)

    monkeypatch.setattr("reidkit.core.extras.importlib.import_module", refuse)


# What a file is.


@pytest.mark.parametrize("version", ["4", "5"])
@pytest.mark.parametrize("values", [[[5]], [[1.5, 2]], np.zeros((0, 3)), "text", [1j]])
def test_files_as_scipy_writes_them_are_classic(path, version, values):
    scipy.io.savemat(path, {"x": np.asarray(values)}, format=version)
    assert check_matlab_file("Zoo", path) == CLASSIC
    assert check_matlab_file("Zoo", path, version=CLASSIC) == CLASSIC


@pytest.mark.parametrize("order", ["<", ">"])
def test_files_of_version_4_are_classic_in_either_byte_order(path, order):
    path.write_bytes(VERSION_4[order])
    assert check_matlab_file("Zoo", path) == CLASSIC
    assert read_matlab("Zoo", path, ["x"])["x"].item() == 5


@pytest.mark.parametrize("mark", [b"\x00\x01IM", b"\x01\x00MI"])
def test_files_of_version_5_may_have_a_heading_of_another_program(path, mark):
    path.write_bytes(b"Octave wrote this".ljust(124) + mark)
    assert check_matlab_file("Zoo", path) == CLASSIC
    path.write_bytes(b"Octave wrote this".ljust(124) + mark[::-1])
    with pytest.raises(DatasetError, match="is something else"):
        check_matlab_file("Zoo", path)


@pytest.mark.parametrize("userblock", [0, 512])
def test_hdf5_files_are_of_version_7_3(path, userblock):
    save_hdf5(path, userblock)
    assert check_matlab_file("Zoo", path) == "7.3"
    assert check_matlab_file("Zoo", path, version="7.3") == "7.3"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><html>", "an HTML page"),
        (b"\n  <HTML><head>" + b"sign in" * 100, "an HTML page"),
        (b"<head><title>404</title></head>", "an HTML page"),
        (b"\xef\xbb\xbf\r\n<HTML lang=en>", "an HTML page"),
        (b"<?xml version='1.0'?><html>", "an HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "a pointer of Git LFS"),
        (b"", "empty"),
        (b"PK\x03\x04", "something else"),
        (b"PK\x03\x04" + b"\0" * 300, "something else"),
        (b"\0" * 300, "something else"),
        (b"\0" * 8, "something else"),
    ],
)
@pytest.mark.parametrize("version", [CLASSIC, "7.3", None])
def test_other_files_are_called_what_they_are(path, content, words, version):
    path.write_bytes(content)
    with pytest.raises(
        DatasetError, match=rf"^MATLAB file of Zoo is {words}, got .*table\.mat\. Expected .*\. Fix\.$"
    ):
        check_matlab_file("Zoo", path, version=version, fix="Fix.")


def test_other_version_is_called_what_it_is(path, save):
    save(labels=[1])
    with pytest.raises(DatasetError, match=r"is of version 7\.2 or older, got .* Expected version 7\.3\. "):
        check_matlab_file("Zoo", path, version="7.3")
    save_hdf5(path)
    with pytest.raises(DatasetError, match=r"is of version 7\.3, got .* with the flag -v7\. "):
        check_matlab_file("Zoo", path, version=CLASSIC)


def test_version_7_3_is_known_by_its_heading_where_the_rest_is_cut_off(path):
    path.write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512) + b"\x89HDF")
    assert check_matlab_file("Zoo", path) == "7.3"


def test_missing_file_is_named(path):
    with pytest.raises(DatasetError, match=r"Zoo cannot be read, got .*table\.mat \(No such file.* Fix\.$"):
        check_matlab_file("Zoo", path, fix="Fix.")


# Classic files.


def test_wanted_variables_are_read_without_squeezing(save):
    content = read_matlab("Zoo", save(labels=[[5]], features=np.ones(9)), ["labels"])
    assert list(content) == ["labels"]
    assert content["labels"].shape == (1, 1)


@pytest.mark.parametrize("compress", [False, True])
def test_truncated_file_is_damaged_wherever_it_ends(path, compress):
    scipy.io.savemat(path, {"labels": np.arange(400).reshape(20, 20)}, do_compression=compress)
    whole = path.read_bytes()
    for length in (30, 50, *range(129, len(whole) - 1, 37), len(whole) - 5):
        path.write_bytes(whole[:length])
        with pytest.raises(DatasetError, match=r"MATLAB file of Zoo is damaged, got .*\. Expected the whole"):
            read_matlab("Zoo", path, ["labels"])


def test_file_without_anything_behind_its_heading_lacks_all(path, save):
    path.write_bytes(save(labels=[1]).read_bytes()[:128])
    with pytest.raises(DatasetError, match=r"lacks 'labels', got .* with no variable\."):
        read_matlab("Zoo", path, ["labels"])


def test_missing_variable_is_named_with_those_that_there_are(save):
    path = save(names=[1], ages=[2])
    with pytest.raises(
        DatasetError,
        match=r"lacks 'labels', got .* with ages, names\. Expected labels, names\. Take the file of the orig",
    ):
        read_matlab("Zoo", path, ["labels", "names"])


def test_html_page_is_refused_before_scipy_is_needed(path, monkeypatch):
    path.write_bytes(b"<html>")
    refuse_imports(monkeypatch, "scipy")
    with pytest.raises(DatasetError, match="is an HTML page"):
        read_matlab("Zoo", path, ["labels"])


def test_without_scipy_the_extra_is_named(save, monkeypatch):
    path = save(labels=[1])
    refuse_imports(monkeypatch, "scipy")
    with pytest.raises(
        MissingExtraError, match=r"Reading table\.mat of Zoo needs .*'scipy'.*pip install 'reidkit\[mat\]'"
    ):
        read_matlab("Zoo", path, ["labels"])


# Files of version 7.3.


@pytest.mark.parametrize("userblock", [0, 512])
def test_hdf5_file_is_opened(path, userblock):
    with open_hdf5("Zoo", save_hdf5(path, userblock)) as file:
        assert file["x"][()].tolist() == [1.0]


@pytest.mark.parametrize("length", [600, 700, 1500])
def test_truncated_hdf5_file_is_damaged(path, length):
    path.write_bytes(save_hdf5(path).read_bytes()[:length])
    with (
        pytest.raises(DatasetError, match=r"MATLAB file of Zoo is damaged, got .*\. Fix\.$"),
        open_hdf5("Zoo", path, fix="Fix."),
    ):
        pass


def test_what_h5py_raises_within_the_block_names_the_file(path):
    with (
        pytest.raises(DatasetError, match=r"damaged, got .*table\.mat .*y"),
        open_hdf5("Zoo", save_hdf5(path)) as file,
    ):
        file["y"]


def test_own_errors_within_the_block_stay(path):
    with pytest.raises(DatasetError, match=r"^Own\.$"), open_hdf5("Zoo", save_hdf5(path)):
        raise DatasetError("Own.")


def test_classic_file_is_not_opened_as_hdf5(save):
    path = save(labels=[1])
    with pytest.raises(DatasetError, match=r"is of version 7\.2 or older"), open_hdf5("Zoo", path):
        pass


def test_without_h5py_the_extra_is_named(path, monkeypatch):
    save_hdf5(path)
    refuse_imports(monkeypatch, "h5py")
    with (
        pytest.raises(MissingExtraError, match=r"Reading table\.mat of Zoo needs .*'h5py'.*reidkit\[mat\]"),
        open_hdf5("Zoo", path),
    ):
        pass
