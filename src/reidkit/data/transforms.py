"""Random changes of training images, at network input size and before pixels are normalised.

Each acts on one uint8 image (3, height, width) and draws from torch's CPU generator, which `Augmentation`
sets to the seed of the image and puts back afterwards.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor
from torchvision.transforms import v2

from reidkit.core import catalog
from reidkit.core.errors import CatalogError, ShapeError
from reidkit.core.types import Preprocessing

Transform = Callable[[Tensor], Tensor]
"""Takes and returns uint8 (3, height, width), and leaves its input as it was."""

Fill = Literal["mean", "zero", "noise"]


def flip(preprocessing: Preprocessing, *, probability: float = 0.5) -> Transform:
    """Return a transform that mirrors the image left to right.

    Args:
        preprocessing: Not used.
        probability: How often, in [0, 1].
    """
    return _transform(v2.RandomHorizontalFlip(probability))


def pad_crop(preprocessing: Preprocessing, *, padding: int = 10, fill: int = 0) -> Transform:
    """Return a transform that shifts the image at random: pad all sides, then cut out the old size.

    Args:
        preprocessing: Whose height and width are cut out.
        padding: Largest shift, in pixels of the network input.
        fill: Value of the new pixels, 0 (black) to 255.
    """
    _check_value("padding", padding, 0, min(preprocessing.height, preprocessing.width))
    _check_value("fill", fill, 0, 255)
    return _transform(v2.RandomCrop((preprocessing.height, preprocessing.width), padding=padding, fill=fill))


def random_erasing(
    preprocessing: Preprocessing,
    *,
    probability: float = 0.5,
    area: Sequence[float] = (0.02, 0.4),
    aspect: Sequence[float] = (0.3, 3.3),
    fill: Fill = "mean",
) -> Transform:
    """Return a transform that paints over a random rectangle.

    Args:
        preprocessing: Whose mean is the pixel of ``fill="mean"``.
        probability: How often, in [0, 1].
        area: Least and greatest part of the image, in [0, 1].
        aspect: Least and greatest height / width of the rectangle, in [0.01, 100]; drawn evenly on a
            logarithmic scale.
        fill: "mean" is the mean pixel, so about 0 after normalisation; "zero" is black, which is not 0
            after it; "noise" is a random value per pixel and channel.

    Corner cases:
        A rectangle that does not fit into the image is drawn again, at most 100 times; then the image
        stays as it is.

    Reference:
        Zhong, Zheng, Kang, Li, Yang, "Random Erasing Data Augmentation", AAAI 2020, algorithm 1.

    Differs:
        The paper fills with noise; re-identification recipes since then fill with the mean. The paper draws
        the aspect evenly, which makes tall rectangles commoner than flat ones.
    """
    values = {
        "mean": tuple(round(255 * channel) for channel in preprocessing.mean),
        "zero": (0, 0, 0),
        "noise": None,
    }
    if fill not in values:
        raise CatalogError(f"Fill is unknown, got '{fill}'. Expected one of: {', '.join(get_args(Fill))}.")
    return _RandomErasing(
        _check_value("probability", probability, 0, 1),
        _check_range("area", area, 0, 1),
        _check_range("aspect", aspect, 0.01, 100),
        values[fill],
    )


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
    return _transform(v2.RandomApply([jitter], probability))


TRANSFORMS: dict[str, Callable[..., Transform]] = {
    "flip": flip,
    "pad_crop": pad_crop,
    "random_erasing": random_erasing,
    "colour_jitter": colour_jitter,
}
"""Every builder takes ``preprocessing``; the rest are arguments of the recipe."""


class Augmentation:
    """Applies transforms in the given order; what comes out depends on the image and the seed alone.

    Args:
        transforms: Each takes and returns uint8 (3, height, width). One of your own that draws random
            numbers must draw them from torch's CPU generator.
    """

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self.transforms = tuple(transforms)

    def __call__(self, image: Tensor, seed: int) -> Tensor:
        """Return the changed image; the given one and torch's own random numbers stay as they were.

        Args:
            image: uint8 (3, height, width), at network input size.
            seed: Decides everything, in [0, 2^63).

        Raises:
            ShapeError: a transform returned another size or type.
        """
        generator = torch.default_generator
        state = generator.get_state()
        try:
            generator.manual_seed(seed)
            changed = image
            for transform in self.transforms:
                changed = transform(changed)
        finally:
            generator.set_state(state)
        if changed.shape != image.shape or changed.dtype != image.dtype:
            raise ShapeError(
                f"Augmented image has a wrong form, got {changed.dtype} {tuple(changed.shape)}. "
                f"Expected {image.dtype} {tuple(image.shape)}. Check the transforms: "
                f"{', '.join(str(transform) for transform in self.transforms)}."
            )
        return changed


def build_augmentation(
    specifications: Sequence[tuple[str, Mapping[str, Any]]], preprocessing: Preprocessing
) -> Augmentation:
    """Build an augmentation from names and arguments.

    Args:
        specifications: (key of `TRANSFORMS` or a path of your own, arguments), in the order to apply them;
            none leaves images as they are.
        preprocessing: How images are prepared before.

    Raises:
        CatalogError: unknown transform, an argument it does not take, or one of a wrong value.
    """
    transforms = []
    for key, arguments in specifications:
        try:
            transforms.append(
                catalog.build("transform", key, TRANSFORMS, arguments, preprocessing=preprocessing)
            )
        except (TypeError, ValueError) as error:
            raise CatalogError(
                f"Transform '{key}' cannot be built, got {dict(arguments)}: {error}. "
                f"Expected values as its documentation says."
            ) from error
    return Augmentation(transforms)


@dataclass(frozen=True)
class _RandomErasing:
    probability: float
    area: tuple[float, float]
    aspect: tuple[float, float]
    value: tuple[int, ...] | None

    def __call__(self, image: Tensor) -> Tensor:
        if float(torch.rand(())) >= self.probability:
            return image
        height, width = image.shape[1:]
        for _ in range(100):
            area, aspect, top, left = torch.rand(4, dtype=torch.float64).tolist()
            pixels = height * width * (self.area[0] + area * (self.area[1] - self.area[0]))
            ratio = self.aspect[0] * (self.aspect[1] / self.aspect[0]) ** aspect
            rows, columns = round(math.sqrt(pixels * ratio)), round(math.sqrt(pixels / ratio))
            if 0 < rows <= height and 0 < columns <= width:
                first_row, first_column = int(top * (height - rows + 1)), int(left * (width - columns + 1))
                return self._paint(image, first_row, first_column, rows, columns)
        return image

    def _paint(self, image: Tensor, top: int, left: int, rows: int, columns: int) -> Tensor:
        if self.value is None:
            patch = torch.randint(0, 256, (3, rows, columns), dtype=torch.uint8)
        else:
            patch = torch.tensor(self.value, dtype=torch.uint8).view(3, 1, 1)
        painted: Tensor = v2.functional.erase(image, top, left, rows, columns, patch)
        return painted


def _transform(transform: Any) -> Transform:  # noqa: ANN401 - torchvision is untyped
    typed: Transform = transform
    return typed


def _check_value(name: str, value: float, lowest: float, highest: float) -> float:
    if not lowest <= value <= highest:
        raise CatalogError(f"{name} is out of range, got {value}. Expected {lowest} to {highest}.")
    return value


def _check_range(name: str, values: Sequence[float], lowest: float, highest: float) -> tuple[float, float]:
    if len(values) != 2 or not lowest <= values[0] <= values[1] <= highest:
        raise CatalogError(
            f"{name} is out of range, got {tuple(values)}. Expected (least, greatest), both from {lowest} "
            f"to {highest}."
        )
    return float(values[0]), float(values[1])
