"""ShuffleNet, the first version: grouped pointwise convolutions whose groups are mixed by a shuffle."""

import torch
from torch import Tensor, nn

from reidkit.models.blocks import ConvLayer, initialize
from reidkit.models.heads import EmbeddingHead, NeckName
from reidkit.models.image_size import check_image_size
from reidkit.models.model import PipelineModel, ReidModel
from reidkit.models.pooling import AverageAggregation

GROUPS = 3
STAGES = ((240, 4), (480, 8), (960, 4))  # channels and number of blocks, for three groups


class ShuffleBlock(nn.Module):
    """Grouped 1x1 -> shuffle -> depthwise 3x3 -> grouped 1x1, with a shortcut.

    A block of stride 2 pools its shortcut and puts both side by side instead of adding them.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        stride: 1 or 2.
        is_first_grouped: Whether the first convolution has groups; the paper's very first has not, since
            its input has too few channels.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, stride: int, is_first_grouped: bool = True
    ) -> None:
        super().__init__()
        hidden = out_channels // 4
        self.stride = stride
        if stride == 2:
            out_channels -= in_channels
        first_groups = GROUPS if is_first_grouped else 1
        self.conv1 = nn.Conv2d(in_channels, hidden, 1, groups=first_groups, bias=False)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.conv2 = nn.Conv2d(hidden, hidden, 3, stride=stride, padding=1, groups=hidden, bias=False)
        self.bn2 = nn.BatchNorm2d(hidden)
        self.conv3 = nn.Conv2d(hidden, out_channels, 1, groups=GROUPS, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)

    def forward(self, maps: Tensor) -> Tensor:
        """Map (B, in_channels, h, w) to (B, out_channels, h / stride, w / stride)."""
        residual = torch.relu(self.bn1(self.conv1(maps)))
        residual = self.bn2(self.conv2(nn.functional.channel_shuffle(residual, GROUPS)))
        residual = self.bn3(self.conv3(residual))
        if self.stride == 1:
            return torch.relu(maps + residual)
        shortcut = nn.functional.avg_pool2d(maps, 3, stride=2, padding=1)
        return torch.relu(torch.cat([shortcut, residual], dim=1))


class ShuffleNet(nn.Module):
    """ShuffleNet 1x with three groups, up to its last map: (B, 3, H, W) to (B, 960, H/32, W/32).

    Reference:
        Zhang, Zhou, Lin, Sun, "ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile
        Devices", CVPR 2018, table 1, column g = 3.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(ConvLayer(3, 24, 3, stride=2), nn.MaxPool2d(3, stride=2, padding=1))
        channels = 24
        self.stages = nn.ModuleList()
        for number, (out_channels, length) in enumerate(STAGES):
            stage = nn.Sequential(
                ShuffleBlock(channels, out_channels, stride=2, is_first_grouped=number > 0),
                *(ShuffleBlock(out_channels, out_channels, stride=1) for _ in range(length - 1)),
            )
            self.stages.append(stage)
            channels = out_channels
        self.num_channels = channels
        initialize(self)

    def forward(self, images: Tensor) -> Tensor:
        """Return the last feature map (B, 960, H/32, W/32)."""
        maps: Tensor = self.stem(images)
        for stage in self.stages:
            maps = stage(maps)
        return maps


def shufflenet(
    *,
    num_identities: int | None = None,
    image_size: tuple[int, int] = (256, 128),
    embedding_dim: int | None = None,
    neck: NeckName = "none",
) -> ReidModel:
    """Return a ShuffleNet of the first version behind average pooling and a head.

    Args:
        num_identities: Classes of the classifier; None for a model that only embeds.
        image_size: (height, width) of the input.
        embedding_dim: See `EmbeddingHead`.
        neck: See `EmbeddingHead`.

    Raises:
        CatalogError: an image without pixels.
    """
    check_image_size("ShuffleNet", image_size, smallest=1)
    backbone = ShuffleNet()
    head = EmbeddingHead(backbone.num_channels, num_identities, embedding_dim=embedding_dim, neck=neck)
    return PipelineModel(backbone, AverageAggregation(), head)
