"""The baseline that every learned model has to beat: what colours are where."""

import torch
from torch import Tensor, nn

from reidkit.core.types import Preprocessing


class ColourHistogram(nn.Module):
    """Describe an image by joint RGB histograms of horizontal stripes; nothing is learned.

    Args:
        preprocessing: How the images were standardised, to get their pixels back.
        num_stripes: Equal horizontal stripes; a person's clothes lie above each other.
        num_levels: Levels per channel.

    Shape:
        images (B, 3, H, W) -> (B, num_stripes * num_levels ** 3): the square roots of the shares of pixels,
        so that the cosine of two descriptors is their Hellinger affinity.
    """

    def __init__(self, preprocessing: Preprocessing, *, num_stripes: int = 6, num_levels: int = 8) -> None:
        super().__init__()
        self.preprocessing = preprocessing
        self.num_stripes = num_stripes
        self.num_levels = num_levels

    @property
    def descriptor_dim(self) -> int:
        """Numbers per descriptor."""
        return self.num_stripes * self.num_levels**3

    def forward(self, images: Tensor) -> Tensor:
        """Return the descriptors of standardised images."""
        mean = images.new_tensor(self.preprocessing.mean).view(3, 1, 1)
        std = images.new_tensor(self.preprocessing.std).view(3, 1, 1)
        pixels = images * std + mean
        levels = (pixels * self.num_levels).long().clamp(0, self.num_levels - 1)  # (B, 3, H, W)
        colours = (levels[:, 0] * self.num_levels + levels[:, 1]) * self.num_levels + levels[:, 2]
        height = images.shape[2]
        stripes = torch.arange(height, device=images.device) * self.num_stripes // height
        bins = (stripes[:, None] * self.num_levels**3 + colours).flatten(1)  # (B, H * W)
        counts = images.new_zeros(len(images), self.descriptor_dim)
        counts.scatter_add_(1, bins, torch.ones_like(bins, dtype=counts.dtype))
        return (counts / bins.shape[1]).sqrt()
