"""Where the individual is in the image: mirrored, shifted, cut out, turned."""

from collections.abc import Sequence

from torchvision.transforms import v2
from torchvision.transforms.v2 import InterpolationMode

from reidkit.core.types import Preprocessing
from reidkit.data.transforms.transform import (
    Sometimes,
    Transform,
    check_range,
    check_value,
    mean_pixel,
    typed,
)


def flip(preprocessing: Preprocessing, *, probability: float = 0.5) -> Transform:
    """Return a transform that mirrors the image left to right.

    Args:
        preprocessing: Not used.
        probability: How often, in [0, 1].
    """
    return typed(v2.RandomHorizontalFlip(probability))


def pad_crop(preprocessing: Preprocessing, *, padding: int = 10, fill: int = 0) -> Transform:
    """Return a transform that shifts the image at random: pad all sides, then cut out the old size.

    Args:
        preprocessing: Whose height and width are cut out.
        padding: Largest shift, in pixels of the network input.
        fill: Value of the new pixels, 0 (black) to 255.
    """
    check_value("padding", padding, 0, min(preprocessing.height, preprocessing.width))
    check_value("fill", fill, 0, 255)
    return typed(v2.RandomCrop((preprocessing.height, preprocessing.width), padding=padding, fill=fill))


def translation_crop(
    preprocessing: Preprocessing, *, probability: float = 0.5, enlargement: float = 1.125
) -> Transform:
    """Return a transform that shifts the image without a margin: enlarge it, then cut out the old size.

    Args:
        preprocessing: Whose height and width are cut out, and with whose interpolation it is enlarged.
        probability: How often, in [0, 1].
        enlargement: Factor of both sides, in [1, 2]; 256 x 128 becomes 288 x 144 by default. Sides are
            rounded to whole pixels.

    Corner cases:
        An enlargement of less than half a pixel on each side leaves the image as it is.

    Reference:
        Zhou, Xiang, "Torchreid: A Library for Deep Learning Person Re-Identification in Pytorch", 2019,
        arXiv:1910.10093; its random crop.

    Differs:
        There a shift is rounded to whole pixels, so that the two outermost ones come half as often as the
        others; here all come equally often. There the file is enlarged; here the image at input size is.
    """
    check_value("enlargement", enlargement, 1, 2)
    size = (preprocessing.height, preprocessing.width)
    enlarged = [round(enlargement * side) for side in size]
    steps = [
        v2.Resize(enlarged, interpolation=_interpolation(preprocessing), antialias=True),
        v2.RandomCrop(size),
    ]
    return Sometimes(typed(v2.Compose(steps)), probability)


def random_resized_crop(
    preprocessing: Preprocessing,
    *,
    probability: float = 0.5,
    area: Sequence[float] = (0.5, 1.0),
    stretch: Sequence[float] = (0.75, 1.33),
) -> Transform:
    """Return a transform that cuts out a random rectangle and resizes it to the old size.

    Args:
        preprocessing: Whose height, width and interpolation count.
        probability: How often, in [0, 1].
        area: Least and greatest part of the image that is cut out, in [0.01, 1].
        stretch: Least and greatest height / width of the rectangle, in units of that of the image, in
            [0.1, 10]; drawn evenly on a logarithmic scale. 1 keeps the proportions.

    Corner cases:
        A rectangle that does not fit into the image is drawn again, at most 10 times; then the largest one
        in the middle that the stretch allows is taken.

    Reference:
        Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke, Rabinovich, "Going Deeper with
        Convolutions", CVPR 2015, section 6.

    Differs:
        The paper cuts 8 % to 100 %, of an aspect of 3/4 to 4/3 whatever the image; this would cut the legs
        off most people, who stand in images twice as high as wide.
    """
    least, greatest = check_range("stretch", stretch, 0.1, 10)
    proportion = preprocessing.width / preprocessing.height  # torchvision counts width / height
    crop = v2.RandomResizedCrop(
        (preprocessing.height, preprocessing.width),
        scale=check_range("area", area, 0.01, 1),
        ratio=(proportion / greatest, proportion / least),
        interpolation=_interpolation(preprocessing),
        antialias=True,
    )
    return Sometimes(typed(crop), probability)


def random_affine(
    preprocessing: Preprocessing,
    *,
    probability: float = 0.5,
    degrees: float = 10.0,
    translation: float = 0.0,
    scale: Sequence[float] = (0.9, 1.1),
    shear_degrees: float = 0.0,
) -> Transform:
    """Return a transform that turns, shifts, scales and shears the image around its middle.

    New pixels at the borders are the mean pixel, so about 0 after normalisation.

    Args:
        preprocessing: Whose mean fills the borders.
        probability: How often, in [0, 1].
        degrees: Largest turn in each direction, in [0, 180].
        translation: Largest shift in each direction, as a part of the height and of the width, in [0, 1].
        scale: Least and greatest size, in [0.1, 10]; 1 is the old one.
        shear_degrees: Largest shear along the rows in each direction, in [0, 80].
    """
    affine = v2.RandomAffine(
        check_value("degrees", degrees, 0, 180),
        translate=(check_value("translation", translation, 0, 1), translation),
        scale=check_range("scale", scale, 0.1, 10),
        shear=check_value("shear_degrees", shear_degrees, 0, 80),
        interpolation=InterpolationMode.BILINEAR,
        fill=list(mean_pixel(preprocessing)),
    )
    return Sometimes(typed(affine), probability)


def _interpolation(preprocessing: Preprocessing) -> InterpolationMode:
    return InterpolationMode(preprocessing.interpolation)
