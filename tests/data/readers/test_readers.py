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
from reidkit.data.readers import BENCHMARKS, READERS, read_dataset
from reidkit.metrics.protocols import PROTOCOLS
from tests.data.readers.attribute.trees import ATTRIBUTE
from tests.data.readers.classic.trees import CLASSIC
from tests.data.readers.occluded.trees import OCCLUDED
from tests.data.readers.own.trees import OWN_MORE
from tests.data.readers.person.trees import PERSON
from tests.data.readers.retrieval.trees import RETRIEVAL
from tests.data.readers.train_only.trees import TRAIN_ONLY
from tests.data.readers.trees import OWN
from tests.data.readers.vehicle.trees import VEHICLE
from tests.data.readers.video.trees import VIDEO

TREES = {
    **OWN, **OWN_MORE, **PERSON, **CLASSIC, **OCCLUDED, **TRAIN_ONLY, **VEHICLE, **VIDEO, **RETRIEVAL, **ATTRIBUTE,
}  # fmt: skip


@pytest.fixture(params=sorted(READERS))
def reader(request):
    return request.param


@pytest.fixture
def plant(jpeg):
    def plant_tree(reader: str, root: Path) -> Path:
        return TREES[reader].write(root, jpeg)

    return plant_tree


@pytest.fixture
def read():
    def read_tree(reader: str, root: Path, **options: object) -> DatasetSplits:
        return read_dataset(reader, root, **{**TREES[reader].options, **options})

    return read_tree


def test_every_reader_has_a_tree():
    assert set(TREES) == set(READERS)
    assert len(READERS) >= 3


def test_every_reader_of_a_published_data_set_says_what_is_known_of_it():
    assert set(BENCHMARKS) == set(READERS) - set(OWN) - set(OWN_MORE)


@pytest.mark.parametrize("name", sorted(BENCHMARKS))
def test_benchmark_says_where_it_comes_from_and_under_which_terms(name):
    benchmark = BENCHMARKS[name]
    assert benchmark.name == name
    assert benchmark.title
    assert benchmark.how_to_obtain.startswith("How to obtain it: ")
    assert benchmark.how_to_obtain.endswith(".")
    assert benchmark.terms.endswith(".")
    assert benchmark.reference[-4:].isdigit()
    assert benchmark.protocol in PROTOCOLS
    assert set(benchmark.counts) <= {"train", "query", "gallery"}


def test_reader_returns_splits_of_existing_images(reader, plant, read, tmp_path):
    root = plant(reader, tmp_path / "set")
    splits = read(reader, root)
    tree = TREES[reader]
    assert isinstance(splits, DatasetSplits)
    assert tuple(len(samples) for samples in splits.by_split().values()) == tree.sizes
    assert splits.root.is_absolute()
    assert splits.root.exists()
    for samples in splits.by_split().values():
        assert isinstance(samples, tuple)
        for sample in samples:
            assert isinstance(sample.identity, Hashable)
            assert (sample.camera is not None) == tree.has_cameras
            assert sample.frames
            assert all(frame.is_absolute() and frame.is_file() for frame in sample.frames)
    assert set(splits.published_counts) <= set(splits.by_split())
    assert splits.protocol == tree.protocol
    assert all(note.endswith((".", "?")) for note in splits.notes)


def test_reader_of_a_published_data_set_passes_on_what_is_known(reader, plant, read, tmp_path):
    if reader not in BENCHMARKS:
        return
    benchmark = BENCHMARKS[reader]
    splits = read(reader, plant(reader, tmp_path / "set"))
    assert (splits.name, splits.terms) == (reader, benchmark.terms)
    assert splits.how_to_obtain == benchmark.how_to_obtain
    assert any("withdrawn" in note for note in splits.notes) == benchmark.is_withdrawn
    assert any(len(sample.frames) > 1 for sample in splits.train) == benchmark.is_video


def test_reader_writes_nothing_beside_the_data(reader, plant, read, tmp_path):
    root = plant(reader, tmp_path / "set")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    read(reader, root)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_reader_of_many_splits_takes_each_and_no_other(reader, plant, read, tmp_path):
    if reader not in BENCHMARKS or BENCHMARKS[reader].num_splits == 1:
        return
    root = plant(reader, tmp_path / "set")
    last = BENCHMARKS[reader].num_splits - 1
    assert read(reader, root) == read(reader, root, split=0)
    splits = read(reader, root, split=last)
    assert splits.train
    assert (splits.split, splits.num_splits) == (last, last + 1)
    with pytest.raises(CatalogError, match=f"split is unknown, got {last + 1}. Expected 0 to {last}"):
        read(reader, root, split=last + 1)


def test_reader_can_be_pickled_whole(reader, plant, read, tmp_path):
    splits = read(reader, plant(reader, tmp_path / "set"))
    assert pickle.loads(pickle.dumps(splits)) == splits


def test_reader_does_not_depend_on_the_order_of_the_file_system(reader, plant, read, tmp_path, monkeypatch):
    root = plant(reader, tmp_path / "set")
    usual = read(reader, root)
    original = os.scandir

    class Reversed(list):
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(os, "scandir", lambda folder: Reversed(list(original(folder))[::-1]))
    assert read(reader, root) == usual


def test_reader_does_not_parse_the_folders_above(reader, plant, read, tmp_path):
    def facts(root):
        splits = read(reader, plant(reader, root)).by_split()
        return {name: [(s.identity, s.camera) for s in samples] for name, samples in splits.items()}

    assert facts(tmp_path / "exp-7_c9" / "0815_c8s1_000001_00.jpg") == facts(tmp_path / "plain")


def test_reader_takes_text_and_relative_paths(reader, plant, read, tmp_path, monkeypatch):
    root = plant(reader, tmp_path / "set")
    monkeypatch.chdir(tmp_path)
    assert read(reader, "set") == read(reader, root)


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
