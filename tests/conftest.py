"""Fixtures that several folders of tests share."""

import os
from pathlib import Path

import hypothesis
import numpy as np
import pytest
import torch
from PIL import Image

# A hub that cannot be reached costs timm half a minute of retries; timm reads this when it is imported.
os.environ["HF_HUB_OFFLINE"] = "1"

torch.set_num_threads(1)  # tests run in several processes at once


hypothesis.settings.register_profile("reidkit", deadline=None)  # a busy machine is not a bug
hypothesis.settings.load_profile("reidkit")


def draw_dataset(
    root: Path,
    *,
    train: int = 8,
    test: int = 5,
    cameras: int = 3,
    images: int = 2,
    size: tuple[int, int] = (64, 32),
) -> Path:
    """Draw a small data set in the folder layout: each identity is a pattern, each camera a brightness."""
    noise = np.random.default_rng(0)
    height, width = size
    for split, identities in (("train", range(train)), ("query", range(train, train + test))):
        for identity in identities:
            pattern = np.random.default_rng(identity).integers(0, 255, (4, 2, 3))
            person = np.kron(pattern, np.ones((height // 4, width // 2, 1)))
            for camera in range(1, cameras + 1):
                for number in range(images):
                    folder = "gallery" if split == "query" and number else split
                    pixels = person * (0.5 + 0.15 * camera) + noise.normal(0, 10, (height, width, 3))
                    path = root / folder / f"{identity:04d}" / f"{identity:04d}_c{camera}_{number:02d}.png"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
    return root


@pytest.fixture(scope="session")
def dataset_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small data set that no test changes: 8 train and 5 test identities, 3 cameras."""
    return draw_dataset(tmp_path_factory.mktemp("dataset"))
