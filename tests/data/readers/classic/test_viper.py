import hashlib
import json
import re

import pytest

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.classic.viper import read_viper

PEOPLE = (0, 1, 2, 873, 45, 90)


@pytest.fixture
def viper(tmp_path, write_files):
    root = tmp_path / "c7" / "viper" / "VIPeR"
    for camera, angle in (("a", 45), ("b", 180)):
        write_files(root / f"cam_{camera}", *(f"{person:03d}_{angle}.bmp" for person in PEOPLE), content=b"")
    return root


def names(samples):
    return [f"{sample.path.parent.name}/{sample.path.name}" for sample in samples]


def learned(people, number, seed=0):
    """The half to learn from, from the rule in words: the people of the smallest hashes."""

    def digest(person):
        return hashlib.sha256(f"viper:{seed}:{number}:{person}".encode()).digest()

    return set(sorted(people, key=digest)[: len(people) // 2])


def test_viper_even_split_searches_camera_a_in_camera_b(viper):
    splits = read_viper(viper)
    half = learned(PEOPLE, 0)
    rest = sorted(set(PEOPLE) - half)
    assert len(half) == len(rest) == 3
    assert [(sample.identity, sample.camera) for sample in splits.train] == [
        (person, camera) for camera in "ab" for person in sorted(half)
    ]
    assert [(sample.identity, sample.camera) for sample in splits.query] == [(person, "a") for person in rest]
    assert [(sample.identity, sample.camera) for sample in splits.gallery] == [(p, "b") for p in rest]
    assert names(splits.query) == [f"cam_a/{person:03d}_45.bmp" for person in rest]
    assert names(splits.gallery) == [f"cam_b/{person:03d}_180.bmp" for person in rest]


@pytest.mark.parametrize("even", range(0, 20, 2))
def test_viper_odd_split_is_the_even_one_before_in_the_other_direction(viper, even):
    one, other = read_viper(viper, split=even), read_viper(viper, split=even + 1)
    assert {sample.identity for sample in one.train} == learned(PEOPLE, even // 2)
    assert one.train == other.train
    assert (one.query, one.gallery) == (other.gallery, other.query)
    assert {sample.camera for sample in other.query} == {"b"}


def test_viper_ten_halves_differ_and_never_share_people(viper):
    halves = [read_viper(viper, split=split) for split in range(0, 20, 2)]
    assert len({splits.train for splits in halves}) > 5
    for splits in halves:
        assert not {s.identity for s in splits.train} & {s.identity for s in (*splits.query, *splits.gallery)}


def test_viper_seed_gives_other_halves(viper):
    assert {sample.identity for sample in read_viper(viper, seed=7).train} == learned(PEOPLE, 0, seed=7)
    assert any(
        read_viper(viper, seed=7, split=split).train != read_viper(viper, split=split).train
        for split in range(20)
    )


def test_viper_says_that_its_splits_are_our_own(viper):
    assert read_viper(viper, split=3, seed=5).notes == (
        "Split 3 of 0 to 19 (seed=5): 3 of 6 identities are learned from. These random splits are our own, "
        "not those of a published file: scores are comparable in the mean over all 20 only.",
        "Camera b is searched in camera a.",
    )


def test_viper_published_counts(viper):
    assert read_viper(viper).published_counts == {
        "train": SplitCounts(316, 632, 2),
        "query": SplitCounts(316, 316, 1),
        "gallery": SplitCounts(316, 316, 1),
    }


@pytest.mark.parametrize("split", [-1, 20])
def test_viper_unknown_split_is_refused(viper, split):
    with pytest.raises(CatalogError, match=f"split is unknown, got {split}. Expected 0 to 19"):
        read_viper(viper, split=split)
    with pytest.raises(CatalogError, match=f"split is unknown, got {split}. Expected 0 to 19"):
        read_viper(viper, split=split, splits_file="splits.json")


def test_viper_people_of_one_camera_are_left_out_and_counted(viper, write_files):
    (viper / "cam_a" / "873_45.bmp").unlink()
    write_files(viper / "cam_b", "500_0.bmp")
    splits = read_viper(viper)
    found = {sample.identity for sample in (*splits.train, *splits.query, *splits.gallery)}
    assert found == {0, 1, 2, 45, 90}
    assert len(splits.query) == len(splits.gallery) == 3
    assert "2 identities left out, seen by one camera only." in splits.notes


def test_viper_of_one_person_is_refused(viper):
    for path in viper.glob("cam_*/*"):
        if not path.name.startswith("000"):
            path.unlink()
    with pytest.raises(
        DatasetError, match=r"VIPeR cannot be divided, got 1 identity that both cameras saw in .*at least 2"
    ):
        read_viper(viper)


def test_viper_of_another_data_set_is_refused(tmp_path, write_files):
    for camera in "ab":
        write_files(tmp_path / f"cam_{camera}", "img_0001.png", content=b"")
    with pytest.raises(DatasetError, match=r"VIPeR has no image in .*cam_a, got 0 files named <identity>_"):
        read_viper(tmp_path)


def test_viper_is_found_beside_other_sets_of_two_cameras(viper, write_files):
    data = viper.parents[1]
    for camera in "ab":
        write_files(data / "prid450s" / "prid_450s" / f"cam_{camera}", "img_0001.png", content=b"")
    assert read_viper(data).root == viper


@pytest.fixture
def splits_file(viper):
    """Torchreid's file: paths of another machine, people numbered anew, two directions per half."""

    def items(camera, angle, people):
        folder = f"/home/kaiyang/reid-data/viper/VIPeR/cam_{camera}"
        return [
            [f"{folder}/{person:03d}_{angle}.bmp", number, "ab".index(camera)]
            for number, person in enumerate(people)
        ]

    def write(windows=False, test=(873, 45, 0), learn=(90, 2, 1)):
        train = [
            item for pair in zip(items("a", 45, learn), items("b", 180, learn), strict=True) for item in pair
        ]
        a, b = items("a", 45, test), items("b", 180, test)
        content = [
            {"train": train, "query": query, "gallery": gallery, "num_train_pids": 3}
            for query, gallery in ((a, b), (b, a))
        ]
        text = json.dumps(content)
        path = viper.parent / "splits.json"
        path.write_text(text.replace("/", "\\\\") if windows else text)
        return path

    return write


@pytest.mark.parametrize("windows", [False, True])
def test_viper_takes_torchreids_splits_by_the_last_parts_of_their_paths(viper, splits_file, windows):
    path = splits_file(windows)
    splits = read_viper(viper, split=1, splits_file="splits.json", seed=9)
    assert names(splits.query) == ["cam_b/873_180.bmp", "cam_b/045_180.bmp", "cam_b/000_180.bmp"]
    assert names(splits.gallery) == ["cam_a/873_45.bmp", "cam_a/045_45.bmp", "cam_a/000_45.bmp"]
    assert [(sample.identity, sample.camera) for sample in splits.query] == [(873, "b"), (45, "b"), (0, "b")]
    assert [(sample.identity, sample.camera) for sample in splits.train] == [
        (person, camera) for person in (90, 2, 1) for camera in "ab"
    ]
    assert splits.notes == (f"Split 1 is the one of {path}.",)
    assert {sample.path.parents[1] for sample in splits.train} == {viper}


def test_viper_says_that_torchreids_splits_lie_there_unread(viper, splits_file):
    path = splits_file()
    assert read_viper(viper).notes[-1] == (
        f"{path} was not read; splits_file=splits.json takes the splits from it."
    )


def test_viper_splits_file_with_fewer_splits_is_refused(viper, splits_file):
    path = splits_file()
    with pytest.raises(
        DatasetError, match=rf"has no split 2, got 2 splits in {re.escape(str(path))}.*0 to 1"
    ):
        read_viper(viper, split=2, splits_file=path)


def test_viper_splits_file_of_images_that_are_not_there_is_refused(viper, splits_file):
    splits_file(test=(873, 45, 632))
    with pytest.raises(
        DatasetError,
        match=r"VIPeR lacks images of its splits file, got 1 of 3 under query .*cam_a/632_45\.bmp",
    ):
        read_viper(viper, splits_file="splits.json")
