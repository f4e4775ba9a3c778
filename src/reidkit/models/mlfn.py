"""MLFN: blocks of parallel units, of which a factor per unit and image selects; the factors describe too."""

import torch
from torch import Tensor, nn

from reidkit.models.blocks import initialize
from reidkit.models.heads import EmbeddingHead, NeckName
from reidkit.models.image_size import check_image_size
from reidkit.models.model import OneBranchModel, ReidModel, check_images

UNITS = 32
# Output channels, number of blocks, first stride, and channels of the two hidden factor layers.
STAGES = (
    (256, 3, 1, (128, 64)),
    (512, 4, 2, (256, 128)),
    (1024, 6, 2, (512, 128)),
    (2048, 3, 2, (512, 128)),
)


class FactorBlock(nn.Module):
    """ResNeXt block of 32 units whose outputs are weighed by factors in (0, 1) that the input gives.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        stride: Of the grouped convolution.
        factor_channels: Channels of the two hidden layers that find the factors.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, stride: int, factor_channels: tuple[int, int]
    ) -> None:
        super().__init__()
        hidden = out_channels // 2
        self.conv1 = nn.Conv2d(in_channels, hidden, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.conv2 = nn.Conv2d(hidden, hidden, 3, stride=stride, padding=1, groups=UNITS, bias=False)
        self.bn2 = nn.BatchNorm2d(hidden)
        self.conv3 = nn.Conv2d(hidden, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        first, second = factor_channels
        self.factors = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(in_channels, first, 1),
            nn.BatchNorm2d(first),
            nn.ReLU(inplace=True),
            nn.Conv2d(first, second, 1),
            nn.BatchNorm2d(second),
            nn.ReLU(inplace=True),
            nn.Conv2d(second, UNITS, 1),
            nn.BatchNorm2d(UNITS),
            nn.Sigmoid(),
        )
        self.shortcut = (
            nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )
            if stride > 1 or in_channels != out_channels
            else nn.Identity()
        )

    def forward(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Return the map (B, out_channels, h / stride, w / stride) and the factors (B, 32, 1, 1)."""
        factors = self.factors(maps)
        residual = torch.relu(self.bn1(self.conv1(maps)))
        residual = torch.relu(self.bn2(self.conv2(residual)))
        residual = factors.repeat_interleave(residual.shape[1] // UNITS, dim=1) * residual
        residual = torch.relu(self.bn3(self.conv3(residual)))
        return torch.relu(self.shortcut(maps) + residual), factors


class MLFNBackbone(nn.Module):
    """Sixteen factor blocks: images (B, 3, H, W) to a map (B, 2048, h, w) and factors (B, 512, 1, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, stride=2, padding=3),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        channels = 64
        self.blocks = nn.ModuleList()
        for out_channels, length, first_stride, factor_channels in STAGES:
            for number in range(length):
                self.blocks.append(
                    FactorBlock(
                        channels,
                        out_channels,
                        stride=first_stride if number == 0 else 1,
                        factor_channels=factor_channels,
                    )
                )
                channels = out_channels
        self.num_channels = channels
        self.num_factors = UNITS * len(self.blocks)
        initialize(self)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return the last feature map and the factors of all blocks."""
        maps = self.stem(images)
        factors = []
        for block in self.blocks:
            maps, selected = block(maps)
            factors.append(selected)
        return maps, torch.cat(factors, dim=1)


class MLFN(OneBranchModel):
    """Multi-level factorisation network: the mean of what the last map and all factors say.

    Args:
        num_identities: Classes of the classifier; None for a model that only embeds.
        embedding_dim: Dimension of both projections.
        neck: See `EmbeddingHead`.

    Reference:
        Chang, Hospedales, Xiang, "Multi-Level Factorisation Net for Person Re-Identification", CVPR 2018,
        section 3.
    """

    def __init__(
        self, num_identities: int | None = None, *, embedding_dim: int = 1024, neck: NeckName = "none"
    ) -> None:
        super().__init__()
        self.backbone: MLFNBackbone = MLFNBackbone()
        self.map_projection = _projection(self.backbone.num_channels, embedding_dim)
        self.factor_projection = _projection(self.backbone.num_factors, embedding_dim)
        initialize(self.map_projection)
        initialize(self.factor_projection)
        self.head = EmbeddingHead(embedding_dim, num_identities, neck=neck)

    def feature_map(self, images: Tensor) -> Tensor:
        """Return the last map (B, 2048, h, w); the factors have no positions.

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        check_images(images)
        maps: Tensor = self.backbone(images)[0]
        return maps

    def pooled(self, images: Tensor) -> Tensor:
        """Return the mean (B, C) of what map and factors are projected to.

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        check_images(images)
        maps, factors = self.backbone(images)
        pooled = self.map_projection(maps.mean(dim=(2, 3), keepdim=True))
        fused: Tensor = (pooled + self.factor_projection(factors)) / 2
        return fused.flatten(1)


def _projection(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


def mlfn(
    *,
    num_identities: int | None = None,
    image_size: tuple[int, int] = (256, 128),
    embedding_dim: int = 1024,
    neck: NeckName = "none",
) -> ReidModel:
    """Return an MLFN.

    Args:
        num_identities: Classes of the classifier; None for a model that only embeds.
        image_size: (height, width) of the input.
        embedding_dim: See `MLFN`.
        neck: See `EmbeddingHead`.

    Raises:
        CatalogError: an image without pixels.
    """
    check_image_size("MLFN", image_size, smallest=1)
    return MLFN(num_identities, embedding_dim=embedding_dim, neck=neck)
