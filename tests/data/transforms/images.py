"""Images that the tests of the transforms start from, and what comes out of them."""

import torch

from reidkit.core.types import Preprocessing
from reidkit.data.transforms import build_augmentation

SIZE = Preprocessing(height=32, width=16)


def noise(height=32, width=16, seed=0):
    """Return an image without two alike pixels side by side, as good as certainly."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (3, height, width), dtype=torch.uint8, generator=generator)


def plain(value=200, height=32, width=16):
    """Return an image of one colour."""
    return torch.full((3, height, width), value, dtype=torch.uint8)


def outcomes(specifications, image, count=40, preprocessing=SIZE):
    """Return what the transforms make of an image, by seeds 0, 1, 2, ..."""
    augment = build_augmentation(specifications, preprocessing)
    return [augment(image, seed) for seed in range(count)]
