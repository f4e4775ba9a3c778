import json

import pytest

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.video.prid2011_video import read_prid2011_video


@pytest.fixture
def plant(tmp_path, write_files):
    """Return a function that writes tracklets: by camera and person, how many frames."""

    def plant_tree(**cameras):
        root = tmp_path / "data" / "prid2011"
        for camera, people in cameras.items():
            for person, count in people.items():
                names = [f"{frame:04d}.png" for frame in range(1, count + 1)]
                write_files(root / f"prid_2011/multi_shot/{camera}/person_{person:04d}", *names)
        return root

    return plant_tree


@pytest.fixture
def prid(plant):
    """People 1 to 6 of both cameras; 7 and 8 are too short in one; 201 is two different people."""
    long = dict.fromkeys(range(1, 7), 27)
    return plant(cam_a={**long, 7: 26, 8: 30, 9: 30, 201: 27}, cam_b={**long, 7: 30, 8: 26, 10: 30, 201: 27})


def write_splits(root, splits):
    path = root / "splits_prid2011.json"
    path.write_text(splits if isinstance(splits, str) else json.dumps(splits))
    return path


def name(*people):
    return [f"person_{person:04d}" for person in people]


def facts(samples):
    return [(sample.identity, sample.camera) for sample in samples]


def people_of(splits):
    return [{s.identity for s in part} for part in (splits.train, splits.query, splits.gallery)]


def test_people_of_27_frames_in_both_cameras_are_halved(prid):
    splits = read_prid2011_video(prid)
    train, query, gallery = people_of(splits)
    assert query == gallery
    assert train | query == {1, 2, 3, 4, 5, 6}
    assert len(train) == len(query) == 3
    assert [sample.camera for sample in splits.query] == ["a"] * 3
    assert [sample.camera for sample in splits.gallery] == ["b"] * 3
    assert facts(splits.train) == [(identity, camera) for identity in sorted(train) for camera in "ab"]


def test_number_above_200_is_somebody_else_in_each_camera(prid):
    for split in range(10):
        assert 201 not in set.union(*people_of(read_prid2011_video(prid, split=split, least_frames=1)))


def test_splits_of_our_own_differ_are_fixed_and_follow_the_seed(prid):
    learned = [frozenset(people_of(read_prid2011_video(prid, split=split))[0]) for split in range(10)]
    assert len(set(learned)) > 3
    assert frozenset(people_of(read_prid2011_video(prid, split=3))[0]) == learned[3]
    assert [frozenset(people_of(read_prid2011_video(prid, split=s, seed=1))[0]) for s in range(10)] != learned
    assert learned[0] == {1, 3, 6}  # on every machine


def test_splits_of_our_own_are_announced(prid):
    assert (
        read_prid2011_video(prid, split=2)
        .notes[-1]
        .startswith(
            "Split 2 (seed=0) is our own, since no splits_prid2011.json was found: 3 of the 6 people with at least"
        )
    )


def test_counts_are_of_178_people_unless_the_option_changes_who_counts(prid):
    assert read_prid2011_video(prid).published_counts == {
        "train": SplitCounts(89, 178, 2),
        "query": SplitCounts(89, 89, 1),
        "gallery": SplitCounts(89, 89, 1),
    }
    assert read_prid2011_video(prid, least_frames=26).published_counts == {}
    assert set.union(*people_of(read_prid2011_video(prid, least_frames=26))) == {1, 2, 3, 4, 5, 6, 7, 8}


@pytest.mark.parametrize("level", [0, 1, 2])
def test_file_of_splits_is_used_where_it_lies(prid, level):
    place = (prid / "prid_2011", prid, prid.parent)[level]
    path = write_splits(place, [{"train": name(5, 1), "test": name(8, 2)}] * 10)
    splits = read_prid2011_video(prid)
    assert facts(splits.train) == [(1, "a"), (1, "b"), (5, "a"), (5, "b")]
    assert facts(splits.query) == [(2, "a"), (8, "a")]
    assert facts(splits.gallery) == [(2, "b"), (8, "b")]  # as listed, however few frames
    assert splits.notes[-1] == f"Split 0 is the one of {path}."


def test_each_split_of_the_file_is_its_entry(prid):
    write_splits(
        prid, [{"train": name(split % 6 + 1), "test": name((split + 1) % 6 + 1)} for split in range(10)]
    )
    assert [people_of(read_prid2011_video(prid, split=split)) for split in (0, 5, 9)] == [
        [{1}, {2}, {2}], [{6}, {1}, {1}], [{4}, {5}, {5}],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ("<html></html>", "have a wrong form, got Expecting value"),
        ("[1, 2", "have a wrong form"),
        ({"train": [], "test": []}, "got no list in"),
        ([{"train": name(1), "test": name(2)}] * 9, "got 9 entries in"),
        ([1] * 10, "got a split without people under 'train'"),
        ([{"train": name(1)}] * 10, "got a split without people under 'test'"),
        ([{"train": [], "test": name(2)}] * 10, "got a split without people under 'train'"),
        ([{"train": name(1, 2), "test": name(2, 3)}] * 10, "got 2 in train and test of split 0"),
        (
            [{"train": name(1, 9), "test": name(2)}] * 10,
            "lacks people .* got 1 of 2 under 'train' .*person_0009",
        ),
        ([{"train": name(1), "test": name(201)}] * 10, "got 1 of 1 under 'test' .*person_0201"),
        ([{"train": [1], "test": name(2)}] * 10, r"got 1 of 1 under 'train' .*: 1\."),
    ],
)
def test_file_of_splits_that_does_not_fit_is_refused(prid, splits, message):
    write_splits(prid, splits)
    with pytest.raises(DatasetError, match=message):
        read_prid2011_video(prid)


def test_frames_are_sorted_by_number(plant, write_files):
    root = plant(cam_a={1: 2, 2: 2}, cam_b={1: 2, 2: 2})
    write_files(root / "prid_2011/multi_shot/cam_a/person_0001", "10.png", "9.png")
    samples = read_prid2011_video(root, least_frames=2)
    (tracklet,) = (s for s in (*samples.train, *samples.query) if s.identity == 1 and s.camera == "a")
    assert [frame.name for frame in tracklet.frames] == ["0001.png", "0002.png", "9.png", "10.png"]


def test_too_few_people_are_refused(plant):
    root = plant(cam_a={1: 27, 2: 26}, cam_b={1: 27, 2: 27})
    with pytest.raises(DatasetError, match="cannot be divided, got 1 person with at least 27 frames in both"):
        read_prid2011_video(root)


def test_bad_options_are_refused(prid):
    with pytest.raises(CatalogError, match="least_frames is too small, got 0"):
        read_prid2011_video(prid, least_frames=0)
    with pytest.raises(CatalogError, match="split is unknown, got -1"):
        read_prid2011_video(prid, split=-1)


def test_data_is_found_from_above_and_below(prid):
    usual = read_prid2011_video(prid)
    for place in (prid.parent, prid / "prid_2011", prid / "prid_2011" / "multi_shot"):
        assert read_prid2011_video(place).train == usual.train


def test_single_shot_images_are_not_mistaken_for_it(tmp_path, write_files):
    for camera in ("cam_a", "cam_b"):
        write_files(tmp_path / "single_shot" / camera, "person_0001.png")
    with pytest.raises(DatasetError, match=r"not found under .*Expected: multi_shot/"):
        read_prid2011_video(tmp_path)
