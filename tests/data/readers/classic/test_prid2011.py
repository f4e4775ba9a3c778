import json

import pytest

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.classic.prid2011 import read_prid2011

BOTH = (1, 2, 17, 199, 200)


@pytest.fixture
def prid2011(tmp_path, write_files):
    root = tmp_path / "prid2011" / "prid_2011"
    for camera, others in (("a", (201, 385)), ("b", (201, 385, 749))):
        names = [f"person_{person:04d}.png" for person in (*BOTH, *others)]
        write_files(root / "single_shot" / f"cam_{camera}", *names, content=b"")
        write_files(root / "multi_shot" / f"cam_{camera}" / "person_0001", "0001.png", content=b"")
    return root


def rows(samples):
    return [(sample.identity, sample.camera) for sample in samples]


def test_prid2011_distractors_of_camera_b_are_in_every_gallery(prid2011):
    for split in range(10):
        splits = read_prid2011(prid2011, split=split)
        assert (len(splits.train), len(splits.query)) == (4, 3)
        assert rows(splits.gallery[-3:]) == [(201, "b"), (385, "b"), (749, "b")]
        assert rows(splits.gallery[:-3]) == [(identity, "b") for identity, _ in rows(splits.query)]
        assert {camera for _, camera in rows(splits.query)} == {"a"}


def test_prid2011_people_above_200_of_camera_a_are_somebody_else_and_left_out(prid2011):
    splits = read_prid2011(prid2011)
    assert all(identity <= 200 for identity, _ in rows((*splits.train, *splits.query)))
    assert "cam_a/: 2 images of people above 200 left out, whom camera b did not see." in splits.notes


def test_prid2011_divides_the_people_of_both_cameras(prid2011):
    splits = read_prid2011(prid2011)
    learned = {identity for identity, _ in rows(splits.train)}
    tested = {identity for identity, _ in rows(splits.query)}
    assert (len(learned), len(tested)) == (2, 3)
    assert learned | tested == set(BOTH)


def test_prid2011_published_counts_are_100_and_100_and_549_distractors(prid2011):
    assert read_prid2011(prid2011).published_counts == {
        "train": SplitCounts(100, 200, 2),
        "query": SplitCounts(100, 100, 1),
        "gallery": SplitCounts(100 + 749 - 200, 649, 1),
    }


@pytest.mark.parametrize("place", ["prid_2011", "prid_2011/single_shot", "prid_2011/single_shot/cam_a", "."])
def test_prid2011_is_found_from_each_of_its_folders(prid2011, place):
    splits = read_prid2011(prid2011.parent / place)
    assert splits.root == prid2011 / "single_shot"


def test_prid2011_is_found_beside_prid450s(prid2011, write_files):
    data = prid2011.parents[1]
    for camera in "ab":
        write_files(data / "prid450s" / "prid_450s" / f"cam_{camera}", "img_0001.png", content=b"")
    assert read_prid2011(data).root == prid2011 / "single_shot"


def test_prid2011_tracklets_are_refused(prid2011):
    with pytest.raises(
        DatasetError, match=r"no image in .*multi_shot/cam_a, got 0 files named person_<identity>"
    ):
        read_prid2011(prid2011 / "multi_shot")


def test_prid2011_takes_torchreids_splits_of_people(prid2011):
    entries = [{"train": [1], "test": [2]}, {"train": [200, 17], "test": [2, 1]}]
    path = prid2011.parent / "splits_single_shot.json"
    path.write_text(json.dumps(entries))
    splits = read_prid2011(prid2011, split=1, splits_file="splits_single_shot.json")
    assert rows(splits.train) == [(17, "a"), (200, "a"), (17, "b"), (200, "b")]
    assert rows(splits.query) == [(1, "a"), (2, "a")]
    assert rows(splits.gallery) == [(1, "b"), (2, "b"), (201, "b"), (385, "b"), (749, "b")]
    assert splits.notes[-1] == f"Split 1 is the one of {path}."
    assert read_prid2011(prid2011).notes[-1] == (
        f"{path} was not read; splits_file=splits_single_shot.json takes the splits from it."
    )


@pytest.mark.parametrize("unknown", [201, 3, 999])
def test_prid2011_splits_of_people_whom_not_both_cameras_saw_are_refused(prid2011, unknown):
    path = prid2011 / "mine.json"
    path.write_text(json.dumps([{"train": [1], "test": [unknown, 2]}]))
    with pytest.raises(DatasetError, match=rf"got 1 under test that are not in the data: {unknown}\."):
        read_prid2011(prid2011, splits_file="mine.json")


def test_prid2011_unknown_split_is_refused_with_a_file_too(prid2011):
    with pytest.raises(CatalogError, match=r"got 10\. Expected 0 to 9"):
        read_prid2011(prid2011, split=10, splits_file="absent.json")
