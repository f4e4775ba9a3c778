import h5py
import numpy as np
import pytest
import scipy.io

from reidkit.core.errors import DatasetError
from reidkit.data.readers.person.mat_files import check_mat_file


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.mat"


def test_files_as_the_libraries_write_them_pass(path):
    scipy.io.savemat(path, {"a": np.arange(3)})
    check_mat_file(path, "5", "Fix.")
    with h5py.File(path, "w"):
        pass
    check_mat_file(path, "7.3", "Fix.")
    with h5py.File(path, "w", userblock_size=512):
        pass
    check_mat_file(path, "7.3", "Fix.")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"<!DOCTYPE html><html>", "an HTML page"),
        (b"\xef\xbb\xbf\r\n<HTML lang=en>", "an HTML page"),
        (b"<?xml version='1.0'?><html>", "an HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "a pointer of Git LFS"),
        (b"", "empty"),
        (b"PK\x03\x04", "something else"),
    ],
)
@pytest.mark.parametrize("expected", ["5", "7.3"])
def test_other_files_are_called_what_they_are(path, content, word, expected):
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=rf"x\.mat is {word}, not a MAT file of MATLAB {expected}.*Fix\."):
        check_mat_file(path, expected, "Fix.")


def test_other_format_is_called_what_it_is(path):
    scipy.io.savemat(path, {"a": np.arange(3)})
    with pytest.raises(DatasetError, match=r"is a MAT file of MATLAB 5 .*, not a MAT file of MATLAB 7\.3"):
        check_mat_file(path, "7.3", "Fix.")


def test_missing_file_is_named(path):
    with pytest.raises(DatasetError, match=r"cannot be read, got .*x\.mat \(No such file"):
        check_mat_file(path, "5", "Fix.")
