import re

import pytest

from reidkit.core.errors import DatasetError
from reidkit.data.readers.finding import Layout, find_root, match_names, skipped_notes

LAYOUT = Layout(
    title="Zoo",
    alternatives=(("query/", "gallery/", "list.txt"), ("test/",)),
    name_hint="zoo",
    how_to_obtain="Ask the zoo.",
)
NAME = re.compile(r"([0-9]+)_c([0-9])\.jpg")


@pytest.fixture
def zoo(tmp_path, write_files):
    return write_files(tmp_path / "data" / "my-zoo", "query/1_c1.jpg", "gallery/1_c2.jpg", "list.txt")


def test_find_root_takes_the_given_folder_without_a_note(zoo):
    assert find_root(LAYOUT, zoo) == (zoo, ())


def test_find_root_takes_the_parent_of_an_entry(zoo):
    root, notes = find_root(LAYOUT, zoo / "query")
    assert root == zoo
    assert "the folder above the given query/" in notes[0]


@pytest.mark.parametrize("levels", [1, 2])
def test_find_root_looks_below(zoo, levels):
    given = zoo.parents[levels - 1]
    root, notes = find_root(LAYOUT, given)
    assert root == zoo
    assert notes == (f"Read {zoo}, found below the given {given}.",)


def test_find_root_prefers_the_hinted_name(zoo, write_files):
    write_files(zoo.parent / "farm" / "test", "a.jpg")
    assert find_root(LAYOUT, zoo.parent)[0] == zoo


def test_find_root_refuses_two_candidates(zoo, write_files):
    write_files(zoo.parent / "other_zoo" / "test", "a.jpg")
    with pytest.raises(DatasetError, match=r"Zoo is not clear, got .*data with 2 folders.*my-zoo.*other_zoo"):
        find_root(LAYOUT, zoo.parent)


def test_find_root_too_deep_is_a_hint_only(zoo):
    with pytest.raises(DatasetError, match=f"Did you mean root='{zoo}'") as caught:
        find_root(LAYOUT, zoo.parent, levels_down=0)
    assert "Expected: query/, gallery/ and list.txt; or test/. Found: my-zoo/." in str(caught.value)
    assert str(caught.value).endswith("Ask the zoo.")


def test_find_root_expands_the_home_folder(zoo, monkeypatch):
    monkeypatch.setenv("HOME", str(zoo.parent))
    assert find_root(LAYOUT, type(zoo)("~/my-zoo"))[0] == zoo


def test_find_root_understands_relative_paths(zoo, monkeypatch):
    monkeypatch.chdir(zoo.parent)
    assert find_root(LAYOUT, type(zoo)("my-zoo"))[0] == zoo


def test_missing_folder_names_the_nearest(zoo):
    with pytest.raises(
        DatasetError, match=f"myzoo does not exist.*Found in .*: my-zoo/. Did you mean '{zoo}'"
    ):
        find_root(LAYOUT, zoo.parent / "myzoo")


def test_missing_folder_deep_below_names_what_exists(zoo):
    with pytest.raises(DatasetError, match=r"Found in .*data: my-zoo/\. Ask"):
        find_root(LAYOUT, zoo.parent / "nothing" / "like" / "it")


def test_archive_is_refused_with_the_fix(tmp_path, write_files):
    write_files(tmp_path, "zoo.zip")
    with pytest.raises(DatasetError, match=r"got the file .*zoo\.zip\. Expected a folder.*Unpack it"):
        find_root(LAYOUT, tmp_path / "zoo.zip")
    with pytest.raises(DatasetError, match=r"Found: zoo\.zip\. Unpack zoo\.zip first"):
        find_root(LAYOUT, tmp_path)


def test_other_file_is_refused(zoo):
    with pytest.raises(
        DatasetError, match=r"list\.txt\. Expected a folder with .* Give the folder it belongs to"
    ):
        find_root(LAYOUT, zoo / "list.txt")


def test_empty_folder_says_nothing_is_there(tmp_path):
    with pytest.raises(DatasetError, match="Found: nothing"):
        find_root(LAYOUT, tmp_path)


def test_incomplete_folder_says_what_is_absent(zoo):
    (zoo / "list.txt").unlink()
    with pytest.raises(DatasetError, match=r"my-zoo holds query/ and gallery/, but not list\.txt\."):
        find_root(LAYOUT, zoo.parent)


def test_misspelt_entry_is_recognized(tmp_path, write_files):
    write_files(tmp_path, "Test/a.jpg")
    with pytest.raises(DatasetError, match="Should 'Test/' be named 'test/'"):
        find_root(LAYOUT, tmp_path)
    write_files(tmp_path, "query/a.jpg", "galery/a.jpg", "list.txt")
    with pytest.raises(DatasetError, match="Should 'galery/' be named 'gallery/'"):
        find_root(LAYOUT, tmp_path)


def test_search_below_stays_bounded(tmp_path, monkeypatch):
    for number in range(30):
        (tmp_path / f"{number:02d}" / "x").mkdir(parents=True)
    monkeypatch.setattr("reidkit.data.readers.finding._MOST_FOLDERS_VISITED", 5)
    with pytest.raises(DatasetError, match="not found under"):
        find_root(LAYOUT, tmp_path)


def test_folder_next_door_that_cannot_be_listed_is_passed_over(zoo, monkeypatch):
    import reidkit.data.readers.finding as finding

    (zoo.parent / "locked").mkdir()
    original = finding.list_folder

    def list_unless_locked(folder):
        if folder.name == "locked":
            raise DatasetError("Folder cannot be listed")
        return original(folder)

    monkeypatch.setattr(finding, "list_folder", list_unless_locked)
    assert find_root(LAYOUT, zoo.parent)[0] == zoo


def test_match_names_returns_images_and_counts_the_rest(tmp_path, write_files):
    folder = write_files(tmp_path / "query", "2_c1.jpg", "1_c2.jpg", "me.jpg", "notes.txt", "._1_c2.jpg")
    named = match_names(LAYOUT, folder, NAME, "<identity>_c<camera>.jpg")
    assert [(path.name, match[1], match[2]) for path, match in named.images] == [
        ("1_c2.jpg", "1", "2"),
        ("2_c1.jpg", "2", "1"),
    ]
    assert named.notes == (
        "query/: 1 file left out, not named <identity>_c<camera>.jpg: me.jpg.",
        "query/: 1 file left out, no images: notes.txt.",
    )


def test_match_names_refuses_a_folder_without_a_match(tmp_path, write_files):
    folder = write_files(tmp_path / "query", *(f"{number}.bmp" for number in range(53)))
    with pytest.raises(
        DatasetError,
        match=r"Zoo has no image in .*query, got 0 files named <i>\.jpg among 53 files: 53 '\.bmp'",
    ):
        match_names(LAYOUT, folder, NAME, "<i>.jpg")


def test_match_names_refuses_an_empty_folder(tmp_path):
    with pytest.raises(DatasetError, match="among 0 files: no file"):
        match_names(LAYOUT, tmp_path, NAME, "<i>.jpg")


def test_match_names_never_matches_the_folder(tmp_path, write_files):
    folder = write_files(tmp_path / "9_c9.jpg", "1_c2.jpg")
    ((_, match),) = match_names(LAYOUT, folder, NAME, "<i>.jpg").images
    assert match[0] == "1_c2.jpg"


def test_skipped_notes_name_up_to_five(tmp_path):
    files = [tmp_path / f"{number}.txt" for number in range(7)]
    (note,) = skipped_notes(tmp_path, files, "no images")
    assert note.endswith("7 files left out, no images: 0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 2 more.")
    assert skipped_notes(tmp_path, [], "no images") == ()
