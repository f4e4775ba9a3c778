"""ShuffleNetV2 in the layout of its authors, which neither timm nor torchvision keeps.

torchvision gives both halves of a block that halves the map the same width; the authors let the shortcut keep
the channels that it gets.
"""

import torch
from torch import Tensor, nn

from reidkit.core.errors import CatalogError
from reidkit.models.blocks import ConvLayer, initialize

CHANNELS = {
    0.5: (24, 48, 96, 192, 1024),
    1.0: (24, 116, 232, 464, 1024),
    1.5: (24, 176, 352, 704, 1024),
    2.0: (24, 244, 488, 976, 2048),
}
BLOCKS_OF_STAGES = (4, 8, 4)


class ShuffleBlock(nn.Module):
    """Block of two branches whose channels are shuffled at its start.

    At stride 1 every other channel passes untouched beside the branch; at stride 2 both branches get all.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output; at stride 1 as many as of the input.
        stride: 1, or 2 to halve the map.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        given = in_channels // 2 if stride == 1 else in_channels
        passed = out_channels // 2 if stride == 1 else in_channels
        width = out_channels // 2
        self.branch = nn.Sequential(
            ConvLayer(given, width),
            _depthwise(width, stride),
            ConvLayer(width, out_channels - passed),
        )
        self.shortcut = (
            nn.Sequential(_depthwise(in_channels, stride), ConvLayer(in_channels, in_channels))
            if stride == 2
            else nn.Identity()
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Return the map (B, out_channels, h, w) after the block."""
        passed, given = (maps[:, 0::2], maps[:, 1::2]) if self.stride == 1 else (maps, maps)
        return torch.cat([self.shortcut(passed), self.branch(given)], dim=1)


def _depthwise(channels: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(channels, channels, 3, stride=stride, padding=1, groups=channels, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels))


class ShuffleNetV2(nn.Module):
    """ShuffleNetV2: images (B, 3, H, W) to (B, C, H/32, W/32), its last 1x1 convolution included.

    Args:
        width: 0.5, 1.0, 1.5 or 2.0.

    Raises:
        CatalogError: an unknown width.

    Reference:
        Ma, Zhang, Zheng, Sun, "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design",
        ECCV 2018, table 5.
    """

    def __init__(self, *, width: float = 1.0) -> None:
        super().__init__()
        if width not in CHANNELS:
            raise CatalogError(
                f"ShuffleNetV2 width is unknown, got {width}. Expected one of: {tuple(CHANNELS)}."
            )
        stem, *stages, last = CHANNELS[width]
        self.num_channels = last
        self.stem = nn.Sequential(ConvLayer(3, stem, 3, stride=2), nn.MaxPool2d(3, stride=2, padding=1))
        self.blocks = nn.Sequential()
        channels = stem
        for out_channels, count in zip(stages, BLOCKS_OF_STAGES, strict=True):
            for number in range(count):
                self.blocks.append(ShuffleBlock(channels, out_channels, stride=1 if number else 2))
                channels = out_channels
        self.last = ConvLayer(channels, last)
        initialize(self)

    def forward(self, images: Tensor) -> Tensor:
        """Return the last feature map (B, num_channels, h, w)."""
        features: Tensor = self.last(self.blocks(self.stem(images)))
        return features
