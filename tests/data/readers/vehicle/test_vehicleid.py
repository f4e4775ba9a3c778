from collections import Counter

import pytest

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers import BENCHMARKS
from reidkit.data.readers.vehicle.vehicleid import read_vehicleid
from tests.data.readers.vehicle.trees import VEHICLE


@pytest.fixture
def write_vehicleid(tmp_path, write_files):
    """Return a function that writes so many vehicles of six images each into the list of a size."""

    def write(vehicles=6, name="test_list_800.txt", root=tmp_path / "VehicleID_V1.0"):
        numbers = {vehicle: range(10 * vehicle, 10 * vehicle + 6) for vehicle in range(1, vehicles + 1)}
        lists = root / "train_test_split"
        lists.mkdir(parents=True, exist_ok=True)
        lines = [f"{number:07d} {vehicle}" for vehicle, own in numbers.items() for number in own]
        (lists / name).write_text("\r\n".join(lines) + "\r\n")
        (lists / "train_list.txt").write_text("0000001 1000\n")
        images = [f"image/{number:07d}.jpg" for own in numbers.values() for number in own]
        return write_files(root, "image/0000001.jpg", *images, content=b"")

    return write


def gallery_names(splits):
    return {sample.identity: sample.path.name for sample in splits.gallery}


def test_vehicleid_gallery_has_one_image_of_each_vehicle_and_the_queries_are_the_rest(write_vehicleid):
    splits = read_vehicleid(write_vehicleid())
    assert Counter(sample.identity for sample in splits.gallery) == dict.fromkeys(range(1, 7), 1)
    assert Counter(sample.identity for sample in splits.query) == dict.fromkeys(range(1, 7), 5)
    images = [sample.path for sample in (*splits.query, *splits.gallery)]
    assert len(set(images)) == 36
    assert [sample.identity for sample in splits.train] == [1000]
    assert splits.notes == (
        "test_list_800.txt: draw 0 of 10 (seed=0): one image of each of 6 vehicles is the gallery, the other "
        "30 are the queries.",
    )


def test_vehicleid_draws_differ_and_stay_the_same(write_vehicleid):
    root = write_vehicleid()
    draws = [gallery_names(read_vehicleid(root, split=split)) for split in range(10)]
    assert len({tuple(draw.items()) for draw in draws}) == 10
    assert draws[3] == gallery_names(read_vehicleid(root, split=3))
    assert gallery_names(read_vehicleid(root, split=3, seed=1)) != draws[3]
    # Over ten draws, images other than the first of a vehicle are drawn too.
    assert {name for draw in draws for name in draw.values()} > {f"{10 * v:07d}.jpg" for v in range(1, 3)}


def test_vehicleid_takes_more_draws_than_the_usual_ten(write_vehicleid):
    root = write_vehicleid()
    many = read_vehicleid(root, split=24, draws=25)
    assert (many.split, many.num_splits) == (24, 25)
    assert gallery_names(read_vehicleid(root, split=3, draws=25)) == gallery_names(
        read_vehicleid(root, split=3)
    )
    with pytest.raises(CatalogError, match=r"^draws is too small, got 0\. Expected at least 1; usual are 10"):
        read_vehicleid(root, draws=0)


def test_vehicleid_draw_does_not_depend_on_the_place_the_order_or_the_other_vehicles(
    write_vehicleid, tmp_path
):
    root = write_vehicleid()
    usual = gallery_names(read_vehicleid(root))
    other = write_vehicleid(4, root=tmp_path / "elsewhere" / "vehicleid")
    path = other / "train_test_split" / "test_list_800.txt"
    path.write_text("\n".join(reversed(path.read_text().splitlines())))
    assert gallery_names(read_vehicleid(other)) == {vehicle: usual[vehicle] for vehicle in range(1, 5)}


@pytest.mark.parametrize(
    ("size", "name", "counts"),
    [
        ("small", "test_list_800.txt", (800, 5693)),
        ("medium", "test_list_1600.txt", (1600, 11777)),
        ("large", "test_list_2400.txt", (2400, 17377)),
    ],
)
def test_vehicleid_size_chooses_the_list_and_the_published_counts(write_vehicleid, size, name, counts):
    vehicles, queries = counts
    splits = read_vehicleid(write_vehicleid(3, name), size=size)
    assert len(splits.gallery) == 3
    assert splits.published_counts == {
        "train": SplitCounts(13164, 113346),
        "query": SplitCounts(vehicles, queries),
        "gallery": SplitCounts(vehicles, vehicles),
    }


def test_vehicleid_of_all_vehicles_has_no_published_test_counts(write_vehicleid):
    splits = read_vehicleid(write_vehicleid(3, "test_list_13164.txt"), size="all")
    assert splits.published_counts == {"train": SplitCounts(13164, 113346)}


def test_vehicleid_benchmark_has_the_counts_of_the_default():
    assert BENCHMARKS["vehicleid"].counts["gallery"] == SplitCounts(800, 800)


def test_vehicle_with_one_image_is_only_in_the_gallery(write_vehicleid):
    root = write_vehicleid(1)
    (root / "train_test_split" / "test_list_800.txt").write_text("0000001 9\n")
    splits = read_vehicleid(root)
    assert ([s.identity for s in splits.gallery], splits.query) == ([9], ())


def test_vehicleid_absent_image_is_named(write_vehicleid):
    root = write_vehicleid()
    (root / "image" / "0000012.jpg").unlink()
    with pytest.raises(
        DatasetError, match=r"got test_list_800.txt with 36 images of which 1 do not exist: .*0000012\.jpg\."
    ):
        read_vehicleid(root)


def test_vehicleid_missing_list_is_named(write_vehicleid):
    with pytest.raises(DatasetError, match=r"but not train_test_split/test_list_1600.txt"):
        read_vehicleid(write_vehicleid(), size="medium")


@pytest.mark.parametrize("options", [{"size": "800"}, {"split": 10}, {"split": -1}])
def test_vehicleid_refuses_unknown_options(write_vehicleid, options):
    with pytest.raises(CatalogError, match="is unknown, got"):
        read_vehicleid(write_vehicleid(), **options)


def test_vehicleid_is_found_from_its_image_folder(tmp_path, jpeg):
    root = VEHICLE["vehicleid"].write(tmp_path / "vehicleid", jpeg)
    assert read_vehicleid(root / "image").root == root
