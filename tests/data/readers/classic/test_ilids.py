import hashlib
import json

import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.classic.ilids import read_ilids

IMAGES = {1: 4, 2: 2, 3: 8, 50: 3, 119: 5}


@pytest.fixture
def ilids(tmp_path, write_files):
    root = tmp_path / "ilids" / "i-LIDS_Pedestrian"
    names = [
        f"{person:04d}{image:03d}.jpg" for person, count in IMAGES.items() for image in range(1, count + 1)
    ]
    write_files(root / "Persons", *names, content=b"")
    return root


def in_order(items, seed):
    return sorted(items, key=lambda item: hashlib.sha256(f"{seed}:{item}".encode()).digest())


@pytest.mark.parametrize("split", range(10))
def test_ilids_one_random_image_is_searched_and_another_one_found(ilids, split):
    splits = read_ilids(ilids, split=split)
    learned = set(in_order(IMAGES, f"ilids:0:{split}")[:2])
    assert {sample.identity for sample in splits.train} == learned
    assert len(splits.train) == sum(IMAGES[person] for person in learned)
    tested = sorted(set(IMAGES) - learned)
    assert [sample.identity for sample in splits.query] == tested
    assert [sample.identity for sample in splits.gallery] == tested
    for person, query, gallery in zip(tested, splits.query, splits.gallery, strict=True):
        own = [f"{person:04d}{image:03d}.jpg" for image in range(1, IMAGES[person] + 1)]
        assert [query.path.name, gallery.path.name] == in_order(own, f"ilids:0:{split}")[:2]


def test_ilids_count_of_the_images_is_no_camera(ilids):
    splits = read_ilids(ilids)
    assert {sample.camera for sample in (*splits.train, *splits.query, *splits.gallery)} == {None}
    assert splits.protocol == "no-camera"


def test_ilids_seed_gives_other_images(ilids):
    assert any(
        read_ilids(ilids, split=split).query != read_ilids(ilids, split=split, seed=1).query
        for split in range(10)
    )


def test_ilids_published_counts_of_60_people(ilids):
    assert read_ilids(ilids).published_counts == {
        "query": SplitCounts(60, 60),
        "gallery": SplitCounts(60, 60),
    }


def test_ilids_person_of_one_image_is_refused(ilids, write_files):
    write_files(ilids / "Persons", "0077001.jpg")
    with pytest.raises(
        DatasetError, match=r"got 6 identities in .*Persons, 1 of them with a single image \(e\.g\. 77\)"
    ):
        read_ilids(ilids)


def test_ilids_of_one_person_is_refused(tmp_path, write_files):
    write_files(tmp_path / "Persons", "0001001.jpg", "0001002.jpg", content=b"")
    with pytest.raises(DatasetError, match=r"cannot be divided, got 1 identity .*, 0 of them with a single"):
        read_ilids(tmp_path)


@pytest.mark.parametrize("place", ["ilids", "ilids/i-LIDS_Pedestrian/Persons", "."])
def test_ilids_is_found_from_above_and_from_its_folder(ilids, place):
    assert read_ilids(ilids.parents[1] / place).root == ilids / "Persons"


def test_ilids_takes_torchreids_splits_of_file_names(ilids):
    entry = {"train": ["0003001.jpg", "0003002.jpg"], "query": ["0001004.jpg"], "gallery": ["0001001.jpg"]}
    path = ilids.parent / "splits.json"
    path.write_text(json.dumps([entry]))
    splits = read_ilids(ilids, splits_file="splits.json")
    assert [sample.path.name for sample in splits.train] == ["0003001.jpg", "0003002.jpg"]
    assert [(sample.identity, sample.path.name) for sample in splits.query] == [(1, "0001004.jpg")]
    assert [(sample.identity, sample.path.name) for sample in splits.gallery] == [(1, "0001001.jpg")]
    assert splits.notes == (f"Split 0 is the one of {path}.",)
    assert f"{path} was not read" in read_ilids(ilids).notes[-1]
