"""MuDeep: streams of several scales that learned weights fuse per channel, and a fully connected layer."""

import torch
from torch import Tensor, nn

from reidkit.core.errors import ShapeError
from reidkit.models.blocks import BiasedConvLayer, initialize
from reidkit.models.heads import EmbeddingHead, NeckName
from reidkit.models.image_size import check_image_size
from reidkit.models.model import PipelineModel, ReidModel

CHANNELS = 256
POOL_SIZE = 4


class Streams(nn.Module):
    """Several streams over one map, side by side in the channels.

    Args:
        streams: Each from (B, C, h, w) to a map; all of one size.
    """

    def __init__(self, *streams: nn.Module) -> None:
        super().__init__()
        self.streams = nn.ModuleList(streams)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the maps of all streams in one."""
        return torch.cat([stream(maps) for stream in self.streams], dim=1)


class WeightedSum(nn.Module):
    """Sum of streams, each weighted per channel by learned numbers that start uniform in [0, 1).

    Args:
        channels: Channels of every stream.
        streams: Each from (B, C, h, w) to (B, channels, h, w).
    """

    def __init__(self, channels: int, *streams: nn.Module) -> None:
        super().__init__()
        self.streams = nn.ModuleList(streams)
        self.weights = nn.ParameterList(torch.rand(1, channels, 1, 1) for _ in streams)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the sum."""
        total: Tensor = self.weights[0] * self.streams[0](maps)
        for weight, stream in list(zip(self.weights, self.streams, strict=True))[1:]:
            total = total + weight * stream(maps)
        return total


class MuDeep(nn.Module):
    """MuDeep up to its pooled map: images (B, 3, H, W) to (B, 256, H/16, W/16).

    Reference:
        Qian, Fu, Jiang, Xiang, Xue, "Multi-scale Deep Learning Architectures for Person
        Re-identification", ICCV 2017, section 3 and table 1.
    """

    num_channels = CHANNELS

    def __init__(self) -> None:
        super().__init__()
        layer = BiasedConvLayer
        self.stem = nn.Sequential(layer(3, 48, 3), layer(48, 96, 3), nn.MaxPool2d(3, stride=2, padding=1))
        self.scales = Streams(
            nn.Sequential(layer(96, 96), layer(96, 24, 3)),
            nn.Sequential(nn.AvgPool2d(3, stride=1, padding=1), layer(96, 24)),
            layer(96, 24),
            nn.Sequential(layer(96, 16), layer(16, 24, 3), layer(24, 24, 3)),
        )
        self.reduction = Streams(
            nn.MaxPool2d(3, stride=2, padding=1),
            layer(96, 96, 3, stride=2),
            nn.Sequential(layer(96, 48), layer(48, 56, 3), layer(56, 64, 3, stride=2)),
        )
        self.fusion = WeightedSum(
            CHANNELS,
            nn.Sequential(nn.AvgPool2d(3, stride=1, padding=1), layer(256, 256)),
            nn.Sequential(layer(256, 64), layer(64, 128, (1, 3)), layer(128, 256, (3, 1))),
            layer(256, 256),
            nn.Sequential(
                layer(256, 64),
                layer(64, 64, (1, 3)),
                layer(64, 128, (3, 1)),
                layer(128, 128, (1, 3)),
                layer(128, 256, (3, 1)),
            ),
        )
        self.pool = nn.AvgPool2d(POOL_SIZE)
        initialize(self)

    def forward(self, images: Tensor) -> Tensor:
        """Return the pooled map (B, 256, H/16, W/16)."""
        maps: Tensor = self.pool(self.fusion(self.reduction(self.scales(self.stem(images)))))
        return maps


class FlattenAggregation(nn.Module):
    """All positions of a map, one after the other: (B, C, h, w) to (B, C * h * w).

    Args:
        map_size: (h, w) that the head behind it was built for.
    """

    def __init__(self, map_size: tuple[int, int]) -> None:
        super().__init__()
        self.map_size = map_size

    def forward(self, maps: Tensor) -> Tensor:
        """Return the vectors.

        Raises:
            ShapeError: a map of another size, since the images had another size.
        """
        if tuple(maps.shape[2:]) != self.map_size:
            raise ShapeError(
                f"Map has a wrong size, got {tuple(maps.shape[2:])}. Expected {self.map_size}: this network "
                f"takes images of the size it was built for. Build it with another image_size."
            )
        return maps.flatten(1)


def mudeep(
    *,
    num_identities: int | None = None,
    image_size: tuple[int, int] = (256, 128),
    embedding_dim: int = 4096,
    neck: NeckName = "none",
) -> ReidModel:
    """Return a MuDeep, whose fully connected layer depends on the image size.

    Args:
        num_identities: Classes of the classifier; None for a model that only embeds.
        image_size: (height, width) of every image it will see.
        embedding_dim: See `EmbeddingHead`.
        neck: See `EmbeddingHead`.

    Raises:
        CatalogError: an image too small for one position of the last map.
    """
    check_image_size("MuDeep", image_size, smallest=13)
    # Two halvings that round up, then whole windows of the last pooling.
    height, width = (-(-side // 4) // POOL_SIZE for side in image_size)
    head = EmbeddingHead(CHANNELS * height * width, num_identities, embedding_dim=embedding_dim, neck=neck)
    return PipelineModel(MuDeep(), FlattenAggregation((height, width)), head)
