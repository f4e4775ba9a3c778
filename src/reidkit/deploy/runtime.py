"""What every runtime of a model offers, so that the embedder needs to know none of them."""

from collections.abc import Callable, Hashable, Sequence
from typing import Protocol

import torch
from torch import Tensor

Cameras = Sequence[Hashable | None]
"""The label of each image's camera; None where unknown."""


class Runtime(Protocol):
    """A network that is ready to compute: pixels in, descriptors out.

    Attributes:
        name: Of the library, as a person knows it.
        batch_limit: Images that one call takes at most; None where any number fits.
    """

    name: str
    batch_limit: int | None

    def run(self, pixels: Tensor) -> Tensor:
        """Return the descriptors (N, D), float32 on the CPU, of pixels (N, 3, H, W), uint8 RGB, resized."""


def run_in_parts(run: Callable[[Tensor], Tensor], pixels: Tensor, limit: int | None) -> Tensor:
    """Run a batch of any size through an engine that takes a limited number of images per call.

    Args:
        run: (N, 3, H, W) to (N, D), N at most ``limit``.
        pixels: (M, 3, H, W), M at least 1.
        limit: Images per call; None for all at once.
    """
    if limit is None or len(pixels) <= limit:
        return run(pixels)
    return torch.cat([run(pixels[start : start + limit]) for start in range(0, len(pixels), limit)])
