import json

import pytest

from reidkit.core.errors import CatalogError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.classic.prid450s import read_prid450s


@pytest.fixture
def prid450s(tmp_path, write_files):
    root = tmp_path / "prid_450s"
    for camera in "ab":
        write_files(root / f"cam_{camera}", *(f"img_{person:04d}.png" for person in range(1, 8)), content=b"")
        write_files(root / f"cam_{camera}", "part_map_0001.png", "mask_0001.png", content=b"")
    return root


def test_prid450s_every_split_searches_camera_a_in_camera_b(prid450s):
    for split in range(10):
        splits = read_prid450s(prid450s, split=split)
        assert (len(splits.train), len(splits.query), len(splits.gallery)) == (6, 4, 4)
        assert {sample.camera for sample in splits.query} == {"a"}
        assert {sample.camera for sample in splits.gallery} == {"b"}
        tested = {sample.identity for sample in splits.query}
        assert tested == {sample.identity for sample in splits.gallery}
        assert tested | {sample.identity for sample in splits.train} == set(range(1, 8))


def test_prid450s_splits_are_ten_different_halves(prid450s):
    assert len({read_prid450s(prid450s, split=split).train for split in range(10)}) > 5
    with pytest.raises(CatalogError, match=r"got 10\. Expected 0 to 9"):
        read_prid450s(prid450s, split=10)


def test_prid450s_masks_are_left_out_and_counted(prid450s):
    notes = read_prid450s(prid450s).notes
    assert notes[0].startswith("cam_a/: 2 files left out, not named img_<identity>.png: mask_0001.png, part_")
    assert notes[1].startswith("cam_b/: 2 files left out")


def test_prid450s_published_counts(prid450s):
    assert read_prid450s(prid450s).published_counts == {
        "train": SplitCounts(225, 450, 2),
        "query": SplitCounts(225, 225, 1),
        "gallery": SplitCounts(225, 225, 1),
    }


def test_prid450s_takes_torchreids_splits_with_both_cameras_in_query_and_gallery(prid450s):
    test = [[f"data/prid450s/cam_{camera}/img_0007.png", 7, 0] for camera in "ab"]
    entry = {"train": [["data/prid450s/cam_a/img_0001.png", 0, 0]], "query": test, "gallery": test}
    (prid450s / "splits.json").write_text(json.dumps([entry]))
    splits = read_prid450s(prid450s, splits_file="splits.json")
    assert [(sample.identity, sample.camera) for sample in splits.query] == [(7, "a"), (7, "b")]
    assert splits.query == splits.gallery
    assert [(sample.identity, sample.camera) for sample in splits.train] == [(1, "a")]
