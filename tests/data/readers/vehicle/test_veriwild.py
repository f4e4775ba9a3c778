import pytest

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.vehicle.veriwild import read_veriwild
from tests.data.readers.vehicle.trees import VEHICLE


@pytest.fixture
def wild(tmp_path, jpeg):
    return VEHICLE["veriwild"].write(tmp_path / "VERI-Wild", jpeg)


def test_veriwild_takes_cameras_and_attributes_from_the_information(wild):
    splits = read_veriwild(wild)
    assert [(s.identity, s.camera) for s in splits.train] == [(1, 12), (1, 174)]
    assert splits.train[0].attributes == {
        "time": "2018-03-11 02:39:37",
        "model": "Volkswagen",
        "type": "SUV",
        "colour": "black",
    }
    assert splits.gallery[1].attributes == {"time": "2018-03-12 09:10:00"}


def test_veriwild_query_is_the_query_list(wild):
    splits = read_veriwild(wild)
    assert [(s.identity, s.camera, s.path.name) for s in splits.query] == [(30672, 1, "277798.jpg")]
    assert [(s.identity, s.camera) for s in splits.gallery] == [(30672, 2), (30673, 2)]


@pytest.mark.parametrize(
    ("size", "vehicles", "gallery"),
    [("small", 3000, 38861), ("medium", 5000, 64389), ("large", 10000, 128517)],
)
def test_veriwild_size_chooses_the_lists_and_the_published_counts(wild, size, vehicles, gallery):
    lists = wild / "train_test_split"
    for part in ("", "_query"):
        (lists / f"test_3000{part}.txt").rename(lists / f"test_{vehicles}{part}.txt")
    splits = read_veriwild(wild, size=size)
    assert (len(splits.query), len(splits.gallery)) == (1, 2)
    assert splits.published_counts == {
        "train": SplitCounts(30671, 277797),
        "query": SplitCounts(vehicles, vehicles),
        "gallery": SplitCounts(vehicles, gallery),
    }


def test_veriwild_understands_the_newer_names_and_lines(wild):
    lists = wild / "train_test_split"
    usual = read_veriwild(wild)
    (lists / "train_list.txt").unlink()
    (lists / "train_list_start0.txt").write_text("00001/000001.jpg 0\n00001/000002.jpg 0\n")
    (lists / "test_3000_query.txt").rename(lists / "test_3000_id_query.txt")
    (lists / "test_3000.txt").rename(lists / "test_3000_id.txt")
    assert read_veriwild(wild) == usual


def test_veriwild_information_without_heading_or_further_columns(wild):
    path = wild / "train_test_split" / "vehicle_info.txt"
    path.write_text("\n".join(";".join(line.split(";")[:2]) for line in path.read_text().splitlines()[1:]))
    splits = read_veriwild(wild)
    assert [(s.camera, dict(s.attributes)) for s in splits.train] == [(12, {}), (174, {})]


def test_veriwild_information_in_another_encoding_does_no_harm(wild):
    path = wild / "train_test_split" / "vehicle_info.txt"
    path.write_bytes(path.read_bytes().replace(b"Volkswagen", "大众".encode("gb2312")))
    assert [s.camera for s in read_veriwild(wild).train] == [12, 174]


def test_veriwild_image_without_camera_is_refused(wild):
    path = wild / "train_test_split" / "vehicle_info.txt"
    path.write_text(path.read_text().replace("00001/000002;174", "00001/000009;174"))
    with pytest.raises(
        DatasetError, match=r"images without a camera, got 1 of 2 in .*train_list.txt: 00001/000002\."
    ):
        read_veriwild(wild)


def test_veriwild_absent_image_is_named(wild):
    (wild / "images" / "00001" / "000001.jpg").unlink()
    with pytest.raises(DatasetError, match=r"of which 1 do not exist: .*00001/000001\.jpg"):
        read_veriwild(wild)


def test_veriwild_unknown_size_is_refused(wild):
    with pytest.raises(CatalogError, match=r"size is unknown, got 'all'. Expected small, medium or large"):
        read_veriwild(wild, size="all")
