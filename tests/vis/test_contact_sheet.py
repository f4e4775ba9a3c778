from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import DatasetSplits, Sample
from reidkit.vis.contact_sheet import (
    SheetImage,
    SheetRow,
    choose_rows,
    draw_contact_sheet,
    write_contact_sheet,
)
from reidkit.vis.rank_list import EMPTY, INK
from tests.vis.scenes import draw_image

RED, BLUE = (200, 30, 30), (30, 30, 200)


def seen(*images: tuple[object, object]) -> tuple[Sample, ...]:
    """Return one sample per (identity, camera), named by its place."""
    return tuple(
        Sample((Path(f"{place}.jpg"),), identity, camera)  # type: ignore[arg-type]
        for place, (identity, camera) in enumerate(images)
    )


def splits_of(
    train: Sequence[Sample] = (), query: Sequence[Sample] = (), gallery: Sequence[Sample] = ()
) -> DatasetSplits:
    return DatasetSplits("zoo", Path("/zoo"), tuple(train), tuple(query), tuple(gallery), "market1501")


def facts(row: SheetRow) -> list[tuple[object, str, str]]:
    return [(image.sample.camera, image.split, image.sample.path.stem) for image in row.images]


def test_images_are_ordered_by_camera_as_people_count_and_the_unknown_comes_last() -> None:
    train = seen(("a", "c10"), ("a", None), ("a", "c2"), ("a", "c10"))
    (row,) = choose_rows(splits_of(train))
    assert facts(row) == [
        ("c2", "train", "2"), ("c10", "train", "0"), ("c10", "train", "3"), (None, "train", "1"),
    ]  # fmt: skip
    assert (row.num_images, row.num_cameras) == (4, 2)


def test_every_camera_is_shown_before_the_second_image_of_one() -> None:
    train = seen(*[("a", 1)] * 5, ("a", 2), ("a", 3), ("a", 3))
    (row,) = choose_rows(splits_of(train), images=4)
    assert [(camera, stem) for camera, _, stem in facts(row)] == [(1, "0"), (1, "1"), (2, "5"), (3, "6")]
    (row,) = choose_rows(splits_of(train), images=2)
    assert [camera for camera, _, _ in facts(row)] == [1, 2]
    assert (row.num_images, row.num_cameras) == (8, 3)


def test_queries_stand_before_the_gallery_of_their_camera() -> None:
    (row,) = choose_rows(splits_of((), seen(("a", 1), ("a", 2)), seen(("a", 2), ("a", 1))))
    assert [(camera, split) for camera, split, _ in facts(row)] == [
        (1, "query"), (1, "gallery"), (2, "query"), (2, "gallery"),
    ]  # fmt: skip


def test_images_that_are_query_and_gallery_are_shown_once() -> None:
    test = seen(("a", 1), ("a", 2))
    (row,) = choose_rows(splits_of((), test, test))
    assert [split for _, split, _ in facts(row)] == ["test", "test"]


@pytest.mark.parametrize(
    ("num_train", "num_tested", "identities", "expected"),
    [(9, 9, 4, (2, 2)), (9, 9, 5, (3, 2)), (9, 1, 4, (3, 1)), (1, 9, 4, (1, 3)), (0, 9, 4, (0, 4)),
     (9, 0, 4, (4, 0)), (2, 1, 8, (2, 1)), (9, 9, 1, (1, 0))],
)  # fmt: skip
def test_half_of_the_rows_is_learned_from(
    num_train: int, num_tested: int, identities: int, expected: tuple[int, int]
) -> None:
    train = seen(*((number, 1) for number in range(num_train)))
    test = seen(*((100 + number, 1) for number in range(num_tested)))
    rows = choose_rows(splits_of(train, test, test), identities=identities)
    sides = [row.images[0].split for row in rows]
    assert (sides.count("train"), sides.count("test")) == expected
    assert sides == sorted(sides, reverse=True)


def test_identities_follow_the_seed_and_no_order_and_stand_in_order() -> None:
    train = seen(*((number, 1) for number in range(30)))
    names = [row.identity for row in choose_rows(splits_of(train), identities=5)]
    assert names == sorted(names)  # type: ignore[type-var]
    assert [row.identity for row in choose_rows(splits_of(train[::-1]), identities=5)] == names
    others = {
        tuple(row.identity for row in choose_rows(splits_of(train), identities=5, seed=seed))
        for seed in range(6)
    }
    assert len(others) > 1


def test_nothing_to_show_is_refused() -> None:
    with pytest.raises(DatasetError, match="got 0 samples in /zoo"):
        choose_rows(splits_of())
    with pytest.raises(CatalogError, match="got identities=0 and images=8"):
        choose_rows(splits_of(seen(("a", 1))), identities=0)
    with pytest.raises(DatasetError, match="got 0 rows"):
        draw_contact_sheet([])


@pytest.fixture
def rows(tmp_path: Path) -> list[SheetRow]:
    """Two rows: a red query and a blue gallery image of one identity; a red training image of another."""
    red = Sample((draw_image(tmp_path / "red.png", RED),), "anna", 1)
    blue = Sample((draw_image(tmp_path / "blue.png", BLUE),), "anna", 2)
    return [
        SheetRow("anna", (SheetImage(red, "query"), SheetImage(blue, "gallery")), 2, 2),
        SheetRow("ben", (SheetImage(red, "train"),), 1, 1),
    ]


def places(canvas: Image.Image, colour: tuple[int, int, int]) -> np.ndarray:
    """Return (row, column) of the pixels of a colour."""
    return np.argwhere((np.asarray(canvas) == colour).all(axis=2))


def test_each_row_lies_below_the_last_and_its_images_side_by_side(rows: list[SheetRow]) -> None:
    canvas = draw_contact_sheet(rows, tile_size=64)
    red, blue = places(canvas, RED), places(canvas, BLUE)
    assert len(blue) == 64 * 32  # the whole picture, in its own shape
    assert len(red) == 2 * len(blue)
    first, second = red[: len(blue)], red[len(blue) :]
    assert first[:, 0].min() == blue[:, 0].min()
    assert first[:, 1].max() < blue[:, 1].min()
    assert second[:, 0].min() > first[:, 0].max()
    assert second[:, 1].min() == first[:, 1].min()


def test_only_a_query_has_a_dark_frame(rows: list[SheetRow]) -> None:
    canvas = draw_contact_sheet(rows, tile_size=64)
    pixels = np.asarray(canvas)
    for colour, frame in ((BLUE, EMPTY), (RED, INK)):
        top, left = places(canvas, colour)[0]
        assert tuple(pixels[top - 1, left]) == frame


def test_unreadable_image_costs_its_tile_only(rows: list[SheetRow], tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    broken = SheetImage(Sample((tmp_path / "broken.jpg",), "anna", 3), "gallery")
    none = SheetImage(Sample((), "anna", 3), "gallery")
    row = SheetRow("anna", (*rows[0].images, broken, none), 4, 3)
    canvas = draw_contact_sheet([row], tile_size=64)
    assert len(places(canvas, BLUE)) == 64 * 32
    assert len(places(canvas, EMPTY)) > 2 * 1000


def test_tracklet_has_a_badge_and_a_box_is_cut_out(tmp_path: Path) -> None:
    frame = Image.new("RGB", (100, 100), RED)
    frame.paste(BLUE, (20, 30, 40, 70))
    frame.save(tmp_path / "frame.png")
    path = tmp_path / "frame.png"
    one = Sample((path,), "anna", 1, box=(20, 30, 40, 70))
    many = Sample((path, path, path), "anna", 1, box=(20, 30, 40, 70))
    sheets = [
        draw_contact_sheet([SheetRow("anna", (SheetImage(sample, "train"),), 1, 1)], tile_size=64)
        for sample in (one, many)
    ]
    assert [len(places(sheet, RED)) for sheet in sheets] == [0, 0]
    assert len(places(sheets[0], BLUE)) == 64 * 32
    assert len(places(sheets[1], BLUE)) < 64 * 32


def test_strange_names_and_fonts_are_drawn(rows: list[SheetRow]) -> None:
    image = rows[1].images[0]
    row = SheetRow("王\n" + "x" * 5000, (image,), 10**6, 0)
    canvas = draw_contact_sheet([row], title="t" * 5000, tile_size=32)
    assert canvas.width < 600


@pytest.mark.parametrize(("suffix", "kind"), [(".png", "PNG"), (".jpg", "JPEG"), (".JPEG", "JPEG")])
def test_sheet_is_written_as_its_suffix_says(
    rows: list[SheetRow], tmp_path: Path, suffix: str, kind: str
) -> None:
    canvas = draw_contact_sheet(rows)
    path = tmp_path / "new" / f"sheet{suffix}"
    write_contact_sheet(canvas, path)
    with Image.open(path) as written:
        assert (written.format, written.size) == (kind, canvas.size)
    assert list(path.parent.iterdir()) == [path]


def test_sheet_of_another_suffix_is_refused(rows: list[SheetRow], tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"cannot be written, got .*sheet\.pdf\. Expected .*\.png"):
        write_contact_sheet(draw_contact_sheet(rows), tmp_path / "sheet.pdf")
    assert not (tmp_path / "sheet.pdf").exists()
