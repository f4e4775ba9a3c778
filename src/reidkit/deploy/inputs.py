"""The many forms in which a user holds images: one by one, many, tensors, folders, patterns of names."""

import glob
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from reidkit.core.errors import DatasetError, ImageError, ShapeError
from reidkit.core.types import Box
from reidkit.data.images import ImageSource, read_image
from reidkit.data.readers.listing import list_tree

Colour = Literal["rgb", "bgr"]
AnyImage = ImageSource | Tensor
"""A path, bytes of an image file, a Pillow image, a uint8 array (H, W, 3), a uint8 tensor (3, H, W)."""
Images = AnyImage | Iterable[AnyImage]
"""One image or several; an array (N, H, W, 3) and a tensor (N, 3, H, W) are several."""
Boxes = Sequence[Box] | np.ndarray[Any, Any] | Tensor
"""(left, top, right, bottom) in pixels each: a sequence, or an array or tensor (N, 4)."""
Files = str | Path | Iterable[str | Path]
"""Image files, folders and patterns such as ``"crops/*/front_*.jpg"``: one, or several."""


def as_several(images: Images) -> Iterable[AnyImage]:
    """Return images as an iterable, where one was given too."""
    if isinstance(images, str | Path | bytes | Image.Image):
        return [images]
    if isinstance(images, np.ndarray | Tensor) and images.ndim in (2, 3):
        return [images]
    return images


def in_batches(images: Iterable[AnyImage], size: int) -> Iterator[list[AnyImage]]:
    """Cut an iterable into lists of a size; the last may be shorter."""
    iterator = iter(images)
    while batch := list(islice(iterator, size)):
        yield batch


def read_any(image: AnyImage, *, colour: Colour = "rgb") -> Tensor:
    """Return an image of any form as uint8 (3, H, W), RGB, upright.

    Args:
        image: See `AnyImage`.
        colour: Order of the channels of arrays and tensors; "bgr" for OpenCV's. Files know their own.

    Raises:
        ImageError: it cannot be read, or is no 8-bit image; floating pixels may be normalised already.
    """
    if not isinstance(image, Tensor):
        return read_image(image, colour=colour)
    if image.dtype != torch.uint8 or image.ndim != 3 or image.shape[0] != 3 or 0 in image.shape:
        raise ImageError(
            f"Image tensor has a wrong form, got {image.dtype} {tuple(image.shape)}. Expected uint8 "
            f"(3, H, W), not normalised. Give the pixels as read."
        )
    return read_image(image.permute(1, 2, 0).cpu().numpy(), colour=colour)


def as_frame(frame: AnyImage, *, colour: Colour = "rgb") -> np.ndarray[Any, Any]:
    """Return a frame to cut boxes from, as an array (H, W, 3) or (H, W) in the given order of colours.

    An array comes back itself, so that a large frame of which few boxes are wanted is not copied.

    Raises:
        ImageError: it cannot be read.
    """
    if isinstance(frame, np.ndarray):
        return frame
    pixels = read_any(frame, colour=colour).permute(1, 2, 0).numpy()
    return pixels[..., ::-1] if colour == "bgr" else pixels


def as_boxes(boxes: Boxes) -> list[Box]:
    """Return boxes as a list of (left, top, right, bottom).

    Raises:
        ShapeError: not four numbers each.
    """
    numbers = np.asarray(boxes.cpu() if isinstance(boxes, Tensor) else boxes)
    if numbers.size == 0:
        return []
    if numbers.ndim != 2 or numbers.shape[1] != 4 or numbers.dtype.kind not in "iuf":
        raise ShapeError(
            f"Boxes have a wrong form, got {numbers.dtype} {numbers.shape}. Expected (N, 4) numbers: left, "
            f"top, right, bottom in pixels. Cut off further columns: boxes[:, :4]."
        )
    return [(float(a), float(b), float(c), float(d)) for a, b, c, d in numbers]


def find_images(where: Files) -> list[Path]:
    """Return the image files of folders, patterns and paths, each once, sorted within a folder or pattern.

    Args:
        where: A path that is there counts as it is; else one with ``*``, ``?`` or ``[`` is a pattern, in
            which ``**`` stands for folders of any depth.

    Raises:
        DatasetError: a path is not there, or there is no image.
    """
    given = [where] if isinstance(where, str | Path) else list(where)
    paths: list[Path] = []
    for one in given:
        path = Path(one)
        if path.is_dir():
            paths += list_tree(path).images
        elif path.exists():
            paths.append(path)
        elif glob.has_magic(str(one)):
            found = sorted(glob.glob(str(one), recursive=True))  # noqa: PTH207 - may be absolute
            paths += [Path(name) for name in found if Path(name).is_file()]
        else:
            raise DatasetError(
                f"Image not found, got {path.absolute()}. Expected a file, a folder or a pattern."
            )
    if not paths:
        raise DatasetError(f"No images found in {', '.join(map(str, given))}. Expected image files.")
    return list(dict.fromkeys(paths))
