"""Weights drawn by a recipe: each tensor from a generator seeded by the CRC of its key.

Goldens store keys, shapes and expected outputs; the weights themselves are too many to store.
"""

import math
import zlib
from collections.abc import Iterable

import numpy as np
import torch

Shapes = Iterable[tuple[str, list[int]]]


def draw_tensor(key: str, shape: list[int]) -> torch.Tensor:
    """Return the weights of one key; the rules are tried in this order."""
    generator = np.random.Generator(np.random.PCG64(zlib.crc32(key.encode())))
    if key.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    if key.endswith("running_var"):
        values = generator.uniform(0.5, 1.5, shape)
    elif key.endswith("running_mean"):
        values = generator.standard_normal(shape) * 0.1
    elif len(shape) >= 2:
        values = generator.standard_normal(shape) * math.sqrt(2 / math.prod(shape[1:]))
    elif key.endswith("bias"):
        values = generator.standard_normal(shape) * 0.05
    else:
        values = generator.uniform(0.8, 1.2, shape)
    return torch.from_numpy(values.astype(np.float32))


def draw_state_dict(shapes: Shapes) -> dict[str, torch.Tensor]:
    """Return the weights of a whole state dict, given its keys and shapes."""
    return {key: draw_tensor(key, shape) for key, shape in shapes}


def draw_fastreid_state_dict(shapes: Shapes) -> dict[str, torch.Tensor]:
    """Return the weights of a model of FastReID, damped so that its non-local blocks do not overflow."""
    tensors = {
        key: torch.full(shape, 3.0) if key.endswith(".p") else draw_tensor(key, shape)
        for key, shape in shapes
    }
    for key, value in tensors.items():
        is_projection = ".NL_" in key and key.endswith(("theta.weight", "phi.weight", "g.weight"))
        if key.endswith("bn3.weight") or is_projection:
            value.mul_(np.float32(0.1))
    return tensors
