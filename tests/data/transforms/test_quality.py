import math

import torch
from torchvision.transforms.v2 import functional as F

from reidkit.core.types import Preprocessing
from tests.data.transforms.images import noise, outcomes, plain


def test_blur_is_a_gaussian():
    # A white pixel far from the borders becomes the product of two discrete Gaussians that sum to 1.
    image = torch.zeros(3, 33, 33, dtype=torch.uint8)
    image[:, 16, 16] = 255
    specification = [("blur", {"probability": 1.0, "sigma": (1.0, 1.0)})]
    (changed,) = outcomes(specification, image, 1, Preprocessing(height=33, width=33))
    weights = [math.exp(-(offset**2) / 2) for offset in range(-3, 4)]
    total = sum(weights)
    for row in range(-3, 4):
        for column in range(-3, 4):
            expected = 255 * weights[row + 3] * weights[column + 3] / total**2
            assert abs(int(changed[0, 16 + row, 16 + column]) - expected) <= 0.51


def test_blur_keeps_a_plain_image():
    assert all(torch.equal(c, plain()) for c in outcomes([("blur", {"probability": 1.0})], plain(), 10))


def test_blur_as_wide_as_the_image_allows_is_taken():
    outcomes([("blur", {"probability": 1.0, "sigma": (5, 5)})], noise(), 1)


def test_low_resolution_loses_what_a_smaller_image_cannot_hold():
    # By 2: what comes out is the half image, enlarged again.
    image = noise()
    (changed,) = outcomes([("low_resolution", {"probability": 1.0, "factor": (2, 2)})], image, 1)
    half = F.resize(image, [16, 8], antialias=True)
    assert torch.equal(changed, F.resize(half, [32, 16], antialias=True))
    assert float(changed.float().std()) < 0.7 * float(image.float().std())


def test_low_resolution_by_one_is_the_identity():
    specification = [("low_resolution", {"probability": 1.0, "factor": (1, 1)})]
    assert all(torch.equal(changed, noise()) for changed in outcomes(specification, noise(), 3))


def test_low_resolution_keeps_two_pixels_of_each_side():
    specification = [("low_resolution", {"probability": 1.0, "factor": (64, 64)})]
    (changed,) = outcomes(specification, noise(), 1)
    tiny = F.resize(noise(), [2, 2], antialias=True)
    assert torch.equal(changed, F.resize(tiny, [32, 16], antialias=True))
