"""From an image to network input: the one path that training, evaluation and use share."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F

from reidkit.core.errors import ImageError, ShapeError
from reidkit.core.types import Box, Preprocessing
from reidkit.data.decoding import clip_box, decode_image, to_rgb

ImageSource = str | Path | bytes | Image.Image | np.ndarray[Any, Any]
"""A path, the content of an image file, a Pillow image, or an array of pixels."""

_INTERPOLATIONS = {"bilinear": InterpolationMode.BILINEAR, "bicubic": InterpolationMode.BICUBIC}


def read_image(
    source: ImageSource, *, box: Box | None = None, colour: Literal["rgb", "bgr"] = "rgb"
) -> Tensor:
    """Return an image as uint8 (3, H, W), RGB, upright.

    Files and Pillow images follow the rules of `reidkit.data.decoding.to_rgb`: EXIF orientation applied,
    grey repeated, transparency laid on white. The result never shares memory with an array given.

    Args:
        source: A path; the bytes of an image file; a Pillow image; or an array, (H, W, 3) or (H, W) grey,
            uint8.
        box: Part to cut out: (left, top, right, bottom) in pixels of the upright image, right and bottom
            exclusive, rounded to whole pixels and clipped to the image.
        colour: Order of the channels of an array, "bgr" as OpenCV has it. Files and Pillow images know
            their own.

    Raises:
        ImageError: a file that cannot be decoded, an array that is no 8-bit image, an unknown order of
            colours, or a box that misses the image; the message names the file.
    """
    if colour not in ("rgb", "bgr"):
        raise ImageError(f"Order of colours is unknown, got '{colour}'. Expected 'rgb' or 'bgr'.")
    if isinstance(source, np.ndarray):
        return _from_array(source, box, colour)
    if isinstance(source, Image.Image):
        image = to_rgb(source, box=box)
    elif isinstance(source, str | Path | bytes):
        image = decode_image(source, box=box)
    else:
        raise ImageError(
            f"Image has a wrong type, got {type(source).__name__}. Expected a path, bytes, a Pillow image, "
            f"or a uint8 array (H, W, 3)."
        )
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()


def resize(image: Tensor, preprocessing: Preprocessing) -> Tensor:
    """Resize one image to network input size, without keeping its aspect ratio, with antialiasing.

    Args:
        image: uint8 (3, H, W).
        preprocessing: Whose height, width and interpolation count.

    Returns:
        uint8 (3, height, width); the given tensor itself where it has this size already.

    Raises:
        ShapeError: not uint8 (3, H, W), or empty.
    """
    if image.ndim != 3 or image.shape[0] != 3 or image.dtype != torch.uint8 or 0 in image.shape:
        raise ShapeError(
            f"Image has a wrong form, got {image.dtype} {tuple(image.shape)}. "
            f"Expected uint8 (3, H, W). Use read_image."
        )
    resized: Tensor = F.resize(
        image,
        [preprocessing.height, preprocessing.width],
        interpolation=_INTERPOLATIONS[preprocessing.interpolation],
        antialias=True,
    )
    return resized


def normalize_pixels(images: Tensor, preprocessing: Preprocessing) -> Tensor:
    """Turn pixels into network input: divide by 255, subtract the mean, divide by the deviation.

    Args:
        images: uint8 (N, 3, H, W), on any device.
        preprocessing: Whose mean and std count, per channel (R, G, B).

    Returns:
        float32 (N, 3, H, W) on the same device.

    Raises:
        ShapeError: not uint8 (N, 3, H, W); pixels that are floating may be normalised already.
    """
    if images.ndim != 4 or images.shape[1] != 3 or images.dtype != torch.uint8:
        raise ShapeError(
            f"Images have a wrong form, got {images.dtype} {tuple(images.shape)}. Expected uint8 "
            f"(N, 3, H, W), not normalised before."
        )
    mean = torch.tensor(preprocessing.mean, dtype=torch.float32, device=images.device).view(3, 1, 1)
    deviation = torch.tensor(preprocessing.std, dtype=torch.float32, device=images.device).view(3, 1, 1)
    return images.to(torch.float32).div_(255).sub_(mean).div_(deviation)


def _from_array(array: np.ndarray[Any, Any], box: Box | None, colour: str) -> Tensor:
    if array.dtype != np.uint8:
        hint = (
            "Give the pixels as read; if they are in [0, 1], multiply by 255 and convert to uint8."
            if array.dtype.kind == "f"
            else "Convert it."
        )
        raise ImageError(f"Image array has a wrong type, got {array.dtype}. Expected uint8, 0 to 255. {hint}")
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)) or 0 in array.shape:
        raise ImageError(
            f"Image array has a wrong shape, got {array.shape}. Expected (H, W, 3), or (H, W) for grey."
            f"{_shape_hint(array)}"
        )
    if box is not None:
        left, top, right, bottom = clip_box(box, *array.shape[:2], name="Image array")
        array = array[top:bottom, left:right]
    if array.ndim == 2:
        return torch.from_numpy(np.repeat(array[None], 3, axis=0))
    channels = array[..., ::-1] if colour == "bgr" else array
    return torch.from_numpy(np.array(channels.transpose(2, 0, 1), order="C"))


def _shape_hint(array: np.ndarray[Any, Any]) -> str:
    if array.ndim == 4:
        return " Give one image at a time."
    if array.ndim == 3 and array.shape[2] == 4:
        return " Drop the fourth channel (alpha)."
    if array.ndim == 3 and array.shape[0] == 3:
        return " Move the channels last: array.transpose(1, 2, 0)."
    if array.ndim == 3 and array.shape[2] == 1:
        return " Drop the last axis: array[..., 0]."
    return ""
