import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.person.sensereid import read_sensereid


@pytest.fixture
def sense(tmp_path, write_files):
    root = tmp_path / "sensereid" / "SenseReID"
    write_files(root / "test_probe", "00001_0.jpg", "00522_1.jpg", content=b"")
    write_files(root / "test_gallery", "00001_1.jpg", "01717_0.jpg", content=b"")
    return root


def test_sensereid_gives_identity_and_camera_of_each_name(sense):
    splits = read_sensereid(sense)
    assert splits.train == ()
    assert [(sample.identity, sample.camera) for sample in splits.query] == [(1, 0), (522, 1)]
    assert [(sample.identity, sample.camera) for sample in splits.gallery] == [(1, 1), (1717, 0)]
    assert splits.published_counts == {
        "query": SplitCounts(522, 1040, 2),
        "gallery": SplitCounts(1717, 3388, 2),
    }


def test_other_spelling_of_the_queries_is_read(sense):
    (sense / "test_probe").rename(sense / "test_prob")
    assert len(read_sensereid(sense).query) == 2


@pytest.mark.parametrize("given", [".", "..", "../..", "test_gallery"])
def test_sensereid_is_found_from_around_it(sense, given):
    assert read_sensereid(sense / given).root == sense


def test_missing_gallery_is_named(sense):
    (sense / "test_gallery").rename(sense / "gallery")
    with pytest.raises(DatasetError, match="holds test_probe/, but not test_gallery/"):
        read_sensereid(sense)
