"""Random changes of training images, at network input size and before pixels are normalised.

Each acts on one uint8 image (3, height, width) and draws from torch's CPU generator, which `Augmentation`
sets to the seed of the image and puts back afterwards.
"""

from reidkit.data.transforms.augmentation import Augmentation, SeveralViews, build_augmentation, view_seed
from reidkit.data.transforms.catalog import TRANSFORMS
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
from reidkit.data.transforms.transform import Fill, Transform

__all__ = [
    "TRANSFORMS",
    "Augmentation",
    "Fill",
    "SeveralViews",
    "Transform",
    "augmix",
    "auto_augment",
    "blur",
    "build_augmentation",
    "colour_jitter",
    "cutout",
    "flip",
    "grayscale",
    "low_resolution",
    "pad_crop",
    "rand_augment",
    "random_affine",
    "random_erasing",
    "random_patch",
    "random_resized_crop",
    "translation_crop",
    "view_seed",
]
