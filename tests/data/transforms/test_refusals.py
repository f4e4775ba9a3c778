"""Every transform refuses what it cannot do when it is built, before any image is read."""

import re

import pytest

from reidkit.core.errors import CatalogError
from reidkit.data.transforms import build_augmentation
from tests.data.transforms.images import SIZE


@pytest.mark.parametrize(
    ("specification", "message"),
    [
        (("flipp", {}), "Unknown transform 'flipp'. Did you mean 'flip'?"),
        (
            ("flip", {"probabilityy": 1}),
            "Transform 'flip' has no argument 'probabilityy'. Did you mean 'probability'?",
        ),
        (("flip", {"preprocessing": SIZE}), "Transform 'flip' has no argument 'preprocessing'"),
        (("flip", {"probability": 2}), "Transform 'flip' cannot be built, got {'probability': 2}"),
        (("flip", {"probability": "often"}), "Transform 'flip' cannot be built"),
        (("pad_crop", {"padding": -1}), "padding is out of range, got -1. Expected 0 to 16"),
        (("pad_crop", {"fill": 256}), "fill is out of range, got 256. Expected 0 to 255"),
        (
            ("translation_crop", {"enlargement": 0.9}),
            "enlargement is out of range, got 0.9. Expected 1 to 2",
        ),
        (("translation_crop", {"enlargement": [1, 2]}), "Transform 'translation_crop' cannot be built"),
        (("random_resized_crop", {"area": (0, 1)}), "area is out of range, got (0, 1)"),
        (("random_resized_crop", {"area": (0.5, 1.5)}), "area is out of range, got (0.5, 1.5)"),
        (("random_resized_crop", {"stretch": (2, 1)}), "stretch is out of range, got (2, 1)"),
        (("random_affine", {"degrees": -1}), "degrees is out of range, got -1. Expected 0 to 180"),
        (("random_affine", {"translation": 2}), "translation is out of range, got 2. Expected 0 to 1"),
        (("random_affine", {"scale": (0, 1)}), "scale is out of range, got (0, 1)"),
        (("random_affine", {"shear_degrees": 90}), "shear_degrees is out of range, got 90"),
        (("random_erasing", {"probability": 1.1}), "probability is out of range, got 1.1. Expected 0 to 1"),
        (("random_erasing", {"area": [0.5, 0.2]}), "area is out of range, got (0.5, 0.2)"),
        (("random_erasing", {"area": [0.2]}), "area is out of range, got (0.2,)"),
        (("random_erasing", {"area": 0.2}), "Transform 'random_erasing' cannot be built"),
        (("random_erasing", {"aspect": [0, 3]}), "aspect is out of range, got (0, 3)"),
        (
            ("random_erasing", {"fill": "white"}),
            "Fill is unknown, got 'white'. Expected one of: mean, zero, noise",
        ),
        (("cutout", {"side": -0.1}), "side is out of range, got -0.1. Expected 0 to 2"),
        (("cutout", {"fill": "black"}), "Fill is unknown, got 'black'"),
        (("random_patch", {"area": (0.5, 1.1)}), "area is out of range, got (0.5, 1.1)"),
        (("random_patch", {"aspect": (0, 1)}), "aspect is out of range, got (0, 1)"),
        (("random_patch", {"flip_probability": 2}), "flip_probability is out of range, got 2"),
        (("random_patch", {"turn_probability": -1}), "turn_probability is out of range, got -1"),
        (("random_patch", {"degrees": 181}), "degrees is out of range, got 181"),
        (("colour_jitter", {"hue": 0.7}), "Transform 'colour_jitter' cannot be built, got {'hue': 0.7}"),
        (("colour_jitter", {"brightness": -1}), "Transform 'colour_jitter' cannot be built"),
        (("colour_jitter", {"probability": 3}), "Transform 'colour_jitter' cannot be built"),
        (("grayscale", {"probability": 3}), "probability is out of range, got 3"),
        (("blur", {"sigma": (0, 1)}), "sigma is out of range, got (0, 1)"),
        (("blur", {"sigma": (1, 6)}), "sigma is out of range, got (1, 6). Expected (least, greatest), both"),
        (("blur", {"sigma": 1}), "Transform 'blur' cannot be built"),
        (("low_resolution", {"factor": (0.5, 2)}), "factor is out of range, got (0.5, 2)"),
        (("low_resolution", {"factor": (3, 2)}), "factor is out of range, got (3, 2)"),
        (
            ("auto_augment", {"policy": "market"}),
            "policy is unknown, got 'market'. Expected one of: imagenet, cifar10, svhn",
        ),
        (("rand_augment", {"num_changes": 0}), "num_changes is out of range, got 0. Expected 1 to 14"),
        (("rand_augment", {"magnitude": 31}), "magnitude is out of range, got 31. Expected 0 to 30"),
        (("rand_augment", {"magnitude": 9.5}), "magnitude is no whole number, got 9.5. Expected 0 to 30"),
        (("augmix", {"severity": 0}), "severity is out of range, got 0. Expected 1 to 10"),
        (("augmix", {"width": 0}), "width is out of range, got 0. Expected 1 to 10"),
        (("augmix", {"depth": 0}), "depth is out of range, got 0. Expected 1 to 10"),
        (("augmix", {"depth": 11}), "depth is out of range, got 11. Expected 1 to 10"),
        (("augmix", {"alpha": 0}), "alpha is out of range, got 0. Expected 0.01 to 100"),
    ],
)
def test_bad_specification_is_refused(specification, message):
    with pytest.raises(CatalogError, match=re.escape(message)):
        build_augmentation([specification], SIZE)
