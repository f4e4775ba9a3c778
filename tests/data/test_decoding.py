import io
import random

import numpy as np
import pytest
from PIL import Image

from reidkit.core.errors import ImageError
from reidkit.data.decoding import clip_box, cut_out, decode_image, to_rgb


def encode(image, kind="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (5, 3, 3), np.uint8)


def test_path_text_and_bytes_give_the_same_image(tmp_path, pixels):
    content = encode(Image.fromarray(pixels))
    (tmp_path / "a.png").write_bytes(content)
    for source in (tmp_path / "a.png", str(tmp_path / "a.png"), content):
        assert np.array_equal(np.asarray(decode_image(source)), pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(pixels, orientation):
    # What a camera stores for each orientation is the upright picture, turned back.
    turn = {
        1: lambda image: image,
        2: lambda image: image[:, ::-1],
        3: lambda image: image[::-1, ::-1],
        4: lambda image: image[::-1],
        5: lambda image: image.transpose(1, 0, 2),
        6: lambda image: np.rot90(image, 1),
        7: lambda image: np.rot90(image.transpose(1, 0, 2), 2),
        8: lambda image: np.rot90(image, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(turn(pixels)))
    assert np.array_equal(np.asarray(decode_image(encode(stored, exif=exif))), pixels)


def test_unknown_exif_orientation_is_ignored(pixels):
    exif = Image.Exif()
    exif[0x0112] = 77
    assert np.array_equal(np.asarray(decode_image(encode(Image.fromarray(pixels), exif=exif))), pixels)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize(
    "exif", [b"Exif\0\0MM\0*\0\0\0\x08\0\x05garbage", b"Exif\0\0no exif at all", b"Exif\0\0M"]
)
def test_damaged_exif_leaves_the_pixels(pixels, exif):
    content = encode(Image.fromarray(pixels), exif=exif)
    assert np.array_equal(np.asarray(decode_image(content)), pixels)


def test_box_refers_to_the_upright_image(pixels):
    exif = Image.Exif()
    exif[0x0112] = 3
    content = encode(Image.fromarray(np.ascontiguousarray(pixels[::-1, ::-1])), exif=exif)
    assert np.array_equal(np.asarray(decode_image(content, box=(1, 2, 3, 5))), pixels[2:5, 1:3])


def test_grey_is_repeated():
    grey = np.arange(15, dtype=np.uint8).reshape(5, 3)
    assert np.array_equal(np.asarray(to_rgb(Image.fromarray(grey))), np.repeat(grey[..., None], 3, 2))


def test_black_and_white_is_0_and_255():
    image = Image.fromarray(np.array([[True, False]]))
    assert np.asarray(to_rgb(image))[..., 0].tolist() == [[255, 0]]


def test_palette_gives_its_colours():
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putdata([0, 1])
    assert np.asarray(to_rgb(image)).tolist() == [[[10, 20, 30], [40, 50, 60]]]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_of_16_bits_keeps_its_shades(kind):
    values = np.array([[0, 257, 32896, 65535]], np.uint16)
    image = decode_image(encode(Image.fromarray(values), kind))
    assert np.asarray(image)[0].tolist() == [[0] * 3, [1] * 3, [128] * 3, [255] * 3]


def test_grey_of_32_bits_within_16_is_scaled():
    values = np.array([[0, 65535]], np.int32)
    assert np.asarray(to_rgb(Image.fromarray(values)))[..., 1].tolist() == [[0, 255]]


@pytest.mark.parametrize("values", [[-1, 5], [0, 70000]])
def test_pixels_beyond_16_bits_are_refused(values):
    with pytest.raises(ImageError, match=r"Image has pixels beyond 16 bits, got -?\d+ to \d+"):
        to_rgb(Image.fromarray(np.array([values], np.int32)))


def test_floating_pixels_are_refused():
    with pytest.raises(ImageError, match="Image has floating pixels, got mode 'F'"):
        to_rgb(Image.fromarray(np.zeros((2, 2), np.float32)))


def test_transparency_is_laid_on_white():
    image = Image.new("RGBA", (3, 1))
    image.putdata([(200, 0, 0, 255), (0, 0, 0, 0), (0, 0, 0, 51)])
    assert np.asarray(decode_image(encode(image))).tolist() == [[[200, 0, 0], [255] * 3, [204] * 3]]


def test_transparent_palette_and_colour_are_laid_on_white():
    image = Image.new("P", (2, 1))
    image.putpalette([0, 0, 0, 9, 9, 9])
    image.putdata([0, 1])
    assert np.asarray(decode_image(encode(image, transparency=0))).tolist() == [[[255] * 3, [9] * 3]]
    assert np.asarray(decode_image(encode(image, transparency=b"\0\xff"))).tolist() == [[[255] * 3, [9] * 3]]
    image = Image.new("RGB", (2, 1), (7, 7, 7))
    image.putpixel((0, 0), (1, 2, 3))
    assert np.asarray(decode_image(encode(image, transparency=(1, 2, 3)))).tolist() == [[[255] * 3, [7] * 3]]
    image = Image.new("LA", (1, 1), (0, 0))
    assert np.asarray(decode_image(encode(image))).tolist() == [[[255] * 3]]


def test_cmyk_jpeg_keeps_its_colours():
    content = encode(Image.new("RGB", (16, 16), (250, 10, 10)).convert("CMYK"), "JPEG")
    red, green, blue = np.asarray(decode_image(content)).reshape(-1, 3).mean(0)
    assert red > 230
    assert green < 40
    assert blue < 40


def test_first_frame_of_several_counts():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    content = encode(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    assert np.asarray(decode_image(content))[0, 0].tolist() == [255, 0, 0]


def test_pillow_image_is_not_modified(pixels):
    image = Image.fromarray(pixels)
    to_rgb(image, box=(0, 0, 1, 1))
    assert image.size == (3, 5)
    assert np.array_equal(np.asarray(image), pixels)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ImageError, match=r"Image .*gone\.jpg cannot be read: No such file or directory\."):
        decode_image(tmp_path / "gone.jpg")
    with pytest.raises(ImageError, match=r"cannot be read: Is a directory"):
        decode_image(tmp_path)
    with pytest.raises(ImageError, match=r"cannot be read: embedded null"):
        decode_image("a\0b.jpg")


def test_empty_file_is_named(tmp_path):
    (tmp_path / "a.jpg").touch()
    with pytest.raises(ImageError, match=r"Image .*a\.jpg is empty, got 0 bytes"):
        decode_image(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<!DOCTYPE html><html>", "an HTML page"),
        (b"  <html lang=en>", "an HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"hello", "5 bytes of no known image format"),
    ],
)
def test_what_is_no_image_is_recognized(tmp_path, content, what):
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(ImageError, match=rf"Image .*a\.jpg is no image, got {what}"):
        decode_image(tmp_path / "a.jpg")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP", "TIFF"])
def test_truncated_file_is_refused(tmp_path, kind):
    content = encode(Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 32, 3), np.uint8)), kind)
    (tmp_path / "a").write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageError, match=r"Image .*/a is (damaged: |no image)"):
        decode_image(tmp_path / "a")


def test_truncated_pillow_image_is_refused():
    content = encode(Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 32, 3), np.uint8)))
    with (
        Image.open(io.BytesIO(content[: len(content) // 2])) as image,
        pytest.raises(ImageError, match="Image is damaged: OSError: image file is truncated"),
    ):
        to_rgb(image)


def test_decompression_bomb_is_refused(monkeypatch):
    content = encode(Image.new("L", (64, 64)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(
        ImageError, match=r"Image of bytes has too many pixels: Image size \(4096 pixels\) exceeds"
    ):
        decode_image(content)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP", "PPM"])
def test_any_damage_gives_an_image_or_our_error(kind):
    generator = random.Random(kind)
    whole = encode(Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 10, 3), np.uint8)), kind)
    refused = 0
    for _ in range(200):
        content = bytearray(whole)
        for _ in range(generator.choice([1, 3, 20])):
            content[generator.randrange(min(len(content), generator.choice([64, len(content)])))] = (
                generator.randrange(256)
            )
        try:
            assert decode_image(bytes(content)).mode == "RGB"
        except ImageError:
            refused += 1
    assert refused > 10


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((1, 2, 3, 4), (1, 2, 3, 4)),
        ((-5, -5, 100, 100), (0, 0, 10, 20)),
        ((0.4, 0.5, 1.4, 1.5), (0, 1, 1, 2)),
        ((9.4, 19.4, 99, 99), (9, 19, 10, 20)),
    ],
)
def test_clip_box_rounds_and_clips(box, expected):
    assert clip_box(box, 20, 10) == expected


@pytest.mark.parametrize(
    "box",
    [
        (10, 0, 12, 5),
        (0, 20, 5, 30),
        (-5, -5, 0, 0),
        (3, 3, 3, 9),
        (5, 5, 2, 9),
        (1.1, 0, 1.2, 5),
        (0, 0, float("nan"), 5),
        (0, 0, float("inf"), 5),
    ],
)
def test_clip_box_refuses_a_box_without_pixels(box):
    with pytest.raises(ImageError, match=r"a\.jpg has nothing inside its box, got box .* in 10 x 20 pixels"):
        clip_box(box, 20, 10, name="a.jpg")


def test_cut_out_refuses_a_box_beside_the_image():
    with pytest.raises(ImageError, match="has nothing inside its box"):
        cut_out(Image.new("RGB", (4, 4)), (9, 9, 12, 12))
