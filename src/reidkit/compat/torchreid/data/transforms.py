"""Torchreid's transforms, by its names; each is the one of reidkit."""

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from reidkit.core.catalog import near_name
from reidkit.core.errors import CatalogError
from reidkit.core.types import Preprocessing
from reidkit.data.images import normalize_pixels, read_image, resize
from reidkit.data.transforms import Augmentation, build_augmentation

IMAGENET = Preprocessing()

TRANSFORM_NAMES: dict[str, tuple[str, dict[str, Any]]] = {
    "random_flip": ("flip", {}),
    "random_crop": ("translation_crop", {}),
    "random_patch": ("random_patch", {}),
    "color_jitter": (
        "colour_jitter",
        {"probability": 1.0, "brightness": 0.2, "contrast": 0.15, "saturation": 0.0},
    ),
    "random_erase": ("random_erasing", {"aspect": (0.3, 1 / 0.3)}),
}
"""Torchreid's names in the order it applies them, whatever the order given; our name and arguments."""


class PictureTransform:
    """From a Pillow image to network input: resize, augment, standardise.

    Args:
        preprocessing: Size and statistics.
        augmentation: Takes (uint8 image, seed); None changes nothing. Its seed is drawn from torch's
            generator, which a loader seeds for each worker.
    """

    def __init__(self, preprocessing: Preprocessing, augmentation: Augmentation | None = None) -> None:
        self.preprocessing = preprocessing
        self.augmentation = augmentation

    def __call__(self, image: Image.Image) -> Tensor:
        """Return float32 (3, height, width)."""
        pixels = resize(read_image(image), self.preprocessing)
        if self.augmentation is not None:
            pixels = self.augmentation(pixels, int(torch.randint(2**62, ())))
        return normalize_pixels(pixels[None], self.preprocessing)[0]


def build_transforms(
    height: int,
    width: int,
    transforms: str | Sequence[str] | None = "random_flip",
    norm_mean: Sequence[float] | None = IMAGENET.mean,
    norm_std: Sequence[float] | None = IMAGENET.std,
) -> tuple[PictureTransform, PictureTransform]:
    """Return the transforms of training and of evaluation.

    Args:
        height: Of the network input.
        width: Of the network input.
        transforms: Names of `TRANSFORM_NAMES`, in any case.
        norm_mean: Per channel; None in either takes ImageNet's for both.
        norm_std: Per channel.

    Raises:
        CatalogError: an unknown name.

    Differs:
        A misspelt name is refused; Torchreid leaves it out. Erased pixels have the mean colour; Torchreid
        fills them after the standardisation, with a colour that is not the mean.
    """
    names = [transforms] if isinstance(transforms, str) else list(transforms or [])
    wanted = [name.lower() for name in names]
    for name in wanted:
        if name not in TRANSFORM_NAMES:
            raise CatalogError(
                f"Unknown transform '{name}'.{near_name(name, TRANSFORM_NAMES)} Known: "
                f"{', '.join(TRANSFORM_NAMES)}."
            )
    preprocessing = Preprocessing(height, width)
    if norm_mean is not None and norm_std is not None:
        preprocessing = Preprocessing(height, width, _three(norm_mean), _three(norm_std))
    steps = [(ours, arguments) for name, (ours, arguments) in TRANSFORM_NAMES.items() if name in wanted]
    training = PictureTransform(preprocessing, build_augmentation(steps, preprocessing))
    return training, PictureTransform(preprocessing)


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    if len(values) != 3:
        raise CatalogError(f"Pixel statistics are wrong, got {list(values)}. Expected three numbers.")
    return float(values[0]), float(values[1]), float(values[2])
