import pytest
import torch

from reidkit.data.images import normalize_pixels
from reidkit.data.transforms import build_augmentation
from tests.data.transforms.images import SIZE, noise, outcomes, plain


def rectangle_of(changed, image):
    """Return (top, left, rows, columns) around all pixels that changed, and how many did."""
    painted = (changed != image).any(0)
    rows, columns = painted.any(1).nonzero()[:, 0], painted.any(0).nonzero()[:, 0]
    return (
        int(rows[0]),
        int(columns[0]),
        int(rows[-1] - rows[0]) + 1,
        int(columns[-1] - columns[0]) + 1,
        int(painted.sum()),
    )


@pytest.mark.parametrize(("fill", "value"), [("mean", [124, 116, 104]), ("zero", [0, 0, 0])])
def test_random_erasing_paints_one_rectangle(fill, value):
    image = plain()
    specification = ("random_erasing", {"probability": 1.0, "fill": fill})
    for changed in outcomes([specification], image, 100):
        top, left, height, width, count = rectangle_of(changed, image)
        assert count == height * width
        # Sides are whole pixels: half a pixel of rounding each way around area .02 to .4, aspect .3 to 3.3.
        assert (height + 0.5) * (width + 0.5) >= 0.02 * 512
        assert (height - 0.5) * (width - 0.5) <= 0.4 * 512
        assert (height + 0.5) / (width - 0.5) >= 0.3
        assert (height - 0.5) / (width + 0.5) <= 3.3
        assert changed[:, top, left].tolist() == value


def test_random_erasing_mean_is_about_zero_after_normalisation():
    specification = ("random_erasing", {"probability": 1.0, "area": (0.3, 0.3), "aspect": (1, 1)})
    changed = normalize_pixels(build_augmentation([specification], SIZE)(plain(), 0)[None], SIZE)
    assert float(changed.abs().amin((2, 3)).max()) < 0.01


def test_random_erasing_noise_differs_between_pixels():
    image = torch.zeros(3, 32, 16, dtype=torch.uint8)
    specification = (
        "random_erasing",
        {"probability": 1.0, "fill": "noise", "area": (0.4, 0.4), "aspect": (1, 1)},
    )
    changed = build_augmentation([specification], SIZE)(image, 0)
    assert len(changed.unique()) > 100
    assert int(changed.max()) > 240


def test_random_erasing_happens_as_often_as_asked():
    specification = ("random_erasing", {"probability": 0.3, "fill": "zero"})
    changed = sum(not torch.equal(changed, noise()) for changed in outcomes([specification], noise(), 500))
    assert 110 < changed < 190


@pytest.mark.parametrize("key", ["random_erasing", "random_patch"])
def test_rectangle_that_fits_nowhere_leaves_the_image(key):
    specification = (key, {"probability": 1.0, "area": (0.9, 0.9), "aspect": (50, 60)})
    assert all(torch.equal(changed, noise()) for changed in outcomes([specification], noise(), 5))


@pytest.mark.parametrize(("fill", "value"), [("mean", [124, 116, 104]), ("zero", [0, 0, 0])])
def test_cutout_paints_a_square_that_the_border_may_cut(fill, value):
    image = plain()
    centres, squares = set(), set()
    for changed in outcomes([("cutout", {"probability": 1.0, "fill": fill})], image, 400):
        top, left, height, width, count = rectangle_of(changed, image)
        assert count == height * width
        # Half of 16 is 8: only what a border cuts is smaller, never below the half around the centre.
        assert 4 <= height <= 8
        assert 4 <= width <= 8
        assert height == 8 or top == 0 or top + height == 32
        assert width == 8 or left == 0 or left + width == 16
        assert changed[:, top, left].tolist() == value
        squares.add((height, width))
        centres.add((top, left, height, width))
    assert (8, 8) in squares
    assert len(centres) > 200  # of 512 centres, 400 draws with repetition meet about 278


@pytest.mark.parametrize("side", [0, 0.01])
def test_cutout_of_no_pixel_is_the_identity(side):
    specification = ("cutout", {"probability": 1.0, "side": side})
    assert all(torch.equal(changed, noise()) for changed in outcomes([specification], noise(), 5))


def test_cutout_twice_as_large_as_the_image_can_hide_its_width():
    specification = ("cutout", {"probability": 1.0, "side": 2, "fill": "zero"})
    widths = {rectangle_of(changed, plain())[3] for changed in outcomes([specification], plain(), 50)}
    assert max(widths) == 16


def test_random_patch_pastes_a_piece_of_the_image():
    # Without mirroring and turning a piece is found again, pixel by pixel, at the place it was cut from.
    image = noise()
    arguments = {"probability": 1.0, "flip_probability": 0, "turn_probability": 0, "area": (0.05, 0.2)}
    found = 0
    for changed in outcomes([("random_patch", arguments)], image, 60):
        if torch.equal(changed, image):
            continue  # pasted where it was cut
        top, left, rows, columns, _ = rectangle_of(changed, image)
        piece = changed[:, top : top + rows, left : left + columns]
        windows = image.unfold(1, rows, 1).unfold(2, columns, 1)
        assert bool((windows == piece[:, None, None]).all(-1).all(-1).all(0).any())
        assert 0.03 * 512 < rows * columns < 0.23 * 512
        found += 1
    assert found > 50


def test_random_patch_is_mirrored_as_often_as_asked():
    image = noise()
    arguments = {"probability": 1.0, "flip_probability": 0.5, "turn_probability": 0, "area": (0.2, 0.2)}
    mirrored = 0
    for changed in outcomes([("random_patch", arguments)], image, 200):
        if torch.equal(changed, image):
            continue
        top, left, rows, columns, _ = rectangle_of(changed, image)
        piece = changed[:, top : top + rows, left : left + columns]
        windows = image.unfold(1, rows, 1).unfold(2, columns, 1)
        mirrored += bool((windows == piece.flip(2)[:, None, None]).all(-1).all(-1).all(0).any())
    assert 65 < mirrored < 135


def test_random_patch_brings_no_new_colour_not_even_in_its_corners():
    image = noise() // 2 + 100
    known = {tuple(pixel) for pixel in image.flatten(1).T.tolist()}
    arguments = {"probability": 1.0, "turn_probability": 1.0, "degrees": 45}
    for changed in outcomes([("random_patch", arguments)], image, 40):
        assert {tuple(pixel) for pixel in changed.flatten(1).T.tolist()} <= known


def test_random_patch_turns_its_piece():
    # A piece of half the image, turned by up to 90 degrees, leaves its corners as they were.
    image = noise()
    arguments = {"probability": 1.0, "flip_probability": 0, "area": (0.3, 0.3), "aspect": (1, 1)}

    def smallest_share(turn_probability):
        results = outcomes(
            [("random_patch", {**arguments, "turn_probability": turn_probability, "degrees": 45})], image, 60
        )
        shares = []
        for changed in results:
            if not torch.equal(changed, image):
                *_, rows, columns, count = rectangle_of(changed, image)
                shares.append(count / (rows * columns))
        return min(shares)

    assert smallest_share(0) > 0.97
    assert smallest_share(1) < 0.9
