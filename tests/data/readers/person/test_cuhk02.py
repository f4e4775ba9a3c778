import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.person.cuhk02 import read_cuhk02


@pytest.fixture
def cuhk02(tmp_path, write_files):
    root = tmp_path / "cuhk02" / "Dataset"
    for pair in range(1, 6):
        write_files(root / f"P{pair}" / "cam1", "001_1.png", "001_2.png", "017_1.png", content=b"")
        write_files(root / f"P{pair}" / "cam2", "001_1.png", "017_4.png", content=b"")
    return root


def facts(samples):
    return [(sample.identity, sample.camera) for sample in samples]


def test_pairs_keep_their_people_and_cameras_apart(cuhk02):
    splits = read_cuhk02(cuhk02)
    assert facts(splits.train)[:6] == [
        *((10001, 11), (10001, 11), (10017, 11)),
        *((10001, 12), (10017, 12)),
        (20001, 21),
    ]
    assert len(splits.train) == 4 * 5
    assert len({sample.camera for sample in splits.train}) == 8
    assert len({sample.identity for sample in splits.train}) == 8


def test_fifth_pair_is_judged_from_its_first_camera_to_its_second(cuhk02):
    splits = read_cuhk02(cuhk02)
    assert facts(splits.query) == [(50001, 51), (50001, 51), (50017, 51)]
    assert facts(splits.gallery) == [(50001, 52), (50017, 52)]


def test_published_counts_follow_from_people_per_pair(cuhk02):
    people = (971, 306, 107, 193, 239)
    assert sum(people) == 1816
    assert read_cuhk02(cuhk02).published_counts == {
        "train": SplitCounts(sum(people[:4]), 4 * sum(people[:4]), 8),
        "query": SplitCounts(239, 2 * 239, 1),
        "gallery": SplitCounts(239, 2 * 239, 1),
    }


@pytest.mark.parametrize("given", [".", "..", "../..", "P3"])
def test_cuhk02_is_found_from_around_it(cuhk02, given):
    assert read_cuhk02(cuhk02 / given).root == cuhk02


def test_odd_names_are_said_with_their_pair(cuhk02, write_files):
    write_files(cuhk02 / "P2" / "cam1", "person.png", content=b"")
    assert read_cuhk02(cuhk02).notes == (
        "P2/cam1/: 1 file left out, not named <person>_<number>.png: person.png.",
    )


def test_missing_camera_is_named(cuhk02):
    for image in (cuhk02 / "P4" / "cam2").iterdir():
        image.unlink()
    with pytest.raises(DatasetError, match=r"CUHK02 has no image in .*/P4/cam2"):
        read_cuhk02(cuhk02)
    (cuhk02 / "P4" / "cam2").rmdir()
    with pytest.raises(DatasetError, match=r"cannot be listed, got .*/P4/cam2"):
        read_cuhk02(cuhk02)
