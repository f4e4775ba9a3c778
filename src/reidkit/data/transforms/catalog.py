"""The catalog of transforms."""

from collections.abc import Callable

from reidkit.data.transforms.colour import colour_jitter, grayscale
from reidkit.data.transforms.geometry import (
    flip,
    pad_crop,
    random_affine,
    random_resized_crop,
    translation_crop,
)
from reidkit.data.transforms.occlusion import cutout, random_erasing, random_patch
from reidkit.data.transforms.policies import augmix, auto_augment, rand_augment
from reidkit.data.transforms.quality import blur, low_resolution
from reidkit.data.transforms.transform import Transform

TRANSFORMS: dict[str, Callable[..., Transform]] = {
    "flip": flip,
    "pad_crop": pad_crop,
    "translation_crop": translation_crop,
    "random_resized_crop": random_resized_crop,
    "random_affine": random_affine,
    "random_erasing": random_erasing,
    "cutout": cutout,
    "random_patch": random_patch,
    "colour_jitter": colour_jitter,
    "grayscale": grayscale,
    "blur": blur,
    "low_resolution": low_resolution,
    "auto_augment": auto_augment,
    "rand_augment": rand_augment,
    "augmix": augmix,
}
"""Every builder takes ``preprocessing``; the rest are arguments of the recipe."""
