import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance, PngImagePlugin

from reidkit.data.fingerprints import FINGERPRINT, FREQUENCIES, count_bits, fingerprint, is_comparable
from tests.data.photos import photo


def bits_between(one, other):
    return int(count_bits(fingerprint(one)["code"] ^ fingerprint(other)["code"]).sum())


def saved_again(picture, quality):
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return Image.open(stream).convert("RGB")


@pytest.mark.parametrize("seed", range(5))
def test_copies_of_a_picture_differ_in_few_bits(seed):
    picture = photo(seed)
    copies = [
        saved_again(picture, 90),
        saved_again(picture, 60),
        picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS),
        ImageEnhance.Brightness(picture).enhance(1.1),
    ]
    assert max(bits_between(picture, copy) for copy in copies) <= 24


def test_different_pictures_differ_in_many_bits():
    pictures = [photo(seed) for seed in range(12)]
    distances = [bits_between(a, b) for n, a in enumerate(pictures) for b in pictures[:n]]
    assert min(distances) > 60
    assert 100 < np.mean(distances) < 140  # half of the signs, as of any two things unrelated


def test_code_holds_the_signs_of_the_cosine_transform():
    """Against the definition of the transform, for a picture of one known frequency."""
    y, x = np.mgrid[:32, :32]
    pixels = 120 + 60 * np.cos(np.pi * (2 * x + 1) * 3 / 64) - 40 * np.cos(np.pi * (2 * y + 1) * 10 / 64)
    code = fingerprint(Image.fromarray(np.round(pixels).astype(np.uint8)).convert("RGB"))["code"]
    bits = np.unpackbits(code.view(np.uint8), bitorder="little")
    low = bits[:64].reshape(8, 8)  # (frequency down, frequency across)
    assert low[0, 0] == 1  # the mean
    assert low[0, 3] == 1
    # Down 10, across 0, is beyond the 8 x 8 lowest: the rest goes by rows of 8, then of 16.
    beyond = [(row, column) for row in range(FREQUENCIES) for column in range(FREQUENCIES)]
    beyond = [place for place in beyond if max(place) >= 8]
    assert bits[64 + beyond.index((10, 0))] == 0
    inverted = fingerprint(Image.fromarray(np.round(240 - pixels).astype(np.uint8)).convert("RGB"))["code"]
    flipped = np.unpackbits(inverted.view(np.uint8), bitorder="little")
    assert flipped[3] == 0
    assert flipped[64 + beyond.index((10, 0))] == 1


def test_digest_is_of_the_pixels_and_the_size_alone():
    picture = photo(0)
    stream = io.BytesIO()
    notes = PngImagePlugin.PngInfo()
    notes.add_text("comment", "another file")
    picture.save(stream, "PNG", pnginfo=notes)
    first = fingerprint(picture)["digest"].tolist()
    assert fingerprint(Image.open(stream).convert("RGB"))["digest"].tolist() == first
    changed = picture.copy()
    changed.putpixel((5, 5), (1, 2, 3))
    assert fingerprint(changed)["digest"].tolist() != first
    wide, high = Image.new("RGB", (4, 2), (9, 9, 9)), Image.new("RGB", (2, 4), (9, 9, 9))
    assert fingerprint(wide)["digest"].tolist() != fingerprint(high)["digest"].tolist()


def test_size_and_colour():
    numbers = fingerprint(Image.new("RGB", (40, 20), (200, 30, 90)))
    assert (int(numbers["width"]), int(numbers["height"])) == (40, 20)
    assert numbers["colour"].tolist() == [200, 30, 90]
    assert numbers.dtype == FINGERPRINT


def dark_with_noise(seed):
    return np.random.default_rng(seed).integers(0, 6, (60, 40, 3), np.uint8)


def dark_with_a_date():
    pixels = dark_with_noise(0)
    pixels[54:58, 2:20] = 255
    return pixels


@pytest.mark.parametrize(
    ("pixels", "comparable"),
    [
        (np.zeros((60, 40, 3), np.uint8), False),
        (np.full((60, 40, 3), 255, np.uint8), False),
        (dark_with_noise(0), False),
        (dark_with_a_date(), False),
        (np.asarray(photo(0))[:7], False),
        (np.asarray(photo(0))[:, :7], False),
        (np.asarray(photo(0))[:8, :8], True),
        (np.asarray(photo(0)), True),
    ],
)
def test_pictures_that_show_nothing_are_not_compared(pixels, comparable):
    assert bool(is_comparable(fingerprint(Image.fromarray(pixels)))) == comparable


def test_count_bits_equals_the_count_of_python():
    words = np.random.default_rng(0).integers(0, 2**64, (50, 4), np.uint64)
    expected = [[value.bit_count() for value in row] for row in words.tolist()]
    assert count_bits(words).tolist() == expected
