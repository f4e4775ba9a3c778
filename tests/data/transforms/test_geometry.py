import math

import pytest
import torch
from torchvision.transforms.v2 import functional as F

from reidkit.core.types import Preprocessing
from tests.data.transforms.images import noise, outcomes, plain


def corners(height, width):
    """Return an image whose red says the row, green the column, so that every pixel tells where it was."""
    rows = torch.arange(height, dtype=torch.uint8).view(-1, 1).expand(height, width)
    columns = torch.arange(width, dtype=torch.uint8).view(1, -1).expand(height, width)
    return torch.stack([rows, columns, torch.zeros_like(rows)])


def test_flip_mirrors_left_to_right_half_of_the_time():
    image = noise()
    mirrored = [torch.equal(changed, image.flip(2)) for changed in outcomes([("flip", {})], image, 200)]
    assert 70 < sum(mirrored) < 130
    assert all(torch.equal(c, image.flip(2)) for c in outcomes([("flip", {"probability": 1})], image))


def test_pad_crop_shifts_by_up_to_its_padding():
    image = noise()
    padded = torch.nn.functional.pad(image, (2, 2, 2, 2), value=9)
    shifts = {
        padded[:, top : top + 32, left : left + 16].numpy().tobytes() for top in range(5) for left in range(5)
    }
    seen = {c.numpy().tobytes() for c in outcomes([("pad_crop", {"padding": 2, "fill": 9})], image, 300)}
    assert seen == shifts


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_translation_crop_gives_every_cut_of_the_enlarged_image(interpolation):
    image = noise()
    size = Preprocessing(height=32, width=16, interpolation=interpolation)
    enlarged = F.resize(image, [36, 18], F.InterpolationMode(interpolation), antialias=True)
    cuts = {
        enlarged[:, top : top + 32, left : left + 16].numpy().tobytes()
        for top in range(5)
        for left in range(3)
    }
    assert len(cuts) == 15
    specification = [("translation_crop", {"probability": 1.0})]
    assert {c.numpy().tobytes() for c in outcomes(specification, image, 200, size)} == cuts


def test_translation_crop_gives_all_shifts_equally_often():
    specification = [("translation_crop", {"probability": 1.0, "enlargement": 1.0625})]  # 34 x 17: 6 cuts
    times: dict[bytes, int] = {}
    for changed in outcomes(specification, noise(), 1200):
        times[changed.numpy().tobytes()] = times.get(changed.numpy().tobytes(), 0) + 1
    assert len(times) == 6
    assert all(140 < count < 260 for count in times.values())


def test_translation_crop_of_no_enlargement_is_the_identity():
    specification = [("translation_crop", {"probability": 1.0, "enlargement": 1})]
    assert all(torch.equal(changed, noise()) for changed in outcomes(specification, noise(), 5))


def test_random_resized_crop_of_everything_is_the_identity():
    specification = [("random_resized_crop", {"probability": 1.0, "area": (1, 1), "stretch": (1, 1)})]
    assert all(torch.equal(changed, noise()) for changed in outcomes(specification, noise(), 5))


def test_random_resized_crop_cuts_parts_of_the_asked_area_and_proportions():
    image = corners(200, 100)
    size = Preprocessing(height=200, width=100)
    arguments = {"probability": 1.0, "area": (0.2, 0.4), "stretch": (0.8, 1.25)}
    shares, stretches = [], []
    for changed in outcomes([("random_resized_crop", arguments)], image, 100, size):
        red, green = changed[0].float(), changed[1].float()
        # A pixel at each end is half of the enlarged one: the range seen is nearly that of the cut.
        rows, columns = float(red.max() - red.min()) + 1, float(green.max() - green.min()) + 1
        shares.append(rows * columns / (200 * 100))
        stretches.append(rows / columns / 2)
    assert 0.18 < min(shares) < 0.25
    assert 0.35 < max(shares) < 0.42
    assert 0.76 < min(stretches) < 0.9
    assert 1.1 < max(stretches) < 1.31


def test_random_affine_that_does_nothing_is_the_identity():
    specification = [("random_affine", {"probability": 1.0, "degrees": 0, "scale": (1, 1)})]
    assert all(torch.equal(changed, noise()) for changed in outcomes(specification, noise(), 5))


def test_random_affine_shifts_and_fills_with_the_mean():
    specification = [
        ("random_affine", {"probability": 1.0, "degrees": 0, "scale": (1, 1), "translation": 0.25})
    ]
    mean = torch.tensor([124, 116, 104], dtype=torch.uint8)
    shifts = set()
    for changed in outcomes(specification, plain(), 200):
        kept = (changed == 200).all(0)
        assert bool((changed[:, ~kept] == mean[:, None]).all())
        down = 32 - int(kept.any(1).sum())
        across = 16 - int(kept.any(0).sum())
        assert int(kept.sum()) == (32 - down) * (16 - across)
        shifts.add((down, across))
    assert max(down for down, _ in shifts) == 8
    assert max(across for _, across in shifts) == 4
    assert len(shifts) > 20


def test_random_affine_scales_around_the_middle():
    specification = [("random_affine", {"probability": 1.0, "degrees": 0, "scale": (0.5, 0.5)})]
    (changed,) = outcomes(specification, plain(), 1)
    kept = (changed == 200).all(0)
    assert bool(kept[9:23, 5:11].all())
    assert not bool(kept[:7].any())
    assert not bool(kept[25:].any())
    assert not bool(kept[:, :3].any())


def test_random_affine_turns_by_at_most_its_degrees():
    # A unit square and the same turned by t share 2 / (1 + sin t + cos t); what they do not share is filled.
    mean = torch.tensor([124, 116, 104], dtype=torch.uint8).view(3, 1, 1)
    size = Preprocessing(height=128, width=128)
    for degrees in (10, 45):
        specification = [("random_affine", {"probability": 1.0, "degrees": degrees, "scale": (1, 1)})]
        results = outcomes(specification, plain(height=128, width=128), 60, size)
        filled = max(float((result == mean).all(0).float().mean()) for result in results)
        turn = math.radians(degrees)
        most = 1 - 2 / (1 + math.sin(turn) + math.cos(turn))
        assert 0.75 * most < filled < most
