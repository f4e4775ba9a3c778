"""The contract of every reader, checked on a small tree with the real file names of each."""

import os
import pickle
import subprocess
import sys
from collections.abc import Hashable
from pathlib import Path

import pytest

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import DatasetSplits
from reidkit.data.readers import READERS, read_dataset

TREES: dict[str, tuple[str, ...]] = {
    "folder": (
        *("train/0002/0002_c1s1_000451_03.jpg", "train/0007/0007_c12_02.jpg"),
        *("query/0001/c3_0001.jpg", "gallery/0001/0001_c1_1.PNG", "gallery/0009/0009_c1.webp"),
    ),
    "manifest": ("images/1.jpg", "images/2.jpg", "images/3.png", "manifest.csv"),
    "market1501": (
        *("bounding_box_train/0002_c1s1_000451_03.jpg", "bounding_box_train/0007_c3s3_077419_03.jpg"),
        *("query/0001_c1s1_001051_00.jpg", "bounding_box_test/0001_c2s1_000301_00.jpg"),
        *("bounding_box_test/0000_c1s1_000151_01.jpg", "bounding_box_test/-1_c1s1_000401_03.jpg"),
    ),
}
SIZES = {"folder": (2, 1, 2), "manifest": (1, 1, 1), "market1501": (2, 1, 2)}
MANIFEST = (
    "path,identity,camera,split\nimages/1.jpg,1,1,train\nimages/2.jpg,2,1,query\nimages/3.png,2,2,gallery\n"
)


@pytest.fixture(params=sorted(READERS))
def reader(request):
    return request.param


@pytest.fixture
def plant(write_files):
    def plant_tree(reader: str, root: Path) -> Path:
        write_files(root, *TREES[reader])
        write_files(root, "Thumbs.db", ".DS_Store", "__MACOSX/._x.jpg")
        if reader == "manifest":
            (root / "manifest.csv").write_text(MANIFEST)
        return root

    return plant_tree


def test_every_reader_has_a_tree():
    assert set(TREES) == set(SIZES) == set(READERS)
    assert len(READERS) >= 3


def test_reader_returns_splits_of_existing_images(reader, plant, tmp_path):
    root = plant(reader, tmp_path / "set")
    splits = read_dataset(reader, root)
    assert isinstance(splits, DatasetSplits)
    assert tuple(len(samples) for samples in splits.by_split().values()) == SIZES[reader]
    assert splits.root.is_absolute()
    assert splits.root.exists()
    for samples in splits.by_split().values():
        assert isinstance(samples, tuple)
        for sample in samples:
            assert isinstance(sample.identity, Hashable)
            assert sample.camera is not None
            assert all(frame.is_absolute() and frame.is_file() for frame in sample.frames)
    assert set(splits.published_counts) <= set(splits.by_split())
    assert splits.protocol == "market1501"
    assert all(note.endswith((".", "?")) for note in splits.notes)


def test_reader_can_be_pickled_whole(reader, plant, tmp_path):
    splits = read_dataset(reader, plant(reader, tmp_path / "set"))
    assert pickle.loads(pickle.dumps(splits)) == splits


def test_reader_does_not_depend_on_the_order_of_the_file_system(reader, plant, tmp_path, monkeypatch):
    root = plant(reader, tmp_path / "set")
    usual = read_dataset(reader, root)
    original = os.scandir

    class Reversed(list):
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(os, "scandir", lambda folder: Reversed(list(original(folder))[::-1]))
    assert read_dataset(reader, root) == usual


def test_reader_does_not_parse_the_folders_above(reader, plant, tmp_path):
    def facts(root):
        splits = read_dataset(reader, plant(reader, root)).by_split()
        return {name: [(s.identity, s.camera) for s in samples] for name, samples in splits.items()}

    assert facts(tmp_path / "exp-7_c9" / "0815_c8s1_000001_00.jpg") == facts(tmp_path / "plain")


def test_reader_takes_text_and_relative_paths(reader, plant, tmp_path, monkeypatch):
    root = plant(reader, tmp_path / "set")
    monkeypatch.chdir(tmp_path)
    assert read_dataset(reader, "set") == read_dataset(reader, root)


def test_reader_refuses_a_missing_folder_by_its_absolute_path(reader, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatasetError, match=f"{tmp_path}/absent.*does not exist"):
        read_dataset(reader, "absent")


def test_reader_refuses_an_empty_folder_and_says_so(reader, tmp_path):
    with pytest.raises(DatasetError, match=f"not found under {tmp_path}.*Found: nothing"):
        read_dataset(reader, tmp_path)


def test_reader_refuses_an_option_it_does_not_have(reader, tmp_path):
    with pytest.raises(CatalogError, match=f"Reader '{reader}' has no argument 'colour'. .*It takes: "):
        read_dataset(reader, tmp_path, colour="red")


def test_unknown_reader_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(CatalogError, match=r"Unknown reader 'market1051'. Did you mean 'market1501'?"):
        read_dataset("market1051", tmp_path)


def test_reader_of_your_own_is_found_by_its_path(tmp_path, plant):
    root = plant("folder", tmp_path / "set")
    assert read_dataset("reidkit.data.readers.folder:read_folder", root) == read_dataset("folder", root)


def test_reader_of_your_own_that_returns_something_else_is_refused(tmp_path, monkeypatch):
    (tmp_path / "my_wrong_reader.py").write_text("def read(root):\n    return [root]\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(CatalogError, match=r"returned a wrong type, got list. Expected DatasetSplits"):
        read_dataset("my_wrong_reader:read", tmp_path)


@pytest.mark.parametrize("module", ["reidkit.data.readers", "reidkit.data.doctor"])
def test_reading_and_examining_import_no_torch(module):
    heavy = "{'torch', 'torchvision', 'pyarrow', 'lightning'}"
    code = f"import sys, {module}; sys.exit(' '.join({heavy} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
