import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.occluded.occluded_duke import read_occluded_duke


@pytest.fixture
def occluded_duke(tmp_path, write_files):
    root = tmp_path / "Occluded_Duke"
    write_files(root / "bounding_box_train", "0001_c2_f0046182.jpg", "0007_c8_f0000001.jpg", content=b"")
    write_files(root / "query", "0075_c4_f0044378.jpg", content=b"")
    write_files(root / "bounding_box_test", "0075_c1_f0073279.jpg", "5388_c3_f0100000.jpg", content=b"")
    write_files(root, "train.list", "query.list", "gallery.list", content=b"")
    return root


def rows(samples):
    return [(sample.identity, sample.camera) for sample in samples]


def test_occluded_duke_keeps_identities_and_cameras_of_the_names(occluded_duke):
    splits = read_occluded_duke(occluded_duke)
    assert rows(splits.train) == [(1, 2), (7, 8)]
    assert rows(splits.query) == [(75, 4)]
    assert rows(splits.gallery) == [(75, 1), (5388, 3)]
    assert splits.protocol == "market1501"


def test_occluded_duke_was_withdrawn_and_says_so(occluded_duke):
    assert "withdrawn by its authors" in read_occluded_duke(occluded_duke).notes[-1]


def test_occluded_duke_published_counts(occluded_duke):
    assert read_occluded_duke(occluded_duke).published_counts == {
        "train": SplitCounts(702, 15618),
        "query": SplitCounts(519, 2210),
        "gallery": SplitCounts(1110, 17661),
    }


def test_occluded_duke_is_found_beside_the_whole_of_duke(occluded_duke, write_files):
    for folder in ("bounding_box_train", "query", "bounding_box_test"):
        write_files(occluded_duke.parent / "DukeMTMC-reID" / folder, "0005_c2_f0046985.jpg", content=b"")
    assert read_occluded_duke(occluded_duke.parent).root == occluded_duke


@pytest.mark.parametrize("name", ["0001_c1s1_001051_00.jpg", "0001_c9_f0046182.jpg", "0001_c2_f46182.jpg"])
def test_occluded_duke_of_other_names_is_refused(occluded_duke, write_files, name):
    (occluded_duke / "query" / "0075_c4_f0044378.jpg").unlink()
    write_files(occluded_duke / "query", name, content=b"")
    with pytest.raises(DatasetError, match=r"no image in .*query, got 0 files named <identity>_c<camera>_f"):
        read_occluded_duke(occluded_duke)
