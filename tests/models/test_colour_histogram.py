import numpy as np
import torch

from reidkit.core.types import Preprocessing
from reidkit.data.images import normalize_pixels
from reidkit.models.colour_histogram import ColourHistogram


def test_histogram_equals_counting_by_hand():
    preprocessing = Preprocessing()
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 12, 5)).astype(np.uint8)
    images = normalize_pixels(torch.from_numpy(pixels), preprocessing)
    descriptors = ColourHistogram(preprocessing, num_stripes=3, num_levels=2)(images).numpy()
    assert descriptors.shape == (2, 24)
    for number in range(2):
        for stripe in range(3):
            rows = pixels[number, :, 4 * stripe : 4 * stripe + 4].reshape(3, -1) // 128
            colours = rows[0] * 4 + rows[1] * 2 + rows[2]
            counts = np.bincount(colours, minlength=8)
            np.testing.assert_allclose(
                descriptors[number, 8 * stripe : 8 * stripe + 8], np.sqrt(counts / 60), atol=1e-6
            )


def test_descriptor_has_unit_length_and_equal_images_agree():
    images = torch.rand(1, 3, 16, 8).repeat(2, 1, 1, 1)
    descriptors = ColourHistogram(Preprocessing())(images)
    torch.testing.assert_close(descriptors.norm(dim=1), torch.ones(2))
    torch.testing.assert_close(descriptors[0], descriptors[1])


def test_white_and_black_fall_into_the_outer_bins():
    images = torch.cat([torch.zeros(1, 3, 6, 4), torch.ones(1, 3, 6, 4)])
    plain = Preprocessing(mean=(0, 0, 0), std=(1, 1, 1))
    descriptors = ColourHistogram(plain, num_stripes=1)(images)
    assert descriptors[0].argmax() == 0
    assert descriptors[1].argmax() == 511
