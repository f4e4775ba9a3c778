"""Torchreid's small tools."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from reidkit.core import files
from reidkit.data import images
from reidkit.engine.provenance import describe_environment


def mkdir_if_missing(dirname: str | Path) -> None:
    """Make a folder and its parents."""
    Path(dirname).mkdir(parents=True, exist_ok=True)


def check_isfile(fpath: str | Path) -> bool:
    """Return whether a file is there."""
    return Path(fpath).is_file()


def read_json(fpath: str | Path) -> Any:  # noqa: ANN401 - JSON is whatever the file holds
    """Return the content of a JSON file."""
    return json.loads(Path(fpath).read_text(encoding="utf-8"))


def write_json(obj: Any, fpath: str | Path) -> None:  # noqa: ANN401 - JSON is whatever json takes
    """Write a JSON file whole or not at all."""
    files.write_json(Path(fpath), obj)


def set_random_seed(seed: int) -> None:
    """Seed Python, NumPy and torch."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - scripts of Torchreid draw from the global generator
    torch.manual_seed(seed)


def read_image(path: str | Path) -> Image.Image:
    """Return an image as Pillow's, RGB and upright.

    Raises:
        ImageError: it cannot be read; Torchreid tries for ever.
    """
    return Image.fromarray(images.read_image(Path(path)).permute(1, 2, 0).numpy())


def collect_env_info() -> str:
    """Return a text on the machine and its libraries."""
    return "\n".join(f"{name}: {value}" for name, value in describe_environment().items())


def listdir_nohidden(path: str | Path, sort: bool = False) -> list[str]:
    """Return the names in a folder that do not begin with a dot."""
    names = [item.name for item in Path(path).iterdir() if not item.name.startswith(".")]
    return sorted(names) if sort else names
