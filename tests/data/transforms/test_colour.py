import numpy as np
import torch
from PIL import Image

from tests.data.transforms.images import noise, outcomes, plain


def test_colour_jitter_keeps_grey_grey_and_hue_by_default():
    for changed in outcomes([("colour_jitter", {"probability": 1.0})], plain(100)):
        assert torch.equal(changed[0], changed[1])
        assert torch.equal(changed[0], changed[2])


def test_grayscale_is_the_brightness_that_pillow_says():
    image = noise()
    (changed,) = outcomes([("grayscale", {"probability": 1.0})], image, 1)
    expected = np.asarray(Image.fromarray(image.permute(1, 2, 0).numpy()).convert("L")).astype(int)
    for channel in changed:
        assert np.abs(channel.numpy().astype(int) - expected).max() <= 1
    assert torch.equal(changed[0], changed[1])
    assert torch.equal(changed[0], changed[2])
