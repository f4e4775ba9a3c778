"""How sharp the image is: out of focus, or from far away."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms import v2
from torchvision.transforms.v2 import InterpolationMode

from reidkit.core.types import Preprocessing
from reidkit.data.transforms.transform import Sometimes, Transform, check_range, typed


def blur(
    preprocessing: Preprocessing, *, probability: float = 0.5, sigma: Sequence[float] = (0.1, 2.0)
) -> Transform:
    """Return a transform that blurs the image with a Gaussian, mirrored at the borders.

    Args:
        preprocessing: Whose shorter side bounds sigma.
        probability: How often, in [0, 1].
        sigma: Least and greatest standard deviation, in pixels of the network input, from 0.01 to a third of
            the shorter side. The Gaussian is cut off at three times the greatest.
    """
    # A mirrored border cannot be wider than the image.
    highest = (min(preprocessing.height, preprocessing.width) - 1) // 3
    least, greatest = check_range("sigma", sigma, 0.01, highest)
    return Sometimes(typed(v2.GaussianBlur(2 * math.ceil(3 * greatest) + 1, (least, greatest))), probability)


def low_resolution(
    preprocessing: Preprocessing, *, probability: float = 0.5, factor: Sequence[float] = (2.0, 4.0)
) -> Transform:
    """Return a transform that makes the image small and then large again, as if taken from far away.

    Args:
        preprocessing: With whose interpolation the image is made smaller and larger.
        probability: How often, in [0, 1].
        factor: Least and greatest factor by which both sides are divided, in [1, 64]; drawn evenly. Sides
            are rounded to whole pixels, at least 2.

    Reference:
        Jiao, Zheng, Wang, Zhu, Gong, "Deep Low-Resolution Person Re-Identification", AAAI 2018, which makes
        its low resolutions by factors of 2, 3 and 4.

    Differs:
        The factor is any number between two bounds.
    """
    change = _LowResolution(
        check_range("factor", factor, 1, 64), InterpolationMode(preprocessing.interpolation)
    )
    return Sometimes(change, probability)


@dataclass(frozen=True)
class _LowResolution:
    factor: tuple[float, float]
    interpolation: InterpolationMode

    def __call__(self, image: Tensor) -> Tensor:
        least, greatest = self.factor
        factor = least + (greatest - least) * float(torch.rand((), dtype=torch.float64))
        size = list(image.shape[1:])
        # PyTorch cannot make an image of one pixel.
        small = [max(2, round(side / factor)) for side in size]
        for target in (small, size):
            image = v2.functional.resize(image, target, interpolation=self.interpolation, antialias=True)
        return image
