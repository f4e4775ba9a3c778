import pytest

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.person.university1652 import UNIVERSITY1652, read_university1652

FILES = (
    *("train/drone/0839/image-02.jpeg", "train/drone/0839/image-01.jpeg", "train/drone/0840/image-01.jpeg"),
    *("train/satellite/0839/0839.jpg", "train/street/0839/1.jpg", "train/google/0839/7.png"),
    *("test/query_drone/0000/image-01.jpeg", "test/query_drone/0000/image-40.jpeg"),
    *("test/gallery_satellite/0000/0000.jpg", "test/gallery_satellite/0015/0015.jpg"),
    *("test/query_satellite/0000/0000.jpg", "test/query_street/0000/1.jpg"),
    *("test/gallery_drone/0000/image-01.jpeg", "test/gallery_drone/0015/image-09.jpeg"),
    "test/gallery_drone/0016/image-09.jpeg",
)


@pytest.fixture
def release(tmp_path, write_files):
    return write_files(tmp_path / "university1652" / "University-Release", *FILES, content=b"")


def facts(samples):
    return [(sample.attributes["view"], sample.identity, sample.path.name) for sample in samples]


def test_drone_looks_for_the_satellite_image(release):
    splits = read_university1652(release)
    assert facts(splits.query) == [("drone", 0, "image-01.jpeg"), ("drone", 0, "image-40.jpeg")]
    assert facts(splits.gallery) == [("satellite", 0, "0000.jpg"), ("satellite", 15, "0015.jpg")]
    assert splits.published_counts == {
        "train": SplitCounts(701, 50218),
        "query": SplitCounts(701, 37855),
        "gallery": SplitCounts(951, 951),
    }


def test_satellite_looks_for_the_drone_images(release):
    splits = read_university1652(release, direction="satellite-to-drone")
    assert facts(splits.query) == [("satellite", 0, "0000.jpg")]
    assert [identity for _, identity, _ in facts(splits.gallery)] == [0, 15, 16]
    assert splits.published_counts == {
        "train": SplitCounts(701, 50218),
        "query": SplitCounts(701, 701),
        "gallery": SplitCounts(951, 51355),
    }


def test_train_holds_three_views_and_the_fourth_when_asked(release):
    usual = read_university1652(release)
    assert facts(usual.train) == [
        ("drone", 839, "image-01.jpeg"),
        ("drone", 839, "image-02.jpeg"),
        ("drone", 840, "image-01.jpeg"),
        ("satellite", 839, "0839.jpg"),
        ("street", 839, "1.jpg"),
    ]
    more = read_university1652(release, with_google=True)
    assert facts(more.train) == [*facts(usual.train), ("google", 839, "7.png")]
    assert "train" not in more.published_counts


def test_places_have_no_cameras(release):
    splits = read_university1652(release)
    assert {sample.camera for samples in splits.by_split().values() for sample in samples} == {None}
    assert splits.protocol == "no-camera"
    assert UNIVERSITY1652.kind == "place"


@pytest.mark.parametrize("given", [".", "..", "../..", "train", "test"])
def test_release_is_found_from_around_it(release, given):
    assert read_university1652(release / given).root == release


def test_what_is_no_image_of_a_building_is_said(release, write_files):
    write_files(release / "train" / "drone", "list.txt", "0839/notes.txt", "old/1.jpg", "x.jpg", content=b"")
    assert read_university1652(release).notes == (
        "drone/: 3 files left out, not an image of a building: x.jpg, list.txt, 0839/notes.txt.",
        "drone/: 1 folder left out, not named by the number of a building: old/.",
    )


def test_view_without_images_is_refused(release):
    (release / "test" / "query_satellite" / "0000" / "0000.jpg").unlink()
    assert read_university1652(release).query
    with pytest.raises(
        DatasetError, match=r"no image in .*query_satellite, got 0 images in 1 building folder"
    ):
        read_university1652(release, direction="satellite-to-drone")


def test_missing_view_is_named(release):
    (release / "train" / "google" / "0839" / "7.png").unlink()
    (release / "train" / "google" / "0839").rmdir()
    (release / "train" / "google").rmdir()
    assert read_university1652(release).train
    with pytest.raises(DatasetError, match="but not train/google/"):
        read_university1652(release, with_google=True)


def test_unknown_direction_is_refused(release):
    with pytest.raises(
        CatalogError, match=r"direction is unknown, got 'drone'. Expected one of drone-to-sat"
    ):
        read_university1652(release, direction="drone")
