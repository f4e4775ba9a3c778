import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.occluded.p_dukemtmc import read_p_dukemtmc


@pytest.fixture
def p_dukemtmc(tmp_path, write_files):
    root = tmp_path / "P-DukeMTMC-reid"
    write_files(root / "train" / "occluded_body_images", "0001/0001_1.jpg", "0002/0002_1.jpg", content=b"")
    write_files(root / "train" / "whole_body_images", "0001/0001_2.jpg", content=b"")
    write_files(root / "test" / "occluded_body_images", "0005/0005_1.jpg", content=b"")
    write_files(root / "test" / "whole_body_images", "0005/0005_2.jpg", "0006/0006_1.jpg", content=b"")
    return root


def test_p_dukemtmc_learns_from_both_kinds_and_searches_the_occluded(p_dukemtmc):
    splits = read_p_dukemtmc(p_dukemtmc.parent)
    assert splits.root == p_dukemtmc
    assert [sample.identity for sample in splits.train] == [1, 2, 1]
    assert [sample.identity for sample in splits.query] == [5]
    assert [sample.identity for sample in splits.gallery] == [5, 6]
    assert splits.query[0].path.parents[1].name == "occluded_body_images"
    assert splits.protocol == "no-camera"


def test_p_dukemtmc_was_withdrawn_and_says_so(p_dukemtmc):
    assert "withdrawn by its authors" in read_p_dukemtmc(p_dukemtmc).notes[-1]


def test_p_dukemtmc_published_counts_add_up_to_the_whole(p_dukemtmc):
    """24 143 images of 1299 people, as its authors count them."""
    counts = read_p_dukemtmc(p_dukemtmc).published_counts
    assert sum(count.images for count in counts.values()) == 24143
    assert counts["train"].identities + counts["query"].identities == 1299
    assert counts["query"] == SplitCounts(634, 2163)


def test_p_dukemtmc_without_one_of_its_folders_says_so(p_dukemtmc):
    (p_dukemtmc / "test" / "whole_body_images").rename(p_dukemtmc / "whole")
    with pytest.raises(DatasetError, match="but not test/whole_body_images/"):
        read_p_dukemtmc(p_dukemtmc)
