import pytest

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.person.msmt17 import read_msmt17

LISTS = {
    "list_train.txt": "0000/0000_000_01_0303morning_0008_0.jpg 0\n1040/1040_012_14_0113noon_0284_2_ex.jpg 1040\n",
    "list_val.txt": "0000/0000_013_04_0303morning_0020_2.jpg 0\n\n",
    "list_query.txt": "0000/0000_002_01_0303morning_0016_2.jpg 0\n",
    "list_gallery.txt": (
        "3059/3059_002_15_0303afternoon_1475_1.jpg 3059\n0000/0000_005_12_0303noon_0030_1.jpg 0\n\n\n"
    ),
}
FOLDERS = {"v1": ("train", "test"), "v2": ("mask_train_v2", "mask_test_v2")}


def plant(write_files, root, version, lists=LISTS):
    for name, text in LISTS.items():
        folder = root / FOLDERS[version][name in ("list_query.txt", "list_gallery.txt")]
        write_files(folder, *(line.split()[0] for line in text.split("\n") if line), content=b"")
    for name, text in lists.items():
        (root / name).write_text(text)
    return root


def plant_repack(write_files, root):
    write_files(root / "bounding_box_train", "0000_c1_0000.jpg", "1040_c14_0030.jpg", content=b"")
    write_files(root / "query", "0000_c14_0030.jpg", content=b"")
    write_files(root / "bounding_box_test", "0000_c1_0002.jpg", "3059_c9_0003.jpg", content=b"")
    return root


@pytest.fixture
def msmt(tmp_path, write_files):
    return plant(write_files, tmp_path / "msmt17" / "MSMT17_V1", "v1")


def facts(samples):
    return [(sample.path.name, sample.identity, sample.camera) for sample in samples]


def test_lists_give_identity_and_two_digit_camera(msmt):
    splits = read_msmt17(msmt)
    assert facts(splits.train) == [
        ("0000_000_01_0303morning_0008_0.jpg", 0, 1),
        ("1040_012_14_0113noon_0284_2_ex.jpg", 1040, 14),
    ]
    assert facts(splits.query) == [("0000_002_01_0303morning_0016_2.jpg", 10000, 1)]
    assert facts(splits.gallery) == [
        ("0000_005_12_0303noon_0030_1.jpg", 10000, 12),
        ("3059_002_15_0303afternoon_1475_1.jpg", 13059, 15),
    ]
    assert all(sample.path.is_file() for samples in splits.by_split().values() for sample in samples)


@pytest.mark.parametrize("plant_version", ["v1", "v2", "market"])
def test_no_test_identity_is_one_of_train(tmp_path, write_files, plant_version):
    if plant_version == "market":
        plant_repack(write_files, tmp_path)
    else:
        plant(write_files, tmp_path, plant_version)
    splits = read_msmt17(tmp_path)
    tested = {sample.identity for sample in (*splits.query, *splits.gallery)}
    assert tested == {10000, 13059}
    assert {sample.identity for sample in splits.train} == {0, 1040}


def test_version_is_recognised_and_said(tmp_path, write_files):
    for version, beginning in (("v1", "Version 1"), ("v2", "Version 2")):
        splits = read_msmt17(plant(write_files, tmp_path / version, version))
        assert splits.notes[0].startswith(beginning)
        assert FOLDERS[version][0] in str(splits.train[0].path)
    splits = read_msmt17(plant_repack(write_files, tmp_path / "market"))
    assert splits.notes[0].startswith("A re-pack")


def test_repack_gives_identity_and_two_digit_camera(tmp_path, write_files):
    splits = read_msmt17(plant_repack(write_files, tmp_path))
    assert facts(splits.train) == [("0000_c1_0000.jpg", 0, 1), ("1040_c14_0030.jpg", 1040, 14)]
    assert facts(splits.query) == [("0000_c14_0030.jpg", 10000, 14)]
    assert facts(splits.gallery) == [("0000_c1_0002.jpg", 10000, 1), ("3059_c9_0003.jpg", 13059, 9)]
    assert splits.published_counts["train"] == SplitCounts(1041, 32621, 15)


def test_validation_joins_train_when_asked(msmt):
    splits = read_msmt17(msmt, combine_validation=True)
    assert [name for name, _, _ in facts(splits.train)] == [
        "0000_000_01_0303morning_0008_0.jpg",
        "0000_013_04_0303morning_0020_2.jpg",
        "1040_012_14_0113noon_0284_2_ex.jpg",
    ]
    assert splits.published_counts["train"] == SplitCounts(1041, 32621, 15)
    assert read_msmt17(msmt).published_counts == {
        "train": SplitCounts(1041, 30248, 15),
        "query": SplitCounts(3060, 11659, 15),
        "gallery": SplitCounts(3060, 82161, 15),
    }


def test_validation_list_is_needed_only_when_asked(msmt):
    (msmt / "list_val.txt").unlink()
    assert len(read_msmt17(msmt).train) == 2
    with pytest.raises(
        DatasetError, match=r"MSMT17 has no list_val\.txt, got .* leave combine_validation out"
    ):
        read_msmt17(msmt, combine_validation=True)


def test_several_versions_need_a_word(msmt, write_files):
    beside = plant(write_files, msmt, "v2")
    with pytest.raises(DatasetError, match=r"versions v1, v2 side by side .* Give version='v1'"):
        read_msmt17(beside)
    assert "mask_train_v2" in str(read_msmt17(beside, version="v2").train[0].path)
    assert "mask_train_v2" not in str(read_msmt17(beside, version="v1").train[0].path)


def test_wanted_version_is_found_beside_another(msmt, write_files):
    plant(write_files, msmt.parent / "MSMT17_V2", "v2")
    with pytest.raises(DatasetError, match=r"MSMT17 is not clear, got .* with 2 folders that could be it"):
        read_msmt17(msmt.parent)
    assert read_msmt17(msmt.parent, version="v2").root == msmt.parent / "MSMT17_V2"


def test_wanted_version_that_is_not_there_is_refused(msmt):
    with pytest.raises(DatasetError, match=r"MSMT17 not found under .* Expected: mask_train_v2/"):
        read_msmt17(msmt, version="v2")


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("level", [0, 1])
def test_copy_without_lists_is_called_so(tmp_path, write_files, version, level):
    root = plant(write_files, tmp_path / "MSMT17", version, lists={})
    with pytest.raises(
        DatasetError,
        match=rf"has no lists, got {FOLDERS[version][0]}/ and .* without list_train\.txt, list_query\.txt, "
        rf"list_gallery\.txt in {root}\.",
    ):
        read_msmt17((root, tmp_path)[level])


def test_one_missing_list_is_named(msmt):
    (msmt / "list_query.txt").unlink()
    with pytest.raises(DatasetError, match=r"has no lists, got .* without list_query\.txt in "):
        read_msmt17(msmt)


def test_train_and_test_of_something_else_are_not_msmt(tmp_path, write_files):
    write_files(tmp_path, "train/0001/a.jpg", "test/0001/b.jpg")
    with pytest.raises(DatasetError, match="MSMT17 not found under"):
        read_msmt17(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "0000/0000_000_01_0303morning_0008_0.jpg",
        "0000/0000_000_01_0303morning_0008_0.jpg zero",
        "0000/0000_000_01_0303morning_0008_0.jpg -1",
        "0000/0000_000_01_0303morning_0008_0.jpg 0 0",
        "0000/0000_c1_0000.jpg 0",
        "../../0000/0000_000_01_0303morning_0008_0.jpg 0",
        "/etc/0000_000_01_0303morning_0008_0.jpg 0",
        "<!DOCTYPE html>",
    ],
)
def test_line_of_another_form_is_refused_with_its_number(msmt, line):
    (msmt / "list_gallery.txt").write_text(f"{LISTS['list_gallery.txt'].strip()}\n\n{line}\n")
    with pytest.raises(
        DatasetError,
        match=r"List of MSMT17 has a line of another form, got .* in line 4 of .*list_gallery\.txt",
    ):
        read_msmt17(msmt)


def test_windows_line_ends_are_understood(msmt):
    (msmt / "list_query.txt").write_bytes(b"0000/0000_002_01_0303morning_0016_2.jpg 0\r\n\r\n")
    assert read_msmt17(msmt).query[0].identity == 10000


def test_empty_list_is_refused(msmt):
    (msmt / "list_query.txt").write_text("\n\n")
    with pytest.raises(DatasetError, match=r"List of MSMT17 is empty, got no line in .*list_query\.txt"):
        read_msmt17(msmt)


def test_list_of_another_copy_is_refused(msmt):
    (msmt / "list_query.txt").write_text("0000/0000_002_01_0303morning_0016_2.jpeg 0\n")
    with pytest.raises(DatasetError, match=r"list_query\.txt does not fit, got '0000_002_.*\.jpeg'"):
        read_msmt17(msmt)


def test_unknown_version_is_refused(msmt):
    with pytest.raises(CatalogError, match=r"version is unknown, got 'V1'. Expected one of v1, v2, market"):
        read_msmt17(msmt, version="V1")


def test_images_that_no_list_names_are_not_read(msmt, write_files):
    write_files(msmt, "train/0001/0001_000_01_0303morning_0008_0.jpg", content=b"")
    assert len(read_msmt17(msmt).train) == 2
