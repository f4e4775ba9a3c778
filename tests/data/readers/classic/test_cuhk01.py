import json

import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.classic.cuhk01 import read_cuhk01

PEOPLE = (1, 2, 12, 500, 971)


@pytest.fixture
def cuhk01(tmp_path, write_files):
    root = tmp_path / "exp-7_c9" / "cuhk01"
    names = [f"{person:04d}00{image}.png" for person in PEOPLE for image in (1, 2, 3, 4)]
    write_files(root / "campus", *names, content=b"")
    return root


def rows(samples):
    return {(sample.path.name, sample.identity, sample.camera) for sample in samples}


def test_cuhk01_images_1_and_2_are_of_camera_1_and_3_and_4_of_camera_2(cuhk01):
    splits = read_cuhk01(cuhk01)
    assert rows((*splits.train, *splits.query, *splits.gallery)) == {
        (f"{person:04d}00{image}.png", person, 1 if image <= 2 else 2)
        for person in PEOPLE
        for image in (1, 2, 3, 4)
    }


def test_cuhk01_learns_from_the_smaller_half_with_both_cameras(cuhk01):
    splits = read_cuhk01(cuhk01)
    assert len(splits.train) == 2 * 4
    assert len(splits.query) == len(splits.gallery) == 3 * 2
    assert {sample.camera for sample in splits.query} == {1}
    assert {sample.camera for sample in splits.gallery} == {2}


def test_cuhk01_odd_split_searches_camera_2_in_camera_1(cuhk01):
    even, odd = read_cuhk01(cuhk01, split=18), read_cuhk01(cuhk01, split=19)
    assert odd.train == even.train
    assert (odd.query, odd.gallery) == (even.gallery, even.query)
    assert "Camera 2 is searched in camera 1." in odd.notes


def test_cuhk01_published_counts_are_485_and_486_people_of_four_images(cuhk01):
    counts = read_cuhk01(cuhk01).published_counts
    assert counts["train"] == SplitCounts(485, 4 * 485, 2)
    assert counts["query"] == counts["gallery"] == SplitCounts(486, 2 * 486, 1)
    assert 485 + 486 == 971


def test_cuhk01_without_its_folder_is_read_too(cuhk01, tmp_path):
    splits = read_cuhk01(cuhk01 / "campus")
    (cuhk01 / "campus").rename(tmp_path / "CUHK01")
    moved = read_cuhk01(tmp_path / "CUHK01")
    assert rows(moved.query) == rows(splits.query)
    assert rows(read_cuhk01(tmp_path).query) == rows(splits.query)


def test_cuhk01_other_names_are_left_out_and_counted(cuhk01, write_files):
    write_files(cuhk01 / "campus", "0001005.png", "001001.png", "0001001.jpg", content=b"")
    assert any(
        "3 files left out, not named <identity>00<image 1-4>.png" in n for n in read_cuhk01(cuhk01).notes
    )


def test_cuhk01_takes_torchreids_splits(cuhk01):
    def item(name):
        return [f"/data/cuhk01/campus/{name}.png", 0, 0]

    entry = {"train": [item("0001001")], "query": [item("0002003")], "gallery": [item("0002001")]}
    (cuhk01 / "splits.json").write_text(json.dumps([entry]))
    splits = read_cuhk01(cuhk01, splits_file="splits.json")
    assert rows(splits.train) == {("0001001.png", 1, 1)}
    assert rows(splits.query) == {("0002003.png", 2, 2)}
    assert rows(splits.gallery) == {("0002001.png", 2, 1)}


def test_cuhk01_not_found_says_what_it_looks_for(tmp_path):
    with pytest.raises(DatasetError, match=r"Expected: campus/; or 0001001\.png\. Found: nothing"):
        read_cuhk01(tmp_path)
