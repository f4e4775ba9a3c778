"""ResNet-mid: maps from inside the last stage join the last one."""

from typing import Literal

import torch
from torch import Tensor, nn

from reidkit.models.backbones.resnet import ResNet
from reidkit.models.blocks import initialize
from reidkit.models.heads import EmbeddingHead, NeckName
from reidkit.models.image_size import check_image_size
from reidkit.models.model import OneBranchModel, ReidModel, check_images


class ResNetMid(OneBranchModel):
    """ResNet-50 whose descriptor is the last pooled map and a projection of the two maps before it.

    Args:
        num_identities: Classes of the classifier; None for a model that only embeds.
        last_stride: Stride of the last stage.
        is_pretrained: Whether to start from torchvision's ImageNet weights.
        fusion_dim: Dimension of the projection of the inner maps.
        neck: See `EmbeddingHead`.

    Reference:
        Yu, Chang, Song, Xiang, Hospedales, "The Devil is in the Middle: Exploiting Mid-level
        Representations for Cross-Domain Instance Matching", 2017, arXiv:1711.08106, section 3.
    """

    def __init__(
        self,
        num_identities: int | None = None,
        *,
        last_stride: Literal[1, 2] = 2,
        is_pretrained: bool = False,
        fusion_dim: int = 1024,
        neck: NeckName = "none",
    ) -> None:
        super().__init__()
        self.backbone: ResNet = ResNet(depth=50, last_stride=last_stride, is_pretrained=is_pretrained)
        channels = self.backbone.num_channels
        self.fusion = nn.Sequential(
            nn.Linear(2 * channels, fusion_dim), nn.BatchNorm1d(fusion_dim), nn.ReLU(inplace=True)
        )
        initialize(self.fusion)
        self.head = EmbeddingHead(channels + fusion_dim, num_identities, neck=neck)

    def feature_map(self, images: Tensor) -> Tensor:
        """Return the last map (B, C, h, w).

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        return self._last_maps(images)[-1]

    def _last_maps(self, images: Tensor) -> list[Tensor]:
        check_images(images)
        network = self.backbone
        maps = network.maxpool(network.relu(network.bn1(network.conv1(images))))
        for stage in network.stages[:-1]:
            maps = stage(maps)
        last_maps = []
        for block in network.layer4:
            maps = block(maps)
            last_maps.append(maps)
        return last_maps

    def pooled(self, images: Tensor) -> Tensor:
        """Return the projection of the inner maps and the last one behind it (B, C).

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        *inner, last = (maps.mean(dim=(2, 3)) for maps in self._last_maps(images))
        return torch.cat([self.fusion(torch.cat(inner, dim=1)), last], dim=1)


def resnet50_mid(
    *,
    num_identities: int | None = None,
    image_size: tuple[int, int] = (256, 128),
    last_stride: Literal[1, 2] = 2,
    is_pretrained: bool = False,
    fusion_dim: int = 1024,
    neck: NeckName = "none",
) -> ReidModel:
    """Return a ResNet-50 with its inner maps.

    Args:
        num_identities: Classes of the classifier; None for a model that only embeds.
        image_size: (height, width) of the input.
        last_stride: See `ResNetMid`.
        is_pretrained: Whether to start from torchvision's ImageNet weights.
        fusion_dim: See `ResNetMid`.
        neck: See `EmbeddingHead`.

    Raises:
        CatalogError: an unknown choice, or an image without pixels.
        WeightsError: the weights cannot be had.
    """
    check_image_size("ResNet-mid", image_size, smallest=1)
    return ResNetMid(
        num_identities,
        last_stride=last_stride,
        is_pretrained=is_pretrained,
        fusion_dim=fusion_dim,
        neck=neck,
    )
