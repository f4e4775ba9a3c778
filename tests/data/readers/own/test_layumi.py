import shutil

import pytest

from reidkit.core.errors import DatasetError
from reidkit.data.readers.own.layumi import read_layumi
from tests.data.readers.own.trees import OWN_MORE


@pytest.fixture
def market(tmp_path, jpeg):
    return OWN_MORE["layumi"].write(tmp_path / "Market" / "pytorch", jpeg)


def facts(samples):
    return [(sample.identity, sample.camera, sample.path.name) for sample in samples]


def test_each_split_has_its_identities_and_cameras(market):
    splits = read_layumi(market.parent)
    assert splits.root == market
    assert splits.protocol == "market1501-trapezoid"
    assert facts(splits.train) == [("0002", 1, "0002_c1s1_000451_03.jpg")]
    assert facts(splits.query) == [("0001", 1, "0001_c1s1_001051_00.jpg")]
    assert facts(splits.gallery) == [
        ("-1", 1, "-1_c1s1_000401_03.jpg"),
        ("0001", 2, "0001_c2s1_000301_00.jpg"),
    ]
    assert facts(splits.query_support) == [("0001", 1, "0001_c1s1_001001_00.jpg")]


def test_all_training_images_are_those_of_train_all(market):
    assert [sample.camera for sample in read_layumi(market, train_all=True).train] == [1, 2]
    shutil.rmtree(market / "train_all")
    with pytest.raises(DatasetError, match=r"has no train_all/\. Expected what prepare\.py makes"):
        read_layumi(market, train_all=True)


def test_data_that_is_only_judged_needs_no_training_images(market):
    for name in ("train", "train_all"):
        shutil.rmtree(market / name)
    assert read_layumi(market).train == ()
