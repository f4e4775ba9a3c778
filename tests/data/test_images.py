import io

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from reidkit.core.errors import ImageError, ShapeError
from reidkit.core.types import Preprocessing
from reidkit.data.images import normalize_pixels, read_image, resize

SMALL = Preprocessing(height=8, width=4)


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (11, 7, 3), np.uint8)


def png(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def test_all_sources_give_the_same_image(tmp_path, pixels):
    path = tmp_path / "a.png"
    path.write_bytes(png(pixels))
    expected = torch.from_numpy(pixels).permute(2, 0, 1)
    bgr = np.ascontiguousarray(pixels[..., ::-1])
    for source in (path, str(path), png(pixels), Image.fromarray(pixels), pixels):
        image = read_image(source)
        assert torch.equal(image, expected)
        assert image.dtype == torch.uint8
        assert image.is_contiguous()
    assert torch.equal(read_image(bgr, colour="bgr"), expected)
    assert not torch.equal(read_image(bgr), expected)


def test_box_cuts_all_sources_alike(pixels):
    expected = torch.from_numpy(pixels[2:9, 1:7]).permute(2, 0, 1)
    for source in (png(pixels), Image.fromarray(pixels), pixels):
        assert torch.equal(read_image(source, box=(1.2, 2.4, 99, 9.4)), expected)


def test_order_of_colours_is_that_of_an_array_alone(pixels):
    assert torch.equal(read_image(png(pixels), colour="bgr"), read_image(png(pixels)))


def test_grey_array_is_repeated(pixels):
    image = read_image(pixels[..., 0], box=(0, 0, 3, 2), colour="bgr")
    assert image.shape == (3, 2, 3)
    assert all(torch.equal(channel, torch.from_numpy(pixels[:2, :3, 0])) for channel in image)


def test_array_stays_as_it_was(pixels):
    before = pixels.copy()
    for source in (pixels, pixels[..., 0]):
        read_image(source).zero_()
    image = Image.fromarray(pixels)
    read_image(image).zero_()
    assert np.array_equal(pixels, before)
    assert np.array_equal(np.asarray(image), before)


def test_array_may_be_read_only_or_a_view(pixels):
    pixels.setflags(write=False)
    view = pixels[::-1, ::2]
    assert torch.equal(read_image(view), torch.from_numpy(view.copy()).permute(2, 0, 1))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((4, 4, 3), np.float32), r"wrong type, got float32\. Expected uint8.*multiply by 255"),
        (np.zeros((4, 4, 3), np.int64), r"wrong type, got int64\. Expected uint8, 0 to 255\. Convert it"),
        (np.zeros((4, 4), bool), "wrong type, got bool"),
        (np.zeros((3, 4, 5), np.uint8), r"wrong shape, got \(3, 4, 5\)\..*array\.transpose\(1, 2, 0\)"),
        (np.zeros((4, 4, 4), np.uint8), r"wrong shape, .*Drop the fourth channel"),
        (np.zeros((4, 4, 1), np.uint8), r"wrong shape, .*array\[\.\.\., 0\]"),
        (np.zeros((2, 4, 4, 3), np.uint8), r"wrong shape, .*one image at a time"),
        (
            np.zeros((4, 4, 2), np.uint8),
            r"wrong shape, got \(4, 4, 2\)\. Expected \(H, W, 3\), or \(H, W\) for grey\.$",
        ),
        (np.zeros((0, 4, 3), np.uint8), r"wrong shape, got \(0, 4, 3\)"),
        (np.zeros(4, np.uint8), r"wrong shape, got \(4,\)"),
    ],
)
def test_array_that_is_no_image_is_refused(array, message):
    with pytest.raises(ImageError, match=f"Image array has a {message}"):
        read_image(array)


def test_box_beside_an_array_is_refused(pixels):
    with pytest.raises(ImageError, match="Image array has nothing inside its box"):
        read_image(pixels, box=(7, 0, 9, 5))


@pytest.mark.parametrize("source", [None, 5, ["a.jpg"], torch.zeros(3, 4, 4)])
def test_source_of_another_type_is_refused(source):
    with pytest.raises(ImageError, match=f"Image has a wrong type, got {type(source).__name__}"):
        read_image(source)


def test_unknown_order_of_colours_is_refused(pixels):
    with pytest.raises(ImageError, match="Order of colours is unknown, got 'brg'"):
        read_image(pixels, colour="brg")


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(ImageError, match=r"Image .*gone\.jpg cannot be read"):
        read_image(tmp_path / "gone.jpg")


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_resize_is_torchvisions_with_antialias(pixels, interpolation):
    image = read_image(pixels)
    preprocessing = Preprocessing(height=8, width=4, interpolation=interpolation)
    expected = v2.Resize((8, 4), interpolation=v2.InterpolationMode(interpolation), antialias=True)(image)
    resized = resize(image, preprocessing)
    assert torch.equal(resized, expected)
    assert resized.shape == (3, 8, 4)
    assert resized.dtype == torch.uint8


def test_resize_by_half_is_the_mean_of_a_tent():
    # Halving with antialiasing weighs 4 pixels of each direction 1 3 3 1; all equal columns stay equal.
    column = torch.tensor([0, 0, 0, 0, 80, 80, 80, 80], dtype=torch.uint8)
    image = column.view(1, 8, 1).expand(3, 8, 8).contiguous()
    resized = resize(image, Preprocessing(height=4, width=4))
    assert resized[0, :, 0].tolist() == [0, 10, 70, 80]


def test_resize_does_not_modify_its_input(pixels):
    image = read_image(pixels)
    before = image.clone()
    resize(image, SMALL).zero_()
    assert torch.equal(image, before)


def test_resize_enlarges_a_single_pixel():
    assert resize(torch.full((3, 1, 1), 7, dtype=torch.uint8), SMALL).unique().tolist() == [7]


@pytest.mark.parametrize(
    "image",
    [
        torch.zeros(3, 4, 4),
        torch.zeros(1, 4, 4, dtype=torch.uint8),
        torch.zeros(2, 3, 4, 4, dtype=torch.uint8),
        torch.zeros(3, 0, 4, dtype=torch.uint8),
    ],
    ids=["float", "grey", "batch", "empty"],
)
def test_resize_refuses_another_form(image):
    with pytest.raises(ShapeError, match=r"Image has a wrong form, got torch\..* Expected uint8 \(3, H, W\)"):
        resize(image, SMALL)


def test_normalize_pixels_by_hand():
    preprocessing = Preprocessing(mean=(0.0, 0.5, 1.0), std=(1.0, 0.5, 0.25))
    images = torch.tensor([0, 255, 51], dtype=torch.uint8).view(1, 1, 1, 3).expand(1, 3, 1, 3)
    expected = torch.tensor([[0.0, 1.0, 0.2], [-1.0, 1.0, -0.6], [-4.0, 0.0, -3.2]]).view(1, 3, 1, 3)
    result = normalize_pixels(images, preprocessing)
    assert result.dtype == torch.float32
    assert torch.allclose(result, expected, atol=1e-6)


def test_normalize_pixels_leaves_its_input_and_takes_no_image():
    images = torch.full((2, 3, 4, 4), 9, dtype=torch.uint8)
    normalize_pixels(images, SMALL)
    assert images.unique().tolist() == [9]
    assert normalize_pixels(images[:0], SMALL).shape == (0, 3, 4, 4)


@pytest.mark.parametrize(
    "images",
    [
        torch.zeros(2, 3, 4, 4),
        torch.zeros(3, 4, 4, dtype=torch.uint8),
        torch.zeros(2, 1, 4, 4, dtype=torch.uint8),
    ],
)
def test_normalize_pixels_refuses_another_form(images):
    with pytest.raises(ShapeError, match=r"Images have a wrong form, got .*not normalised before"):
        normalize_pixels(images, SMALL)
