"""Pictures that are like photos: smooth, in colours, no two alike."""

from pathlib import Path

import numpy as np
from PIL import Image


def photo(seed: int, *, width: int = 96, height: int = 128) -> Image.Image:
    """Return a picture of random blobs of several sizes, the same for the same seed."""
    generator = np.random.default_rng(seed)
    layers = np.zeros((height, width, 3))
    for cells, weight in ((3, 60), (6, 40), (12, 25), (24, 12)):
        blobs = generator.uniform(-1, 1, (cells, cells, 3))
        for channel in range(3):
            layer = Image.fromarray(blobs[..., channel].astype(np.float32))
            layers[..., channel] += weight * np.asarray(
                layer.resize((width, height), Image.Resampling.BICUBIC)
            )
    return Image.fromarray((layers + 120).clip(0, 255).astype(np.uint8))


def write_photo(path: Path, seed: int, *, width: int = 96, height: int = 128) -> Path:
    """Write such a picture, without loss where the name asks for a PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    photo(seed, width=width, height=height).save(path)
    return path
