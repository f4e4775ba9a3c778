"""Light and colour, which differ between cameras and hours."""

from torchvision.transforms import v2

from reidkit.core.types import Preprocessing
from reidkit.data.transforms.transform import Sometimes, Transform, typed


def colour_jitter(
    preprocessing: Preprocessing,
    *,
    probability: float = 0.5,
    brightness: float = 0.2,
    contrast: float = 0.15,
    saturation: float = 0.1,
    hue: float = 0.0,
) -> Transform:
    """Return a transform that changes the colours. Colour tells individuals apart: the hue stays by default.

    Args:
        preprocessing: Not used.
        probability: How often, in [0, 1].
        brightness: The factor is drawn from 1 - brightness to 1 + brightness.
        contrast: Like ``brightness``.
        saturation: Like ``brightness``.
        hue: Largest turn of the hue in each direction, in turns of the colour circle, at most 0.5.
    """
    jitter = v2.ColorJitter(brightness=brightness, contrast=contrast, saturation=saturation, hue=hue)
    return typed(v2.RandomApply([jitter], probability))


def grayscale(preprocessing: Preprocessing, *, probability: float = 0.1) -> Transform:
    """Return a transform that takes the colours away: all channels become the brightness of the pixel.

    The brightness is 0.299 R + 0.587 G + 0.114 B. It makes a model look at shapes and patterns where colours
    mislead, as between visible light and infrared; used often, it costs what colours tell.

    Args:
        preprocessing: Not used.
        probability: How often, in [0, 1].
    """
    return Sometimes(typed(v2.Grayscale(num_output_channels=3)), probability)
