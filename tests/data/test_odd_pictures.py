import pytest
from PIL import Image

from reidkit.core.types import Sample
from reidkit.data.file_checks import read_files
from reidkit.data.odd_pictures import find_odd_pictures
from tests.data.photos import write_photo


def odd_among(tmp_path, *sizes, box=None):
    """Photos of these (width, height) after five of 40 x 80."""
    paths = [
        write_photo(tmp_path / f"{number:02d}.png", number, width=width, height=height)
        for number, (width, height) in enumerate([*[(40, 80)] * 5, *sizes])
    ]
    files = read_files((Sample((path,), 1, None, box) for path in paths), decode="all")
    return [(odd.kind, odd.picture.path.name, odd.width, odd.height) for odd in find_odd_pictures(files)]


def test_pictures_alike_are_not_odd(tmp_path):
    assert odd_among(tmp_path, (80, 160), (30, 80), (60, 80)) == []


@pytest.mark.parametrize(
    ("size", "kind"),
    [
        ((7, 14), "tiny"),
        ((40, 7), "tiny"),
        ((8, 16), None),
        ((160, 80), None),  # 4 times as wide
        ((162, 80), "odd-shape"),
        ((10, 80), None),
        ((9, 80), "odd-shape"),
    ],
)
def test_limits(tmp_path, size, kind):
    assert odd_among(tmp_path, size) == ([] if kind is None else [(kind, "05.png", *size)])


def test_box_counts_not_the_file(tmp_path):
    assert {row[0] for row in odd_among(tmp_path, box=(0, 0, 6, 12))} == {"tiny"}


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (4, 2, 6), (90, 120, 30)])
def test_picture_of_one_colour_is_flat(tmp_path, colour):
    Image.new("RGB", (40, 80), colour).save(tmp_path / "flat.jpg")
    files = read_files([Sample((tmp_path / "flat.jpg",), 1)], decode="all")
    assert [odd.kind for odd in find_odd_pictures(files)] == ["flat"]


def test_each_picture_is_told_once(tmp_path):
    Image.new("RGB", (3, 300)).save(tmp_path / "zz.png")
    write_photo(tmp_path / "a.png", 1)
    write_photo(tmp_path / "b.png", 2)
    files = read_files((Sample((path,), 1) for path in tmp_path.iterdir()), decode="all")
    assert [(odd.kind, odd.picture.path.name) for odd in find_odd_pictures(files)] == [("tiny", "zz.png")]


def test_no_pictures():
    assert find_odd_pictures(read_files((), decode="all")) == ()
