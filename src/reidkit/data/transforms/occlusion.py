"""Parts of the image are hidden, as obstacles and other people hide parts of an individual."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms import v2

from reidkit.core.types import Preprocessing
from reidkit.data.transforms.transform import (
    Fill,
    Sometimes,
    Transform,
    check_range,
    check_value,
    fill_pixel,
    paint,
)


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
    pixel = fill_pixel(fill, preprocessing)
    rectangles = _Rectangles(check_range("area", area, 0, 1), check_range("aspect", aspect, 0.01, 100))
    return Sometimes(_RandomErasing(rectangles, pixel), probability)


def cutout(
    preprocessing: Preprocessing,
    *,
    probability: float = 0.5,
    side: float = 0.5,
    fill: Fill = "mean",
) -> Transform:
    """Return a transform that paints over a square of a fixed size around a random pixel.

    Args:
        preprocessing: Whose mean is the pixel of ``fill="mean"``, and whose shorter side counts.
        probability: How often, in [0, 1].
        side: Of the square, as a part of the shorter side of the image, in [0, 2]; rounded to whole pixels.
        fill: As in `random_erasing`.

    Corner cases:
        The part of the square outside of the image is lost, so that less is hidden near the borders.

    Reference:
        DeVries, Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout", 2017,
        arXiv:1708.04552.

    Differs:
        The paper hides a part of every image; set ``probability`` to 1 for that.
    """
    check_value("side", side, 0, 2)
    pixels = round(side * min(preprocessing.height, preprocessing.width))
    return Sometimes(_Cutout(pixels, fill_pixel(fill, preprocessing)), probability)


def random_patch(
    preprocessing: Preprocessing,
    *,
    probability: float = 0.5,
    area: Sequence[float] = (0.01, 0.5),
    aspect: Sequence[float] = (0.1, 10.0),
    flip_probability: float = 0.5,
    turn_probability: float = 0.5,
    degrees: float = 10.0,
) -> Transform:
    """Return a transform that pastes a piece of the image over another place of it.

    Args:
        preprocessing: Not used.
        probability: How often, in [0, 1].
        area: Least and greatest part of the image that the piece is, in [0, 1].
        aspect: Least and greatest height / width of the piece, in [0.01, 100]; drawn evenly on a
            logarithmic scale.
        flip_probability: How often the piece is mirrored left to right, in [0, 1].
        turn_probability: How often it is turned, in [0, 1].
        degrees: Largest turn in each direction, in [0, 180].

    Corner cases:
        - A piece that does not fit into the image is drawn again, at most 100 times; then the image stays as
          it is.
        - What the corners of a turned piece do not cover stays as it was.

    Reference:
        Zhou, Yang, Cavallaro, Xiang, "Learning Generalisable Omni-Scale Representations for Person
        Re-Identification", TPAMI 2021; as Torchreid has it.

    Differs:
        There pieces come from a pool of up to 50 000, cut from the images seen before: what is pasted depends
        on the order of the images and on the number of workers, the pool is lost when a run is resumed, and
        it keeps growing. Here the piece is cut from the image itself, so that the seed of the image decides
        everything and nothing is kept. It hides as much, but with the colours of the same individual, so it
        is a weaker stranger than a piece of somebody else. There a turned piece has black corners.
    """
    check_value("flip_probability", flip_probability, 0, 1)
    check_value("turn_probability", turn_probability, 0, 1)
    check_value("degrees", degrees, 0, 180)
    rectangles = _Rectangles(check_range("area", area, 0, 1), check_range("aspect", aspect, 0.01, 100))
    return Sometimes(_RandomPatch(rectangles, flip_probability, turn_probability, degrees), probability)


@dataclass(frozen=True)
class _Rectangles:
    """Draws random rectangles by their share of the image and their height / width."""

    area: tuple[float, float]
    aspect: tuple[float, float]

    def draw(self, height: int, width: int) -> tuple[int, int, int, int] | None:
        """Return (top, left, rows, columns), or None where none fitted into the image."""
        for _ in range(100):
            area, aspect, top, left = torch.rand(4, dtype=torch.float64).tolist()
            pixels = height * width * (self.area[0] + area * (self.area[1] - self.area[0]))
            ratio = self.aspect[0] * (self.aspect[1] / self.aspect[0]) ** aspect
            rows, columns = round(math.sqrt(pixels * ratio)), round(math.sqrt(pixels / ratio))
            if 0 < rows <= height and 0 < columns <= width:
                return int(top * (height - rows + 1)), int(left * (width - columns + 1)), rows, columns
        return None


@dataclass(frozen=True)
class _RandomErasing:
    rectangles: _Rectangles
    pixel: tuple[int, int, int] | None

    def __call__(self, image: Tensor) -> Tensor:
        rectangle = self.rectangles.draw(*image.shape[1:])
        return image if rectangle is None else paint(image, *rectangle, self.pixel)


@dataclass(frozen=True)
class _Cutout:
    side: int
    pixel: tuple[int, int, int] | None

    def __call__(self, image: Tensor) -> Tensor:
        height, width = image.shape[1:]
        row, column = int(torch.randint(height, ())), int(torch.randint(width, ()))
        top, left = row - self.side // 2, column - self.side // 2
        bottom, right = min(top + self.side, height), min(left + self.side, width)
        top, left = max(top, 0), max(left, 0)
        return paint(image, top, left, bottom - top, right - left, self.pixel)


@dataclass(frozen=True)
class _RandomPatch:
    rectangles: _Rectangles
    flip_probability: float
    turn_probability: float
    degrees: float

    def __call__(self, image: Tensor) -> Tensor:
        height, width = image.shape[1:]
        rectangle = self.rectangles.draw(height, width)
        if rectangle is None:
            return image
        top, left, rows, columns = rectangle
        piece = self._change(image[:, top : top + rows, left : left + columns])
        row = int(torch.randint(height - rows + 1, ()))
        column = int(torch.randint(width - columns + 1, ()))
        changed = image.clone()
        place = changed[:, row : row + rows, column : column + columns]
        place.copy_(torch.where(piece[3:] > 0, piece[:3], place))
        return changed

    def _change(self, piece: Tensor) -> Tensor:
        """Return the piece mirrored and turned by chance, with a fourth channel: where it is a piece."""
        covered = torch.full_like(piece[:1], 255)
        changed = torch.cat([piece, covered])
        if float(torch.rand(())) < self.flip_probability:
            changed = changed.flip(2)
        if float(torch.rand(())) < self.turn_probability:
            angle = self.degrees * (2 * float(torch.rand(())) - 1)
            # Nearest pixels: between them the colours would mix with those of the empty corners.
            changed = v2.functional.rotate(changed, angle, interpolation=v2.InterpolationMode.NEAREST)
        return changed
