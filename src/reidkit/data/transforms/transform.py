"""What a transform is, how often it happens, and the checks that builders of transforms share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor
from torchvision.transforms import v2

from reidkit.core.errors import CatalogError
from reidkit.core.types import Preprocessing

Transform = Callable[[Tensor], Tensor]
"""Takes and returns uint8 (3, height, width), and leaves its input as it was."""

Fill = Literal["mean", "zero", "noise"]
"""What hides a part of an image. "mean" is the mean pixel, so about 0 after normalisation; "zero" is black,
which is not 0 after it; "noise" is a random value per pixel and channel."""


@dataclass(frozen=True)
class Sometimes:
    """Applies a transform with a probability, decided anew for every image.

    Args:
        transform: What happens, or does not.
        probability: How often, in [0, 1].

    Raises:
        CatalogError: the probability is out of range.
    """

    transform: Transform
    probability: float

    def __post_init__(self) -> None:
        """Refuse what is no probability."""
        check_value("probability", self.probability, 0, 1)

    def __call__(self, image: Tensor) -> Tensor:
        """Return the changed image, or the given one."""
        return image if float(torch.rand(())) >= self.probability else self.transform(image)


def typed(transform: Any) -> Transform:  # noqa: ANN401 - torchvision is untyped
    """Return a transform of torchvision as what it is."""
    result: Transform = transform
    return result


def mean_pixel(preprocessing: Preprocessing) -> tuple[int, int, int]:
    """Return the pixel that is about 0 after normalisation."""
    red, green, blue = (round(255 * channel) for channel in preprocessing.mean)
    return red, green, blue


def fill_pixel(fill: Fill, preprocessing: Preprocessing) -> tuple[int, int, int] | None:
    """Return the pixel of a fill; None means noise.

    Raises:
        CatalogError: no such fill.
    """
    if fill not in get_args(Fill):
        raise CatalogError(f"Fill is unknown, got '{fill}'. Expected one of: {', '.join(get_args(Fill))}.")
    return {"mean": mean_pixel(preprocessing), "zero": (0, 0, 0), "noise": None}[fill]


def paint(image: Tensor, top: int, left: int, rows: int, columns: int, pixel: Sequence[int] | None) -> Tensor:
    """Return the image with a rectangle painted over.

    Args:
        image: uint8 (3, height, width).
        top: First row of the rectangle.
        left: First column.
        rows: Its height.
        columns: Its width.
        pixel: (R, G, B), 0 to 255; None paints noise.
    """
    if pixel is None:
        patch = torch.randint(0, 256, (3, rows, columns), dtype=torch.uint8)
    else:
        patch = torch.tensor(pixel, dtype=torch.uint8).view(3, 1, 1)
    painted: Tensor = v2.functional.erase(image, top, left, rows, columns, patch)
    return painted


def check_value(name: str, value: float, lowest: float, highest: float) -> float:
    """Return a number that is in its range.

    Raises:
        CatalogError: it is not.
    """
    if not lowest <= value <= highest:
        raise CatalogError(f"{name} is out of range, got {value}. Expected {lowest} to {highest}.")
    return value


def check_range(name: str, values: Sequence[float], lowest: float, highest: float) -> tuple[float, float]:
    """Return (least, greatest), both in their range.

    Raises:
        CatalogError: they are not, or not in this order.
    """
    if len(values) != 2 or not lowest <= values[0] <= values[1] <= highest:
        raise CatalogError(
            f"{name} is out of range, got {tuple(values)}. Expected (least, greatest), both from {lowest} "
            f"to {highest}."
        )
    return float(values[0]), float(values[1])


def check_whole(name: str, value: int, lowest: int, highest: int) -> int:
    """Return a whole number that is in its range.

    Raises:
        CatalogError: it is not, or it is not whole.
    """
    if not isinstance(value, int):
        raise CatalogError(f"{name} is no whole number, got {value}. Expected {lowest} to {highest}.")
    check_value(name, value, lowest, highest)
    return value
