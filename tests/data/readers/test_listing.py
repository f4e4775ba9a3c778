import os

import pytest

from reidkit.core.errors import DatasetError
from reidkit.data.readers.listing import (
    FolderContent,
    describe_content,
    describe_kinds,
    existing_parent,
    is_clutter,
    is_image_name,
    list_folder,
    list_tree,
)


@pytest.mark.parametrize(
    "name", ["a.jpg", "a.JPG", "a.Jpeg", "a.png", "a.bmp", "a.webp", "a.tif", "a.TIFF", "a.ppm"]
)
def test_image_names_count_in_any_case(name):
    assert is_image_name(name)


@pytest.mark.parametrize("name", ["a.txt", "jpg", "a.jpg.txt", "a.gif", "a", "", "a."])
def test_other_names_are_no_images(name):
    assert not is_image_name(name)


@pytest.mark.parametrize(
    "name", ["._0001_c1.jpg", ".DS_Store", "Thumbs.db", "THUMBS.DB", "__MACOSX", ".git", "desktop.ini"]
)
def test_clutter_is_known(name):
    assert is_clutter(name)


def test_list_folder_sorts_and_separates(tmp_path, write_files):
    write_files(
        tmp_path, "b.jpg", "A.JPG", "a.jpg", "notes.txt", "z/a.jpg", "Thumbs.db", "._b.jpg", ".hidden/a.jpg"
    )
    content = list_folder(tmp_path)
    assert [path.name for path in content.images] == ["A.JPG", "a.jpg", "b.jpg"]
    assert [path.name for path in content.others] == ["notes.txt"]
    assert [path.name for path in content.folders] == ["z"]


def test_list_folder_does_not_depend_on_the_order_of_the_file_system(tmp_path, write_files, monkeypatch):
    write_files(tmp_path, *(f"{number}.jpg" for number in range(20)))
    usual = list_folder(tmp_path)
    original = os.scandir

    class Reversed:
        def __init__(self, folder):
            self.entries = list(original(folder))[::-1]

        def __enter__(self):
            return iter(self.entries)

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(os, "scandir", Reversed)
    assert list_folder(tmp_path) == usual
    assert len(usual.images) == 20


def test_list_folder_refuses_what_cannot_be_listed(tmp_path):
    with pytest.raises(DatasetError, match=r"Folder cannot be listed, got .*absent \(No such file"):
        list_folder(tmp_path / "absent")


def test_broken_link_counts_as_another_file(tmp_path):
    (tmp_path / "a.jpg").symlink_to(tmp_path / "gone.jpg")
    content = list_folder(tmp_path)
    assert not content.images
    assert [path.name for path in content.others] == ["a.jpg"]


def test_list_tree_finds_nested_files(tmp_path, write_files):
    write_files(tmp_path, "b/2.jpg", "a.jpg", "b/c/1.png", "b/readme", "__MACOSX/x.jpg")
    content = list_tree(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in content.images] == [
        "a.jpg",
        "b/2.jpg",
        "b/c/1.png",
    ]
    assert [path.name for path in content.others] == ["readme"]
    assert content.folders == ()


def test_list_tree_follows_links_but_no_circle(tmp_path, write_files):
    write_files(tmp_path, "data/a.jpg", "elsewhere/b.jpg")
    (tmp_path / "data" / "up").symlink_to(tmp_path / "data")
    (tmp_path / "data" / "more").symlink_to(tmp_path / "elsewhere")
    assert [path.name for path in list_tree(tmp_path / "data").images] == ["a.jpg", "b.jpg"]


def test_describe_content_names_folders_first(tmp_path, write_files):
    write_files(tmp_path, "b.jpg", "query/a.jpg", "notes.txt")
    assert describe_content(list_folder(tmp_path)) == "query/, notes.txt, b.jpg"
    assert describe_content(FolderContent((), ())) == "nothing"


def test_describe_kinds_counts_suffixes(tmp_path):
    files = [tmp_path / name for name in ("b.BMP", "c.bmp", "LICENSE")]
    assert describe_kinds(files) == "2 '.bmp' such as b.BMP, 1 without a suffix such as LICENSE"
    assert describe_kinds([]) == "no file"


def test_existing_parent_names_what_is_missing(tmp_path):
    assert existing_parent(tmp_path / "a" / "b") == (tmp_path, "a")
    assert existing_parent(tmp_path / "a") == (tmp_path, "a")


def test_existing_parent_of_a_drive_that_is_not_there_is_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(type(tmp_path), "is_dir", lambda path: False)
    assert existing_parent(tmp_path / "a" / "b") == (tmp_path, "b")
