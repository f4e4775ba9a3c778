"""HACNN: soft attention over positions and channels, and hard attention that cuts out four regions."""

from collections.abc import Sequence
from typing import Literal, cast, get_args

import torch
from torch import Tensor, nn

from reidkit.core.errors import CatalogError
from reidkit.core.types import TrainingOutputs
from reidkit.models.blocks import BiasedConvLayer
from reidkit.models.heads import EmbeddingHead, NeckName
from reidkit.models.image_size import check_image_size
from reidkit.models.model import ReidModel, check_images
from reidkit.models.mudeep import Streams

Sampling = Literal["corners", "centres"]

STEM_CHANNELS = 32
LEVEL_CHANNELS = (128, 256, 384)
NUM_REGIONS = 4
REGION_HEIGHT = 0.25  # share of the map; a region is as wide as the map
REGION_SIZES = ((24, 28), (12, 14), (6, 7))  # (height, width) of the cut-out regions at each level
CHANNEL_REDUCTION = 16


def keep_size(in_channels: int, out_channels: int) -> nn.Module:
    """Return the Inception block of four streams that keeps the size."""
    layer, hidden = BiasedConvLayer, out_channels // 4
    return Streams(
        *(nn.Sequential(layer(in_channels, hidden), layer(hidden, hidden, 3)) for _ in range(3)),
        nn.Sequential(nn.AvgPool2d(3, stride=1, padding=1), layer(in_channels, hidden)),
    )


def halve_size(in_channels: int, out_channels: int) -> nn.Module:
    """Return the Inception block of three streams that halves the size."""
    layer, hidden = BiasedConvLayer, out_channels // 4
    return Streams(
        nn.Sequential(layer(in_channels, hidden), layer(hidden, hidden, 3, stride=2)),
        nn.Sequential(
            layer(in_channels, hidden), layer(hidden, hidden, 3), layer(hidden, hidden, 3, stride=2)
        ),
        nn.Sequential(nn.MaxPool2d(3, stride=2, padding=1), layer(in_channels, 2 * hidden)),
    )


def resize(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Resample maps bilinearly such that corners stay corners."""
    return nn.functional.interpolate(maps, size, mode="bilinear", align_corners=True)


class SoftAttention(nn.Module):
    """Weights in (0, 1) per position and channel: the product of both, mixed by a 1x1 convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = channels // CHANNEL_REDUCTION
        self.position1 = BiasedConvLayer(1, 1, 3, stride=2)
        self.position2 = BiasedConvLayer(1, 1)
        self.channel = nn.Sequential(BiasedConvLayer(channels, hidden), BiasedConvLayer(hidden, channels))
        self.mix = BiasedConvLayer(channels, channels)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the weights (B, C, h, w)."""
        size = (maps.shape[2], maps.shape[3])
        positions = self.position2(resize(self.position1(maps.mean(dim=1, keepdim=True)), size))
        channels = self.channel(maps.mean(dim=(2, 3), keepdim=True))
        return torch.sigmoid(self.mix(positions * channels))


class HardAttention(nn.Module):
    """Centres (x, y) of the four regions, in [-1, 1] of the map; at first spread from top to bottom."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.centres = nn.Linear(channels, 2 * NUM_REGIONS)
        nn.init.zeros_(self.centres.weight)
        with torch.no_grad():
            self.centres.bias.copy_(torch.tensor([0, -0.75, 0, -0.25, 0, 0.25, 0, 0.75]))

    def forward(self, maps: Tensor) -> Tensor:
        """Return the centres (B, 4, 2)."""
        centres: Tensor = torch.tanh(self.centres(maps.mean(dim=(2, 3))))
        return centres.reshape(-1, NUM_REGIONS, 2)


def cut_region(maps: Tensor, centres: Tensor, sampling: Sampling) -> Tensor:
    """Resample a region of a quarter of the height to the size of the whole map.

    Args:
        maps: (B, C, h, w).
        centres: (B, 2), x and y in [-1, 1] of the map.
        sampling: See `HACNN`.

    Returns:
        (B, C, h, w); 0 where the region leaves the map.
    """
    height, width = maps.shape[2], maps.shape[3]

    def steps(count: int) -> Tensor:
        ends = 1.0 if sampling == "corners" else 1.0 - 1.0 / count
        return torch.linspace(-ends, ends, count, dtype=maps.dtype, device=maps.device)

    columns = steps(width)[None] + centres[:, :1]
    rows = REGION_HEIGHT * steps(height)[None] + centres[:, 1:]
    grid = torch.stack(
        [columns[:, None, :].expand(-1, height, -1), rows[:, :, None].expand(-1, -1, width)], dim=3
    )
    return nn.functional.grid_sample(maps, grid, align_corners=sampling == "corners")


class Level(nn.Module):
    """One level: global Inception blocks with soft attention, and a local block shared by the regions.

    Args:
        in_channels: Channels of the level before.
        channels: Channels of this level.
        sampling: See `HACNN`.
        region_size: (height, width) to which the regions are resized.
    """

    def __init__(
        self, in_channels: int, channels: int, *, sampling: Sampling, region_size: tuple[int, int]
    ) -> None:
        super().__init__()
        self.sampling: Sampling = sampling
        self.region_size = region_size
        self.inception = nn.Sequential(keep_size(in_channels, channels), halve_size(channels, channels))
        self.soft = SoftAttention(channels)
        self.hard = HardAttention(channels)
        self.local = halve_size(in_channels, channels)

    def forward(self, maps: Tensor, regions: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Return the map of this level and its four regions; ``regions`` of the first level is empty."""
        output = self.inception(maps)
        centres = self.hard(output)
        local = []
        for number in range(NUM_REGIONS):
            region = resize(cut_region(maps, centres[:, number], self.sampling), self.region_size)
            local.append(self.local(region + regions[number] if regions else region))
        return output * self.soft(output), local


class HACNNBackbone(nn.Module):
    """Three levels: images (B, 3, H, W) to a map (B, 384, H/16, W/16) and four regions (B, 384, 3, 4)."""

    def __init__(self, *, sampling: Sampling) -> None:
        super().__init__()
        self.stem = BiasedConvLayer(3, STEM_CHANNELS, 3, stride=2)
        before = (STEM_CHANNELS, *LEVEL_CHANNELS[:-1])
        self.levels = nn.ModuleList(
            Level(in_channels, channels, sampling=sampling, region_size=size)
            for in_channels, channels, size in zip(before, LEVEL_CHANNELS, REGION_SIZES, strict=True)
        )
        self.num_channels = LEVEL_CHANNELS[-1]

    def forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the last map and the four regions of the last level."""
        maps: Tensor = self.stem(images)
        regions: list[Tensor] = []
        for level in self.levels:
            maps, regions = level(maps, regions)
        return maps, regions


class HACNN(ReidModel):
    """Harmonious attention network; its descriptor is the global and the local features, each of length 1.

    Training sees two branches: the global and the local features, each with a classifier.

    Args:
        num_identities: Classes of both classifiers; None for a model that only embeds.
        embedding_dim: Dimension of each half of the descriptor.
        sampling: How a region's edge is understood: "corners" takes the centres of its outermost pixels, as
            the published weights were trained (torch before 1.3), "centres" their outer edges, as Torchreid
            computes on any torch since.
        neck: See `EmbeddingHead`; of both branches.

    Reference:
        Li, Zhu, Gong, "Harmonious Attention Network for Person Re-Identification", CVPR 2018, section 3.

    Differs:
        Any image size works: where Torchreid doubles the map of attention, here it gets the size it weighs.
    """

    def __init__(
        self,
        num_identities: int | None = None,
        *,
        embedding_dim: int = 512,
        sampling: Sampling = "corners",
        neck: NeckName = "none",
    ) -> None:
        super().__init__()
        if sampling not in get_args(Sampling):
            raise CatalogError(
                f"HACNN sampling is unknown, got '{sampling}'. Expected one of: {get_args(Sampling)}."
            )
        self.backbone: HACNNBackbone = HACNNBackbone(sampling=sampling)
        channels = self.backbone.num_channels
        self.global_head = EmbeddingHead(channels, num_identities, embedding_dim=embedding_dim, neck=neck)
        self.local_head = EmbeddingHead(
            NUM_REGIONS * channels, num_identities, embedding_dim=embedding_dim, neck=neck
        )

    @property
    def descriptor_dim(self) -> int:
        """Dimension D of a descriptor: both halves."""
        return self.global_head.descriptor_dim + self.local_head.descriptor_dim

    def forward(self, images: Tensor) -> Tensor:
        """Return the raw descriptors (B, D) of images (B, 3, H, W), in training and evaluation mode.

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        pooled_map, pooled_regions = self._pooled(images)
        halves = (self.global_head(pooled_map), self.local_head(pooled_regions))
        return _joined(halves)

    def training_outputs(self, images: Tensor) -> TrainingOutputs:
        """Return features and logits of images (B, 3, H, W): the global and the local branch.

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        pooled_map, pooled_regions = self._pooled(images)
        branches = (
            self.global_head.training_outputs(pooled_map),
            self.local_head.training_outputs(pooled_regions),
        )
        return TrainingOutputs(
            features=tuple(features for branch in branches for features in branch.features),
            logits=tuple(logits for branch in branches for logits in branch.logits),
            descriptors=_joined([branch.descriptors for branch in branches]),
        )

    def feature_map(self, images: Tensor) -> Tensor:
        """Return the last global map (B, 384, h, w), weighed by its attention.

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        check_images(images)
        maps: Tensor = self.backbone(images)[0]
        return maps

    def _pooled(self, images: Tensor) -> tuple[Tensor, Tensor]:
        check_images(images)
        maps, regions = self.backbone(images)
        pooled = [region.mean(dim=(2, 3)) for region in regions]
        return maps.mean(dim=(2, 3)), torch.cat(pooled, dim=1)


def _joined(halves: Sequence[Tensor | None]) -> Tensor:
    return torch.cat([nn.functional.normalize(cast(Tensor, half), dim=1) for half in halves], dim=1)


def hacnn(
    *,
    num_identities: int | None = None,
    image_size: tuple[int, int] = (160, 64),
    embedding_dim: int = 512,
    sampling: Sampling = "corners",
    neck: NeckName = "none",
) -> ReidModel:
    """Return an HACNN.

    Args:
        num_identities: Classes of both classifiers; None for a model that only embeds.
        image_size: (height, width) of the input; 160 x 64 in the paper.
        embedding_dim: See `HACNN`.
        sampling: See `HACNN`.
        neck: See `EmbeddingHead`.

    Raises:
        CatalogError: an unknown sampling, or an image without pixels.
    """
    check_image_size("HACNN", image_size, smallest=1)
    return HACNN(num_identities, embedding_dim=embedding_dim, sampling=sampling, neck=neck)
