"""MobileNet V2: inverted residuals, with channels cut by a width multiplier but not rounded to eights."""

from torch import Tensor, nn

from reidkit.models.blocks import initialize
from reidkit.models.heads import EmbeddingHead, NeckName
from reidkit.models.image_size import check_image_size
from reidkit.models.model import PipelineModel, ReidModel
from reidkit.models.pooling import AverageAggregation

# Expansion, channels, number of blocks and first stride of each stage: table 2 of the paper.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
LAST_CHANNELS = 1280


def _convolution(
    in_channels: int, out_channels: int, kernel_size: int = 1, *, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    layer = nn.Conv2d(
        in_channels,
        out_channels,
        kernel_size,
        stride=stride,
        padding=kernel_size // 2,
        groups=groups,
        bias=False,
    )
    return nn.Sequential(layer, nn.BatchNorm2d(out_channels), nn.ReLU6(inplace=True))


class InvertedResidual(nn.Module):
    """Widen by a 1x1, filter by a depthwise 3x3, narrow by a linear 1x1; a shortcut where sizes agree.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        expansion: Factor of the widening; at 1 the first convolution is there all the same.
        stride: Of the depthwise convolution.
    """

    def __init__(self, in_channels: int, out_channels: int, *, expansion: int, stride: int) -> None:
        super().__init__()
        hidden = in_channels * expansion
        self.is_residual = stride == 1 and in_channels == out_channels
        self.expand = _convolution(in_channels, hidden)
        self.depthwise = _convolution(hidden, hidden, 3, stride=stride, groups=hidden)
        self.project = nn.Sequential(
            nn.Conv2d(hidden, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels)
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Map (B, in_channels, h, w) to (B, out_channels, h / stride, w / stride)."""
        output: Tensor = self.project(self.depthwise(self.expand(maps)))
        return maps + output if self.is_residual else output


class MobileNetV2(nn.Module):
    """MobileNet V2 up to its last map: images (B, 3, H, W) to (B, C, H/32, W/32).

    Args:
        width: Width multiplier; above 1 it widens the last layer too.

    Reference:
        Sandler, Howard, Zhu, Zhmoginov, Chen, "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
        CVPR 2018, table 2.

    Differs:
        As in Torchreid, whose weights fit: channels are cut, not rounded to multiples of 8, and the first
        block has its 1x1 convolution although its expansion is 1.
    """

    def __init__(self, *, width: float = 1.0) -> None:
        super().__init__()
        channels = int(32 * width)
        self.stem = _convolution(3, channels, 3, stride=2)
        self.stages = nn.ModuleList()
        for expansion, base_channels, length, first_stride in STAGES:
            stage = nn.Sequential()
            for number in range(length):
                out_channels, stride = int(base_channels * width), first_stride if number == 0 else 1
                stage.append(InvertedResidual(channels, out_channels, expansion=expansion, stride=stride))
                channels = out_channels
            self.stages.append(stage)
        self.num_channels = int(LAST_CHANNELS * max(width, 1.0))
        self.last = _convolution(channels, self.num_channels)
        initialize(self)

    def forward(self, images: Tensor) -> Tensor:
        """Return the last feature map (B, num_channels, H/32, W/32)."""
        maps = self.stem(images)
        for stage in self.stages:
            maps = stage(maps)
        features: Tensor = self.last(maps)
        return features


def mobilenet_v2(
    *,
    width: float,
    num_identities: int | None = None,
    image_size: tuple[int, int] = (256, 128),
    embedding_dim: int | None = None,
    neck: NeckName = "none",
) -> ReidModel:
    """Return a MobileNet V2 behind average pooling and a head.

    Args:
        width: See `MobileNetV2`.
        num_identities: Classes of the classifier; None for a model that only embeds.
        image_size: (height, width) of the input.
        embedding_dim: See `EmbeddingHead`.
        neck: See `EmbeddingHead`.

    Raises:
        CatalogError: an image without pixels.
    """
    check_image_size("MobileNet V2", image_size, smallest=1)
    backbone = MobileNetV2(width=width)
    head = EmbeddingHead(backbone.num_channels, num_identities, embedding_dim=embedding_dim, neck=neck)
    return PipelineModel(backbone, AverageAggregation(), head)
