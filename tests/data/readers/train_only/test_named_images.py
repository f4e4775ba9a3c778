import re

import pytest

from reidkit.core.errors import DatasetError
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.train_only.named_images import TrainOnlySet, read_train_only

ZOO = Benchmark("zoo", "Zoo", "animal", "Noah 2000", "How to obtain it: ask.", "None.")


def zoo(pattern=r"(?P<identity>[^_/]+)_(?P<camera>[^_/]+)\.png", **changes):
    options = {"folder": "ark", "pattern": re.compile(pattern), "form": "<identity>_<camera>.png", **changes}
    return TrainOnlySet(ZOO, **options)


def facts(splits):
    return [(sample.identity, sample.camera) for sample in splits.train]


@pytest.fixture
def ark(tmp_path, write_files):
    """Return a function that writes files below ark/ and gives the folder above it."""

    def write(*names):
        return write_files(tmp_path, *(f"ark/{name}" for name in names), content=b"")

    return write


def test_identities_and_cameras_are_numbers_where_all_are(ark):
    splits = read_train_only(zoo(), ark("007_2.png", "12_1.png"))
    assert facts(splits) == [(7, 2), (12, 1)]
    assert (splits.query, splits.gallery) == ((), ())


def test_one_name_among_the_identities_makes_all_of_them_texts(ark):
    assert facts(read_train_only(zoo(), ark("007_2.png", "cat_1.png"))) == [("007", 2), ("cat", 1)]


def test_no_camera_group_means_unknown_cameras(ark):
    splits = read_train_only(zoo(r"(?P<identity>[0-9]+)\.png"), ark("1.png", "2.png"))
    assert facts(splits) == [(1, None), (2, None)]


def test_scene_divides_identities_and_cameras(ark):
    pattern = r"(?P<scene>[^/]+)/(?P<camera>[^/]+)/(?P<identity>[^/]+)\.png"
    assert facts(read_train_only(zoo(pattern), ark("s1/a/1.png", "s2/a/1.png"))) == [
        ("s1-1", "s1-a"),
        ("s2-1", "s2-a"),
    ]


def test_only_the_path_below_the_folder_is_parsed(tmp_path, write_files):
    root = write_files(tmp_path / "9_9.png" / "8_8", "ark/1_2.png")
    assert facts(read_train_only(zoo(), root)) == [(1, 2)]


def test_smaller_identities_are_left_out_and_counted(ark):
    splits = read_train_only(zoo(first_identity=10), ark("9_1.png", "10_1.png", "11_1.png"))
    assert facts(splits) == [(10, 1), (11, 1)]
    assert splits.notes == ("ark/: 1 image of identities below 10 left out.",)


def test_smaller_identities_alone_are_refused(ark):
    with pytest.raises(DatasetError, match=r"no image to learn from, got 2 images in .* identities below 10"):
        read_train_only(zoo(first_identity=10), ark("9_1.png", "8_1.png"))


def test_other_files_are_counted(ark):
    splits = read_train_only(
        zoo(notes=("Mind the goat.",)), ark("1_1.png", "1.png", "readme.txt", "a/2_2.png")
    )
    assert facts(splits) == [(1, 1)]
    assert splits.notes == (
        "ark/: 2 files left out, not named <identity>_<camera>.png: 1.png, a/2_2.png.",
        "ark/: 1 file left out, no images: readme.txt.",
        "Mind the goat.",
    )


def test_images_of_another_form_are_refused(ark):
    with pytest.raises(
        DatasetError, match=r"Zoo has no image in .*/ark, got 0 files named .* among 1 file: 1 '\.jpg'"
    ):
        read_train_only(zoo(), ark("1_1.jpg"))


def test_list_chooses_the_images_and_understands_windows_paths(ark):
    pattern = r"(?P<camera>[^/]+)/(?P<identity>[0-9]+)\.png"
    root = ark("a/1.png", "b/2.png", "b/3.png")
    (root / "ark" / "paths.txt").write_bytes(b"b\\3.png\r\na\\1.png\r\n\r\n")
    assert facts(read_train_only(zoo(pattern, list_name="paths.txt"), root)) == [(1, "a"), (3, "b")]
    assert len(read_train_only(zoo(pattern, list_name="absent.txt"), root).train) == 3


def test_listed_image_that_is_absent_is_named(ark):
    root = ark("1_1.png")
    (root / "ark" / "paths.txt").write_text("1_1.png\n2_1.png\n")
    with pytest.raises(DatasetError, match=r"Zoo is not complete, got paths.txt .*ark/2_1\.png"):
        read_train_only(zoo(list_name="paths.txt"), root)


def test_folder_itself_may_be_given(ark):
    root = ark("1_1.png")
    assert read_train_only(zoo(), root / "ark").train == read_train_only(zoo(), root).train


def test_folders_that_are_part_of_the_pattern(tmp_path, write_files):
    write_files(tmp_path / "zoo", "a/1_1.png", "b/1_1.png", "c/1_1.png")
    images = zoo(r"(?P<camera>[ab])/(?P<identity>[0-9]+)_1\.png", folder="", entries=("a/", "b/"))
    assert facts(read_train_only(images, tmp_path)) == [(1, "a"), (1, "b")]
    assert facts(read_train_only(images, tmp_path / "zoo" / "a")) == [(1, "a"), (1, "b")]
