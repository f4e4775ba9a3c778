from pathlib import Path

import numpy as np
import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import Sample
from reidkit.data.readers.attribute.identity_table import read_identity_table
from tests.data.readers.attribute.trees import identity_struct, plant_identity_table


@pytest.fixture
def read(tmp_path):
    def read_splits(train, test=None):
        path = tmp_path / "table.mat"
        plant_identity_table(
            path, "zoo", {"train": train, "test": test or identity_struct(["0009"], hat=[1])}
        )
        return read_identity_table("Zoo", path, "zoo")

    return read_splits


def samples(*identities):
    return [Sample((Path(f"{number}.jpg"),), identity, 3) for number, identity in enumerate(identities)]


def test_table_gives_each_identity_its_values_by_name_in_one_order(read):
    table = read(
        identity_struct(["0002", "1500"], hat=[1, 2], age=[4, 3]), identity_struct(["0001"], hat=[2], age=[1])
    )
    assert table.splits == {
        "train": {2: {"age": 4, "hat": 1}, 1500: {"age": 3, "hat": 2}},
        "test": {1: {"age": 1, "hat": 2}},
    }
    assert list(table.splits["train"][2]) == list(table.splits["test"][1])


def test_table_leaves_the_value_zero_out(read):
    assert read(identity_struct(["0001", "0008"], top=[0, 2], hat=[1, 1])).splits["train"] == {
        1: {"hat": 1},
        8: {"hat": 1, "top": 2},
    }


def test_table_describes_samples_and_keeps_the_rest_of_them(read):
    table = read(identity_struct(["0002"], hat=[2]))
    described, notes = table.describe("train", samples(2, 2))
    assert [(s.identity, s.camera, dict(s.attributes)) for s in described] == [(2, 3, {"hat": 2})] * 2
    assert notes == ()


def test_table_notes_identities_without_attributes(read):
    described, notes = read(identity_struct(["0002"], hat=[2])).describe("train", samples(0, 2, 0))
    assert [dict(s.attributes) for s in described] == [{}, {"hat": 2}, {}]
    assert notes == ("table.mat: 1 identity of the train images not in it, without attributes: 0.",)


def test_table_of_other_images_is_refused(read):
    with pytest.raises(
        DatasetError, match=r"do not belong to the images, got .* none of 2 identities such as 5, 6"
    ):
        read(identity_struct(["0002"], hat=[2])).describe("train", samples(5, 6))


@pytest.mark.parametrize(
    "train",
    [
        identity_struct(["0002", "0007"], hat=[1]),
        identity_struct(["0002", "bus"], hat=[1, 2]),
        {"hat": np.array([[1]]), "image_index": np.array([[]])},
    ],
)
def test_table_of_another_form_is_refused(read, train):
    with pytest.raises(
        DatasetError, match=r"Attributes of Zoo have another form, got .*one number per attribute"
    ):
        read(train)


def test_table_without_identities_or_splits_is_refused(read, tmp_path):
    with pytest.raises(DatasetError, match="Expected a struct with image_index"):
        read({"hat": [1]})
    plant_identity_table(tmp_path / "half.mat", "zoo", {"train": identity_struct(["0002"], hat=[1])})
    with pytest.raises(DatasetError, match=r"with the fields train. Expected a struct with train, test"):
        read_identity_table("Zoo", tmp_path / "half.mat", "zoo")
