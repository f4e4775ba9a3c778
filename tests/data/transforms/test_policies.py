import pytest
import torch
from torchvision.transforms import v2

from tests.data.transforms.images import noise, outcomes

MEAN = [124, 116, 104]


def in_torchvision(transform, seed, image):
    """Return what torchvision makes of it after one number that decides whether anything happens."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.rand(())
        return transform(image)


@pytest.mark.parametrize(
    ("key", "arguments", "transform"),
    [
        (
            "auto_augment",
            {"policy": "svhn"},
            v2.AutoAugment(v2.AutoAugmentPolicy.SVHN, v2.InterpolationMode.BILINEAR, MEAN),
        ),
        (
            "rand_augment",
            {"num_changes": 3, "magnitude": 12},
            v2.RandAugment(3, 12, 31, v2.InterpolationMode.BILINEAR, MEAN),
        ),
        (
            "augmix",
            {"severity": 4, "width": 2, "depth": 3, "alpha": 0.5, "with_colours": True},
            v2.AugMix(4, 2, 3, 0.5, True, v2.InterpolationMode.BILINEAR, MEAN),
        ),
        ("augmix", {}, v2.AugMix(3, 3, -1, 1.0, False, v2.InterpolationMode.BILINEAR, MEAN)),
        ("rand_augment", {}, v2.RandAugment(2, 9, 31, v2.InterpolationMode.BILINEAR, MEAN)),
        (
            "auto_augment",
            {},
            v2.AutoAugment(v2.AutoAugmentPolicy.IMAGENET, v2.InterpolationMode.BILINEAR, MEAN),
        ),
    ],
)
def test_policy_is_that_of_torchvision_with_borders_of_the_mean(key, arguments, transform):
    image = noise()
    for seed, changed in enumerate(outcomes([(key, {"probability": 1.0, **arguments})], image, 30)):
        assert torch.equal(changed, in_torchvision(transform, seed, image))
