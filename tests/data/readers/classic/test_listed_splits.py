import json

import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import Sample
from reidkit.data.readers.classic.listed_splits import (
    ListedSplit,
    pick_identities,
    pick_images,
    read_listed_split,
    unread_file_note,
)

PARTS = ("train", "test")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "zoo" / "archive" / "images"
    folder.mkdir(parents=True)
    return folder


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize("levels", [0, 1, 2])
def test_file_is_found_in_the_folder_and_up_to_two_levels_above(folder, levels):
    place = (folder, *folder.parents)[levels]
    path = write(place / "splits.json", [{"train": [1], "test": [2], "other": 3}])
    listed = read_listed_split("Zoo", folder, "splits.json", 0, PARTS)
    assert listed == ListedSplit(path, 0, {"train": [1], "test": [2]})
    assert unread_file_note(folder, "splits.json") == (
        f"{path} was not read; splits_file=splits.json takes the splits from it.",
    )


def test_file_nearest_to_the_data_counts(folder):
    write(folder / "splits.json", [{"train": [1], "test": []}])
    write(folder.parent / "splits.json", [{"train": [2], "test": []}])
    assert read_listed_split("Zoo", folder, "splits.json", 0, PARTS).parts["train"] == [1]


def test_file_of_an_absolute_path_or_below_home_is_found(folder, tmp_path, monkeypatch):
    path = write(tmp_path / "mine.json", [{"train": [], "test": []}, {"train": [5], "test": []}])
    monkeypatch.setenv("HOME", str(tmp_path))
    for given in (path, str(path), "~/mine.json"):
        listed = read_listed_split("Zoo", folder, given, 1, PARTS)
        assert listed.parts["train"] == [5]
        assert listed.note() == f"Split 1 is the one of {path}."


def test_file_three_levels_above_is_not_taken(folder, tmp_path):
    write(tmp_path / "splits.json", [{"train": [], "test": []}])
    with pytest.raises(
        DatasetError,
        match=r"Splits file of Zoo not found, got 'splits\.json'\. Expected it in .*absolute path",
    ):
        read_listed_split("Zoo", folder, "splits.json", 0, PARTS)
    assert unread_file_note(folder, "splits.json") == ()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("<!DOCTYPE html><html>404</html>", "cannot be read"),
        ("", "cannot be read"),
        ({"train": []}, "has a wrong form, got dict"),
        ([], "has a wrong form, got list"),
        ([["train"]], "without a list train and test"),
        ([{"train": [1]}], "without a list test"),
        ([{"train": [1], "test": "1"}], "without a list test"),
        ([{"train": None, "test": []}], "without a list train"),
    ],
)
def test_file_of_another_form_is_refused(folder, content, problem):
    write(folder / "splits.json", content)
    with pytest.raises(DatasetError, match=f"Splits file of Zoo {problem}|got split 0 of .* {problem}"):
        read_listed_split("Zoo", folder, "splits.json", 0, PARTS)


def test_file_of_other_bytes_is_refused(folder):
    (folder / "splits.json").write_bytes(b"\xff\xfe\x00[")
    with pytest.raises(DatasetError, match=r"Splits file of Zoo cannot be read, got .*splits\.json"):
        read_listed_split("Zoo", folder, "splits.json", 0, PARTS)


def listed(**parts):
    from pathlib import Path

    return ListedSplit(Path("/x/splits.json"), 0, parts)


def test_images_are_found_whatever_stands_before_their_last_parts(folder):
    samples = [Sample((folder / camera / "1.bmp",), 1, camera) for camera in ("cam_a", "cam_b")]
    items = ["cam_b/1.bmp", ["/data/cam_a/1.bmp", 0, 0], ["D:\\reid\\VIPeR\\cam_b\\1.bmp"]]
    picked = pick_images("Zoo", listed(query=items), "query", folder, samples)
    assert [sample.camera for sample in picked] == ["cam_b", "cam_a", "cam_b"]


def test_images_are_not_found_by_their_name_alone_where_folders_differ(folder):
    samples = [Sample((folder / "cam_a" / "1.bmp",), 1, "a")]
    with pytest.raises(
        DatasetError,
        match=r"Zoo lacks images of its splits file, got 2 of 3 under query .*: 1\.bmp, /x/cam_b/1\.bmp\.",
    ):
        pick_images("Zoo", listed(query=["1.bmp", "/x/cam_b/1.bmp", "cam_a/1.bmp"]), "query", folder, samples)


@pytest.mark.parametrize("item", [7, None, [], [7, "cam_a/1.bmp"], {"path": "cam_a/1.bmp"}])
def test_item_that_is_no_path_is_refused(folder, item):
    samples = [Sample((folder / "1.bmp",), 1)]
    with pytest.raises(
        DatasetError, match=r"Splits file of Zoo has a wrong form, got .* under train of split 0"
    ):
        pick_images("Zoo", listed(train=[item]), "train", folder, samples)


def test_identities_are_those_listed():
    assert pick_identities("Zoo", listed(train=[3, 1]), "train", {1, 2, 3}) == {1, 3}


@pytest.mark.parametrize("item", [4, "1", None, [1]])
def test_identity_that_is_not_in_the_data_is_refused(item):
    with pytest.raises(DatasetError, match="Zoo lacks identities of its splits file, got 1 under train"):
        pick_identities("Zoo", listed(train=[1, item]), "train", {1, 2, 3})
