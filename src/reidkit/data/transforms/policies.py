"""Published mixtures of many simple changes, as torchvision has them.

They were found for pictures of things, where colour matters less than for individuals: most of them change
colours strongly, some invert them. New pixels at the borders are the mean pixel, about 0 after normalisation.
"""

from typing import Literal, get_args

from torchvision.transforms import v2
from torchvision.transforms.v2 import AutoAugmentPolicy, InterpolationMode

from reidkit.core.errors import CatalogError
from reidkit.core.types import Preprocessing
from reidkit.data.transforms.transform import (
    Sometimes,
    Transform,
    check_value,
    check_whole,
    mean_pixel,
    typed,
)

Policy = Literal["imagenet", "cifar10", "svhn"]

_NUM_MAGNITUDES = 31


def auto_augment(
    preprocessing: Preprocessing, *, probability: float = 0.1, policy: Policy = "imagenet"
) -> Transform:
    """Return a transform that applies one of the pairs of changes that were learned for a data set.

    Args:
        preprocessing: Whose mean fills the borders.
        probability: How often, in [0, 1].
        policy: The data set that the pairs were learned for.

    Reference:
        Cubuk, Zoph, Mané, Vasudevan, Le, "AutoAugment: Learning Augmentation Strategies from Data", CVPR
        2019.

    Differs:
        The paper changes every image; re-identification recipes change one in ten. Pixels are interpolated,
        and the borders filled with the mean.

    Raises:
        CatalogError: unknown policy, or a probability out of range.
    """
    if policy not in get_args(Policy):
        raise CatalogError(
            f"policy is unknown, got '{policy}'. Expected one of: {', '.join(get_args(Policy))}."
        )
    change = v2.AutoAugment(
        AutoAugmentPolicy(policy),
        interpolation=InterpolationMode.BILINEAR,
        fill=list(mean_pixel(preprocessing)),
    )
    return Sometimes(typed(change), probability)


def rand_augment(
    preprocessing: Preprocessing, *, probability: float = 0.5, num_changes: int = 2, magnitude: int = 9
) -> Transform:
    """Return a transform that applies a few random changes, all of one strength.

    Args:
        preprocessing: Whose mean fills the borders.
        probability: How often, in [0, 1].
        num_changes: How many changes, one after the other, 1 to 14.
        magnitude: How strong they are, 0 to 30.

    Reference:
        Cubuk, Zoph, Shlens, Le, "RandAugment: Practical Automated Data Augmentation with a Reduced Search
        Space", NeurIPS 2020.

    Differs:
        The paper changes every image; set ``probability`` to 1 for that. Pixels are interpolated, and the
        borders filled with the mean.
    """
    change = v2.RandAugment(
        num_ops=check_whole("num_changes", num_changes, 1, 14),
        magnitude=check_whole("magnitude", magnitude, 0, _NUM_MAGNITUDES - 1),
        num_magnitude_bins=_NUM_MAGNITUDES,
        interpolation=InterpolationMode.BILINEAR,
        fill=list(mean_pixel(preprocessing)),
    )
    return Sometimes(typed(change), probability)


def augmix(
    preprocessing: Preprocessing,
    *,
    probability: float = 0.5,
    severity: int = 3,
    width: int = 3,
    depth: int | None = None,
    alpha: float = 1.0,
    with_colours: bool = False,
) -> Transform:
    """Return a transform that mixes the image with several chains of random changes of it.

    Args:
        preprocessing: Whose mean fills the borders.
        probability: How often, in [0, 1].
        severity: How strong the changes are at most, 1 to 10.
        width: How many chains are mixed, 1 to 10.
        depth: How many changes make a chain, 1 to 10; None draws 1 to 3 for each.
        alpha: Of the Dirichlet and Beta distributions that the weights are drawn from, in [0.01, 100].
        with_colours: Whether brightness, contrast, saturation and sharpness are among the changes.

    Reference:
        Hendrycks, Mu, Cubuk, Zoph, Gilmer, Lakshminarayanan, "AugMix: A Simple Data Processing Method to
        Improve Robustness and Uncertainty", ICLR 2020.

    Differs:
        The paper also asks that the model answers alike for an image and two mixtures of it; this is a loss,
        and no part of this transform. Values are cut to whole numbers, and the borders filled with the mean.
    """
    change = v2.AugMix(
        severity=check_whole("severity", severity, 1, 10),
        mixture_width=check_whole("width", width, 1, 10),
        chain_depth=-1 if depth is None else check_whole("depth", depth, 1, 10),
        alpha=check_value("alpha", alpha, 0.01, 100),
        all_ops=with_colours,
        interpolation=InterpolationMode.BILINEAR,
        fill=list(mean_pixel(preprocessing)),
    )
    return Sometimes(typed(change), probability)
