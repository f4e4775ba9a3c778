"""Where a network looks: activation maps of its last feature map, laid over the picture."""

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from reidkit.core.errors import ShapeError
from reidkit.models.model import ReidModel
from reidkit.vis.attention_rollout import find_transformer, roll_out_attention

# The perceptual map "viridis" at nine even steps: equal steps of value look equally far apart, in grey too.
VIRIDIS = (
    (68, 1, 84),
    (71, 44, 122),
    (59, 81, 139),
    (44, 113, 142),
    (33, 144, 141),
    (39, 173, 129),
    (92, 200, 99),
    (170, 220, 50),
    (253, 231, 37),
)


def activation_map(maps: Tensor) -> Tensor:
    """Return where the channels of a map are active: the sum of their absolute values, of unit length.

    Args:
        maps: (B, C, h, w) floating.

    Returns:
        (B, h, w), not negative; each map has a spatial l2 norm of 1, and is 0 where nothing is active.

    Raises:
        ShapeError: not a floating (B, C, h, w).

    Reference:
        Zhou, Yang, Cavallaro, Xiang, "Omni-Scale Feature Learning for Person Re-Identification", ICCV 2019,
        visualisation of learned features; the map is that of Zagoruyko and Komodakis, "Paying More Attention
        to Attention", ICLR 2017.
    """
    if maps.ndim != 4 or not maps.is_floating_point():
        raise ShapeError(
            f"Feature maps have a wrong form, got {maps.dtype} of shape {tuple(maps.shape)}. Expected "
            f"floating (B, C, h, w)."
        )
    return _unit_length(maps.detach().abs().sum(dim=1))


def model_activation(model: ReidModel, images: Tensor) -> Tensor:
    """Return where a model looks in each image: attention rollout for a transformer, else `activation_map`.

    The model is put into evaluation mode and back.

    Args:
        model: Any model of the catalog.
        images: (B, 3, H, W) standardised, on the model's device.

    Returns:
        (B, h, w) of unit spatial length each.

    Raises:
        ShapeError: not a floating (B, 3, H, W).
    """
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            if find_transformer(model) is not None:
                return _unit_length(roll_out_attention(model, images))
            return activation_map(model.feature_map(images))
    finally:
        model.train(was_training)


def overlay(picture: Image.Image, activation: NDArray[np.floating], *, opacity: float = 0.55) -> Image.Image:
    """Lay one activation map over its picture: dark violet is low, yellow is high.

    The colours span the values of this map; how active one picture is beside another is not shown.

    Args:
        picture: As it was cut out for the model.
        activation: (h, w), scaled up to the picture.
        opacity: Share of the colours in the mixture, in [0, 1].

    Raises:
        ShapeError: the map is not a finite (h, w), or the opacity is out of range.
    """
    if activation.ndim != 2 or not activation.size or not np.isfinite(activation).all():
        raise ShapeError(
            f"Activation map has a wrong form, got shape {activation.shape}. Expected finite (h, w)."
        )
    if not 0 <= opacity <= 1:
        raise ShapeError(f"Opacity is out of range, got {opacity}. Expected 0 to 1.")
    picture = picture.convert("RGB")
    lowest, highest = float(activation.min()), float(activation.max())
    span = highest - lowest
    level = (activation - lowest) / span if span > 0 else np.zeros_like(activation)
    values = Image.fromarray(level.astype(np.float32)).resize(picture.size, Image.Resampling.BICUBIC)
    colours = Image.fromarray(colour(np.asarray(values)))
    return Image.blend(picture, colours, opacity)


def colour(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return the colours (..., 3) of values; what is outside [0, 1] takes the colour of the nearer end."""
    steps = np.linspace(0, 1, len(VIRIDIS))
    table = np.array(VIRIDIS, np.float64)
    channels = [np.interp(values, steps, table[:, channel]) for channel in range(3)]
    colours: NDArray[np.uint8] = np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
    return colours


def _unit_length(maps: Tensor) -> Tensor:
    return nn.functional.normalize(maps.flatten(1).float(), dim=1).view(maps.shape)
