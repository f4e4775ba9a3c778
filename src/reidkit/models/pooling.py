"""Aggregation: from a feature map to one vector per image, and the catalog of the ways to do it."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from reidkit.core.errors import CatalogError


class AverageAggregation(nn.Module):
    """Global average: (B, C, h, w) to (B, C)."""

    def forward(self, maps: Tensor) -> Tensor:
        """Return the mean over the positions of each channel."""
        return maps.mean(dim=(2, 3))


class MaxAggregation(nn.Module):
    """Global maximum: (B, C, h, w) to (B, C)."""

    def forward(self, maps: Tensor) -> Tensor:
        """Return the maximum over the positions of each channel."""
        return maps.amax(dim=(2, 3))


class AverageMaxAggregation(nn.Module):
    """Global average plus global maximum: (B, C, h, w) to (B, C)."""

    def forward(self, maps: Tensor) -> Tensor:
        """Return the sum of the mean and the maximum of each channel."""
        return maps.mean(dim=(2, 3)) + maps.amax(dim=(2, 3))


class ClippedAverageAggregation(nn.Module):
    """Global average, clipped to [0, 1]: (B, C, h, w) to (B, C).

    A channel whose mean lies outside passes no gradient.
    """

    def forward(self, maps: Tensor) -> Tensor:
        """Return the clipped mean over the positions of each channel."""
        return maps.mean(dim=(2, 3)).clamp(0, 1)


class GeneralizedMeanAggregation(nn.Module):
    """Generalised mean (GeM): (B, C, h, w) to (B, C).

    The power 1 is the average, and the higher it is the nearer the maximum.

    Args:
        power: Where it starts, above 0.
        is_learned: Whether the power is one parameter, or stays as it is.
        minimum: Positions below are raised to it, since a power of a negative number is none; above 0.

    Raises:
        CatalogError: a power or minimum that is not above 0.

    Reference:
        Radenovic, Tolias, Chum, "Fine-tuning CNN Image Retrieval with No Human Annotation", TPAMI 2018,
        equation 3; equation 3 of the FastReID paper.
    """

    def __init__(self, *, power: float = 3.0, is_learned: bool = True, minimum: float = 1e-6) -> None:
        super().__init__()
        for name, value in (("power", power), ("minimum", minimum)):
            if not value > 0:
                raise CatalogError(f"Generalised mean {name} is too small, got {value}. Expected above 0.")
        self.minimum = minimum
        self.power: Tensor | float = nn.Parameter(torch.full((1,), float(power))) if is_learned else power

    def forward(self, maps: Tensor) -> Tensor:
        """Return the generalised mean over the positions of each channel."""
        raised = maps.clamp(min=self.minimum).pow(self.power)
        return raised.mean(dim=(2, 3)).pow(1 / self.power)


class AttentionAggregation(nn.Module):
    """Weighted mean over the positions, by weights that the map itself decides: (B, C, h, w) to (B, C).

    The weights of a channel are a softmax over the positions of a linear map of all channels. They start
    equal, which is the average.

    Args:
        channels: Channels C of the map.
        is_per_channel: Whether each channel has weights of its own, which costs C * C parameters, or all
            share one attention map, which costs C.

    Reference:
        He et al., "FastReID: A Pytorch Toolbox for General Instance Re-identification", 2020,
        arXiv:2006.02631, equation 4.

    Differs:
        The paper divides the weighted sum by the number of positions once more, which only scales it. How
        the softmax gets its input it does not say.
    """

    def __init__(self, channels: int, *, is_per_channel: bool = True) -> None:
        super().__init__()
        # Without bias: one number added to every position changes no softmax.
        self.score = nn.Conv2d(channels, channels if is_per_channel else 1, 1, bias=False)
        nn.init.zeros_(self.score.weight)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the weighted mean over the positions of each channel."""
        weights = self.score(maps).flatten(2).softmax(dim=2)
        mean: Tensor = (weights * maps.flatten(2)).sum(dim=2)
        return mean


AGGREGATIONS: dict[str, Callable[..., nn.Module]] = {
    "average": AverageAggregation,
    "max": MaxAggregation,
    "gem": GeneralizedMeanAggregation,
    "average_max": AverageMaxAggregation,
    "clipped_average": ClippedAverageAggregation,
    "attention": AttentionAggregation,
}
