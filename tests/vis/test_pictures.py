import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from reidkit.core.types import Sample
from reidkit.vis.pictures import (
    NARROWEST,
    WIDEST,
    common_aspect,
    data_uri,
    fit,
    read_picture,
    read_strip,
    shrink,
)
from tests.vis.scenes import draw_image

ORIENTATION = 0x0112


def test_picture_is_upright_and_cut_to_its_box(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 20), (255, 0, 0))
    image.paste((0, 0, 255), (20, 0, 40, 20))
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # to be turned clockwise: the blue right half becomes the lower half
    image.save(tmp_path / "turned.png", exif=exif)
    whole = read_picture(Sample((tmp_path / "turned.png",), "a"))
    part = read_picture(Sample((tmp_path / "turned.png",), "a", box=(2, 22, 12, 38)))
    assert whole is not None
    assert part is not None
    assert whole.size == (20, 40)
    assert (part.size, part.getpixel((0, 0))) == ((10, 16), (0, 0, 255))


@pytest.mark.parametrize("content", [None, b"", b"not an image", b"\xff\xd8\xff\xe0 cut off"])
def test_unreadable_picture_is_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "broken.jpg").write_bytes(content)
    assert read_picture(Sample((tmp_path / "broken.jpg",), "a")) is None


def test_truncated_picture_is_none(tmp_path: Path) -> None:
    whole = draw_image(tmp_path / "whole.jpg", (1, 2, 3), (300, 300)).read_bytes()
    (tmp_path / "half.jpg").write_bytes(whole[: len(whole) // 2])
    assert read_picture(Sample((tmp_path / "half.jpg",), "a")) is None


def test_sample_without_frames_and_box_beyond_the_image_are_none(tmp_path: Path) -> None:
    path = draw_image(tmp_path / "a.png", (1, 2, 3))
    assert read_picture(Sample((), "a")) is None
    assert read_picture(Sample((path,), "a", box=(900, 900, 950, 950))) is None


def test_fitting_keeps_the_shape_and_shrinking_never_enlarges() -> None:
    picture = Image.new("RGB", (100, 50))
    assert fit(picture, 200, 200).size == (200, 100)
    assert fit(Image.new("RGB", (1000, 1)), 100, 100).size == (100, 1)
    assert shrink(picture, 50, 50).size == (50, 25)
    assert shrink(picture, 200, 200) is picture


def test_common_aspect_is_the_middle_one_within_limits() -> None:
    shapes = [Image.new("RGB", (50, 100)), Image.new("RGB", (60, 100)), Image.new("RGB", (500, 100)), None]
    assert common_aspect(shapes) == 0.6
    assert common_aspect([Image.new("RGB", (1, 100))]) == NARROWEST
    assert common_aspect([Image.new("RGB", (100, 1))]) == WIDEST
    assert common_aspect([None]) == 0.5


def test_data_uri_holds_the_picture_as_jpeg() -> None:
    kind, _, content = data_uri(Image.new("RGB", (8, 8), (200, 30, 30))).partition(",")
    picture = Image.open(io.BytesIO(base64.b64decode(content)))
    assert kind == "data:image/jpeg;base64"
    assert (picture.format, picture.size) == ("JPEG", (8, 8))


def test_strip_shows_four_frames_from_the_first_to_the_last(tmp_path: Path) -> None:
    frames = tuple(draw_image(tmp_path / f"{n}.png", (25 * n, 0, 0), (10, 20)) for n in range(10))
    strip = read_strip(Sample(frames, "a"))
    assert strip is not None
    assert strip.size == (4 * 10 + 3 * 2, 20)
    # 0, 9/3, 18/3 and 27/3 of the frames 0 to 9.
    middles = [read_picture(Sample((frames[n],), "a")) for n in (0, 3, 6, 9)]
    for place, middle in enumerate(middles):
        assert middle is not None
        assert strip.getpixel((place * 12 + 5, 10)) == middle.getpixel((5, 10))


def test_strip_leaves_out_what_cannot_be_read(tmp_path: Path) -> None:
    path = draw_image(tmp_path / "a.png", (1, 2, 3), (10, 20))
    missing = tmp_path / "missing.png"
    one, both = read_strip(Sample((path,), "a")), read_strip(Sample((path, missing, path), "a"))
    assert one is not None
    assert both is not None
    assert (one.size, both.size) == ((10, 20), (22, 20))
    assert read_strip(Sample((missing, missing), "a")) is None
    assert read_strip(Sample((), "a")) is None
