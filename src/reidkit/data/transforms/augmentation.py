"""Transforms in a row, whose outcome depends on image and seed alone; and several views of one image."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from reidkit.core import catalog
from reidkit.core.errors import CatalogError, ShapeError
from reidkit.core.types import Preprocessing
from reidkit.data.transforms.catalog import TRANSFORMS
from reidkit.data.transforms.transform import Transform


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


class SeveralViews:
    """Augments one image several times, each time with random numbers of its own.

    Args:
        augmentation: Takes (image, seed) and returns an image of the same form.
        count: How many views, at least 1.

    Raises:
        CatalogError: fewer than 1 view.
    """

    def __init__(self, augmentation: Callable[[Tensor, int], Tensor], count: int) -> None:
        if count < 1:
            raise CatalogError(f"Number of views is too small, got {count}. Expected at least 1.")
        self.augmentation = augmentation
        self.count = count

    def __call__(self, image: Tensor, seed: int) -> Tensor:
        """Return the views, uint8 (count, 3, height, width).

        The first is the image as ``augmentation`` alone gives it. Each depends on the image, the seed and its
        own number alone: more views do not change the others.

        Args:
            image: uint8 (3, height, width), at network input size.
            seed: Decides everything, in [0, 2^63).
        """
        return torch.stack([self.augmentation(image, view_seed(seed, view)) for view in range(self.count)])


def view_seed(seed: int, view: int) -> int:
    """Return the seed of one view of an image, in [0, 2^63).

    A hash and no sum: the seed of another image may be the next number.

    Args:
        seed: Of the image, in [0, 2^63).
        view: Number of the view, from 0; the first keeps the seed of the image.

    Example:
        >>> view_seed(7, 0), view_seed(7, 1)
        (7, 7768823104508221553)
    """
    if view == 0:
        return seed
    digest = hashlib.sha256(f"{seed}:{view}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


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
