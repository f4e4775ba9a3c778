"""Layers that let a place or a channel of a feature map see the whole map."""

from torch import Tensor, nn


class SqueezeExcitation(nn.Module):
    """Weigh each channel by a small network that looks at the mean of every channel.

    Args:
        channels: Channels C of the map.
        reduction: How many times narrower the hidden layer is.

    Shape:
        (B, C, h, w) -> (B, C, h, w).

    Reference:
        Hu, Shen, Sun, "Squeeze-and-Excitation Networks", CVPR 2018, section 3; here without biases.
    """

    def __init__(self, channels: int, *, reduction: int = 16) -> None:
        super().__init__()
        self.reduce = nn.Linear(channels, channels // reduction, bias=False)
        self.restore = nn.Linear(channels // reduction, channels, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the map with weighted channels."""
        weights = self.restore(self.reduce(maps.mean(dim=(2, 3))).relu()).sigmoid()
        weighted: Tensor = maps * weights[:, :, None, None]
        return weighted


class NonLocal(nn.Module):
    """Add to each position a sum over all positions, weighed by how alike they are.

    The likeness is the dot product of two projections over the number of positions, without a softmax. The
    last norm starts with scale 0, so that a fresh block changes nothing.

    Args:
        channels: Channels C of the map.
        width: Channels of the projections; None is half of ``channels``.

    Shape:
        (B, C, h, w) -> (B, C, h, w).

    Reference:
        Wang, Girshick, Gupta, He, "Non-local Neural Networks", CVPR 2018, section 3.2, "dot product".
    """

    def __init__(self, channels: int, *, width: int | None = None) -> None:
        super().__init__()
        width = width or channels // 2
        self.value = nn.Conv2d(channels, width, 1)
        self.query = nn.Conv2d(channels, width, 1)
        self.key = nn.Conv2d(channels, width, 1)
        self.restore = nn.Conv2d(width, channels, 1)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the map with what each position gathered from all others."""
        query, key, value = (layer(maps).flatten(2) for layer in (self.query, self.key, self.value))
        # (B, n, w) (B, w, n) (B, n, w); the two right factors first, since w is mostly smaller than n.
        gathered = query.transpose(1, 2) @ (key @ value.transpose(1, 2)) / query.shape[2]
        gathered = gathered.transpose(1, 2).unflatten(2, maps.shape[2:])
        output: Tensor = maps + self.norm(self.restore(gathered))
        return output
