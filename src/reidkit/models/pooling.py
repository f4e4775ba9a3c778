"""Aggregation: from a feature map to one vector per image."""

from torch import Tensor, nn


class AverageAggregation(nn.Module):
    """Global average: (B, C, h, w) to (B, C)."""

    def forward(self, maps: Tensor) -> Tensor:
        """Return the mean over the positions of each channel."""
        return maps.mean(dim=(2, 3))
