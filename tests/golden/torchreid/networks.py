"""Stored facts of Torchreid's networks: keys and shapes of their tensors, parameters, features."""

import json
import lzma
from pathlib import Path

import numpy as np
import torch

from tests.golden.weights import draw_state_dict

HERE = Path(__file__).parent

with lzma.open(HERE / "networks.json.xz", "rt") as _file:
    NETWORKS: dict[str, dict] = json.load(_file)
_FEATURES = np.load(HERE / "features.npz")


def features(name: str) -> np.ndarray:
    """Return stored features (2, D), which are rounded to 1/65534 of the largest."""
    return _FEATURES[name].astype(np.float32) / 32767 * _FEATURES[f"{name}/largest"]


def input_hash(image_size: tuple[int, int]) -> str:
    """Return the SHA-256 of the bytes of the images that were fed."""
    return str(_FEATURES[f"input_sha256/{image_size[0]}x{image_size[1]}"])


def state_dict(name: str) -> dict[str, torch.Tensor]:
    """Return a whole state dict of Torchreid, with the weights of the recipe.

    The scales that close the residuals of the SE networks are damped as where they were recorded: without
    that their activations grow until rounding decides which gates are open.
    """
    tensors = draw_state_dict(NETWORKS[name]["tensors"])
    if name.startswith("se_"):
        for key, value in tensors.items():
            if key.endswith(".bn3.weight"):
                value *= 0.1
    return tensors


def shapes_only(name: str) -> dict[str, torch.Tensor]:
    """Return a state dict of Torchreid without numbers."""
    return {key: torch.empty(shape, device="meta") for key, shape in NETWORKS[name]["tensors"]}
