"""Small files and trees that several tests of the data package need."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    """The content of a small JPEG, 6 wide and 12 high."""
    stream = io.BytesIO()
    Image.new("RGB", (6, 12), (200, 30, 90)).save(stream, "JPEG")
    return stream.getvalue()


@pytest.fixture
def write_files(jpeg: bytes) -> Callable[..., Path]:
    """Return a function that writes files of these names below a folder, each a small JPEG."""

    def write(root: Path, *names: str, content: bytes = jpeg) -> Path:
        for name in names:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return root

    return write


@pytest.fixture
def write_pixels() -> Callable[..., Path]:
    """Return a function that writes random pixels (height, width) without loss."""

    def write(path: Path, height: int = 12, width: int = 6, seed: int = 0) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
        Image.fromarray(pixels).save(path)
        return path

    return write
