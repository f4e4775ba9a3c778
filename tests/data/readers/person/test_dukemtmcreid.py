import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.person.dukemtmcreid import read_dukemtmcreid

TRAIN = ("0001_c2_f0046182.jpg", "0001_c5_f0051341.jpg", "0303_c8_f0077419.jpg")
QUERY = ("0005_c2_f0046985.jpg",)
GALLERY = ("0005_c5_f0051781.jpg", "7140_c8_f0177434.jpg")


@pytest.fixture
def duke(tmp_path, write_files):
    root = tmp_path / "exp-7_c9" / "dukemtmc-reid" / "DukeMTMC-reID"
    write_files(root / "bounding_box_train", *TRAIN, content=b"")
    write_files(root / "query", *QUERY, content=b"")
    write_files(root / "bounding_box_test", *GALLERY, content=b"")
    write_files(root, "CITATION_DukeMTMC.txt", content=b"")
    return root


def test_duke_gives_identity_and_camera_of_each_name(duke):
    splits = read_dukemtmcreid(duke)
    assert [(sample.identity, sample.camera) for sample in splits.train] == [(1, 2), (1, 5), (303, 8)]
    assert [(sample.identity, sample.camera) for sample in splits.query] == [(5, 2)]
    assert [(sample.identity, sample.camera) for sample in splits.gallery] == [(5, 5), (7140, 8)]


def test_duke_says_that_it_was_withdrawn(duke):
    splits = read_dukemtmcreid(duke)
    assert splits.notes == ("DukeMTMC-reID was withdrawn by its authors; do not use it for new work.",)
    assert splits.terms.startswith("Withdrawn")


def test_duke_published_counts_are_those_of_the_paper(duke):
    assert read_dukemtmcreid(duke).published_counts == {
        "train": SplitCounts(702, 16522, 8),
        "query": SplitCounts(702, 2228, 8),
        "gallery": SplitCounts(1110, 17661, 8),
    }


@pytest.mark.parametrize("level", [1, 2])
def test_duke_is_found_below(duke, level):
    assert read_dukemtmcreid(duke.parents[level - 1]).root == duke


def test_duke_is_found_beside_its_occluded_variant(duke, write_files):
    for folder in ("bounding_box_train", "query", "bounding_box_test"):
        write_files(duke.parents[1] / "Occluded_Duke" / folder, "0005_c2_f0046985.jpg", content=b"")
    assert read_dukemtmcreid(duke.parents[1]).root == duke


def test_names_of_market_are_refused(tmp_path, write_files):
    for folder in ("bounding_box_train", "query", "bounding_box_test"):
        write_files(tmp_path / folder, "0002_c1s1_000451_03.jpg", content=b"")
    with pytest.raises(DatasetError, match="got 0 files named <identity>_c<camera>_f<frame>"):
        read_dukemtmcreid(tmp_path)
