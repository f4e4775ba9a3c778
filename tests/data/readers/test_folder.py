import pytest

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.data.readers.folder import read_folder


@pytest.fixture
def folder(tmp_path, write_files):
    return write_files(
        tmp_path / "exp-7_c9" / "zoo",
        *("train/ann/1.jpg", "train/ann/2.png", "train/bob/1.jpg"),
        *("test/cid/1.jpg", "test/cid/2.jpg", "test/dan/1.JPG"),
    )


def rows(samples):
    return [(sample.identity, sample.path.name, sample.camera) for sample in samples]


def test_folder_identity_is_the_name_of_its_folder(folder):
    splits = read_folder(folder)
    assert rows(splits.train) == [("ann", "1.jpg", None), ("ann", "2.png", None), ("bob", "1.jpg", None)]
    assert splits.name == "zoo"


def test_folder_test_is_searched_leave_one_out(folder):
    splits = read_folder(folder)
    assert rows(splits.query) == [("cid", "1.jpg", None), ("cid", "2.jpg", None), ("dan", "1.JPG", None)]
    assert splits.query == splits.gallery
    assert splits.protocol == "no-camera"
    assert any("leave-one-out" in note for note in splits.notes)


def test_folder_query_and_gallery_stay_apart(tmp_path, write_files):
    write_files(tmp_path, "query/1/a_c1.jpg", "gallery/1/b_c2.jpg", "gallery/2/c_c1.jpg")
    splits = read_folder(tmp_path)
    assert rows(splits.query) == [("1", "a_c1.jpg", 1)]
    assert rows(splits.gallery) == [("1", "b_c2.jpg", 2), ("2", "c_c1.jpg", 1)]
    assert splits.train == ()
    assert splits.protocol == "market1501"


def test_folder_with_train_only_is_fine(tmp_path, write_files):
    splits = read_folder(write_files(tmp_path, "train/1/a.jpg"))
    assert len(splits.train) == 1
    assert splits.query == splits.gallery == ()


@pytest.mark.parametrize(
    ("name", "camera"),
    [
        ("0002_c1s1_000451_03.jpg", 1),
        ("c3_0001.jpg", 3),
        ("0007_c12_02.jpg", 12),
        ("0001_c001_00016450_0.jpg", 1),
        ("a-c2-b.png", 2),
        ("a.c2.b.png", 2),
        ("c4.jpg", 4),
        ("img_c4.jpg", 4),
        ("0001_c2_c5.jpg", 2),
        ("abc3.jpg", None),
        ("c3x.jpg", None),
        ("c3some.jpg", None),
        ("C3.jpg", None),
        ("c.jpg", None),
        ("cat_3.jpg", None),
    ],
)
def test_folder_camera_token_of_a_name(tmp_path, write_files, name, camera):
    splits = read_folder(write_files(tmp_path, f"test/1/{name}"))
    assert splits.query[0].camera == camera
    assert splits.protocol == ("no-camera" if camera is None else "market1501")


def test_folder_cameras_of_only_some_files_count_as_unknown_for_all(tmp_path, write_files):
    splits = read_folder(write_files(tmp_path, "train/1/a.jpg", "test/1/img_c4.jpg", "test/1/b.jpg"))
    assert {sample.camera for sample in (*splits.train, *splits.query)} == {None}
    assert splits.protocol == "no-camera"
    assert any("only 1 of 3 file names have one (e.g. img_c4.jpg)" in note for note in splits.notes)


def test_folder_says_which_cameras_it_found(tmp_path, write_files):
    splits = read_folder(write_files(tmp_path, "test/1/a_c2.jpg", "test/1/b_c10.jpg", "test/2/a_c2.jpg"))
    assert "Cameras: all 3 file names have one; 2 cameras: 2, 10." in splits.notes


def test_folder_camera_pattern_of_your_own(tmp_path, write_files):
    write_files(tmp_path, "test/1/door-001.jpg", "test/1/yard-001.jpg")
    splits = read_folder(tmp_path, camera_pattern="^([a-z]+)-")
    assert [sample.camera for sample in splits.query] == ["door", "yard"]
    assert "2 cameras: door, yard." in splits.notes[0]


def test_folder_camera_is_a_number_only_if_all_are(tmp_path, write_files):
    write_files(tmp_path, "test/1/01-a.jpg", "test/1/1-b.jpg")
    assert {sample.camera for sample in read_folder(tmp_path, camera_pattern="^([^-]+)-").query} == {1}
    write_files(tmp_path, "test/1/x-b.jpg")
    cameras = {sample.camera for sample in read_folder(tmp_path, camera_pattern="^([^-]+)-").query}
    assert cameras == {"01", "1", "x"}


def test_folder_without_a_camera_pattern_looks_for_none(tmp_path, write_files):
    splits = read_folder(write_files(tmp_path, "test/1/a_c1.jpg"), camera_pattern=None)
    assert splits.query[0].camera is None
    assert "Cameras: not looked for." in splits.notes


def test_folder_never_parses_the_folders_above(tmp_path, write_files):
    splits = read_folder(write_files(tmp_path / "c7", "test/c5/a.jpg", "test/c5/c6/b.jpg"))
    assert {sample.camera for sample in splits.query} == {None}
    assert {sample.identity for sample in splits.query} == {"c5"}


def test_folder_counts_what_it_leaves_out(folder, write_files):
    write_files(folder, "train/loose.jpg", "train/ann/labels.csv", "train/ann/movie.gif", "train/._x.jpg")
    (folder / "train" / "eve").mkdir()
    notes = read_folder(folder).notes
    assert "train/: 2 files left out, no images: ann/labels.csv, ann/movie.gif." in notes
    assert "train/: 1 file left out, in no identity folder: loose.jpg." in notes
    assert "train/: 1 identity folder empty: eve." in notes


@pytest.mark.parametrize("split", ["train", "test"])
def test_folder_empty_split_is_refused(folder, write_files, split):
    for path in sorted((folder / split).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    write_files(folder / split, "1/a.avi", "b.avi")
    with pytest.raises(
        DatasetError,
        match=rf"Split {split}/ is empty, got 0 images in .* its 1 identity folder, and 2 '\.avi' such as .*"
        rf"Expected {split}/<identity>/ with files of \.bmp, \.jpeg",
    ):
        read_folder(folder)


def test_folder_with_flat_images_is_refused(tmp_path, write_files):
    write_files(tmp_path, "test/0001_c1.jpg", "test/0002_c1.jpg")
    with pytest.raises(DatasetError, match=r"0 identity folders, and 2 '\.jpg'.* into a folder of its own"):
        read_folder(tmp_path)


def test_folder_test_beside_query_is_refused(folder, write_files):
    write_files(folder, "query/1/a.jpg", "gallery/1/a.jpg")
    with pytest.raises(DatasetError, match="Image folder is not clear, got test/ and gallery/ and query/"):
        read_folder(folder)


@pytest.mark.parametrize(("half", "other"), [("query", "gallery"), ("gallery", "query")])
def test_folder_query_without_gallery_is_refused(tmp_path, write_files, half, other):
    write_files(tmp_path, "train/1/a.jpg", f"{half}/1/a.jpg")
    with pytest.raises(DatasetError, match=f"Image folder is incomplete, got {half}/ without {other}/"):
        read_folder(tmp_path)


def test_folder_of_identities_without_a_split_is_refused(tmp_path, write_files):
    write_files(tmp_path, "0001/a.jpg", "0002/a.jpg")
    with pytest.raises(
        DatasetError, match=r"Expected: train/; or test/; or query/ and gallery/\. Found: 0001/, 0002/\."
    ):
        read_folder(tmp_path)


def test_folder_is_found_one_level_below(folder):
    splits = read_folder(folder.parent)
    assert splits.root == folder
    assert splits.name == "zoo"


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [("c([0-9]+", "is no regular expression"), ("c[0-9]+", "has 0 groups"), ("(c)([0-9]+)", "has 2 groups")],
)
def test_folder_bad_camera_pattern_is_refused(folder, pattern, problem):
    with pytest.raises(CatalogError, match=f"camera_pattern {problem}, got"):
        read_folder(folder, camera_pattern=pattern)


def test_folder_name_of_other_alphabets(tmp_path, write_files):
    splits = read_folder(write_files(tmp_path, "test/Jörg 1/été.jpg", "test/猫/ネコ.jpg"))
    assert [sample.identity for sample in splits.query] == ["Jörg 1", "猫"]
