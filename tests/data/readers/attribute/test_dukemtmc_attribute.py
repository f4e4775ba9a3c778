import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.attribute.dukemtmc_attribute import read_dukemtmc_attribute
from tests.data.readers.attribute.trees import ATTRIBUTE


@pytest.fixture
def duke(tmp_path, jpeg):
    return ATTRIBUTE["dukemtmc_attribute"].write(tmp_path / "DukeMTMC-reID", jpeg)


def facts(samples):
    return [(sample.identity, sample.camera, dict(sample.attributes)) for sample in samples]


def test_duke_attribute_gives_identity_camera_and_attributes(duke):
    splits = read_dukemtmc_attribute(duke)
    assert facts(splits.train) == [(1, 2, {"boots": 1}), (8, 6, {"boots": 2, "top": 2})]
    assert facts(splits.query) == [(2, 1, {"boots": 1, "top": 1})]
    assert facts(splits.gallery) == [(2, 2, {"boots": 1, "top": 1}), (3, 8, {"boots": 1, "top": 2})]


def test_duke_attribute_says_that_it_was_withdrawn(duke):
    assert read_dukemtmc_attribute(duke).notes == (
        "DukeMTMC-attribute was withdrawn by its authors; do not use it for new work.",
    )


def test_duke_attribute_published_counts(duke):
    assert read_dukemtmc_attribute(duke).published_counts == {
        "train": SplitCounts(702, 16522, 8),
        "query": SplitCounts(702, 2228, 8),
        "gallery": SplitCounts(1110, 17661, 8),
    }


def test_duke_attribute_of_market_images_is_refused(duke, write_files):
    for name in ("0001_c2_f0046182.jpg", "0008_c6_f0023514.jpg"):
        (duke / "bounding_box_train" / name).unlink()
    write_files(duke / "bounding_box_train", "0002_c1s1_000451_03.jpg")
    with pytest.raises(DatasetError, match=r"DukeMTMC-attribute has no image in .*bounding_box_train"):
        read_dukemtmc_attribute(duke)
