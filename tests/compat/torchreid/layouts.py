"""Small data sets in the layouts of the real ones: each identity is a pattern, each camera a brightness."""

from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (32, 16)


def draw(path: Path, identity: int, camera: int, number: int) -> None:
    """Draw one picture of an identity."""
    pattern = np.random.default_rng(identity).integers(0, 255, (4, 2, 3))
    person = np.kron(pattern, np.ones((SIZE[0] // 4, SIZE[1] // 2, 1)))
    noise = np.random.default_rng((identity, camera, number)).normal(0, 8, (*SIZE, 3))
    pixels = person * (0.6 + 0.15 * camera) + noise
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path, quality=95)


def draw_market1501(root: Path, *, train: int = 6, test: int = 4) -> Path:
    """Draw Market-1501 below root/market1501, as Torchreid wants it."""
    base = root / "market1501" / "Market-1501-v15.09.15"
    for identity in range(1, train + 1):
        for camera in (1, 2):
            for number in range(3):
                name = f"{identity:04d}_c{camera}s1_{number:06d}_00.jpg"
                draw(base / "bounding_box_train" / name, identity, camera, number)
    for identity in range(101, 101 + test):
        for camera in (1, 2):
            draw(base / "query" / f"{identity:04d}_c{camera}s1_000000_00.jpg", identity, camera, 0)
            for number in (1, 2):
                name = f"{identity:04d}_c{camera}s1_{number:06d}_00.jpg"
                draw(base / "bounding_box_test" / name, identity, camera, number)
    draw(base / "bounding_box_test" / "0000_c1s1_000001_00.jpg", 999, 1, 0)
    draw(base / "bounding_box_test" / "-1_c1s1_000001_00.jpg", 998, 1, 0)
    return root


def draw_dukemtmcvidreid(root: Path, *, train: int = 4, test: int = 3, frames: int = 4) -> Path:
    """Draw DukeMTMC-VideoReID below root/dukemtmc-vidreid."""
    base = root / "dukemtmc-vidreid" / "DukeMTMC-VideoReID"
    tracks = [("train", identity, camera) for identity in range(1, train + 1) for camera in (1, 2)]
    for identity in range(101, 101 + test):
        tracks += [("query", identity, 1), ("gallery", identity, 2), ("gallery", identity, 3)]
    for track, (split, identity, camera) in enumerate(tracks):
        folder = base / split / f"{identity:04d}" / f"{track:04d}"
        for frame in range(1, frames + 1):
            name = f"{identity:04d}C{camera}F{frame:04d}X{frame:05d}.jpg"
            draw(folder / name, identity, camera, frame)
    return root
