"""NASNet-A mobile: cells that a search found, each of five sums of two paths.

A cell looks at the map before it and at the one before that. The member `left` and `right` of a sum are its
two paths; "pool" stands for a pooling that learns nothing.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from reidkit.models.blocks import initialize
from reidkit.models.heads import EmbeddingHead, NeckName
from reidkit.models.image_size import check_image_size
from reidkit.models.model import PipelineModel, ReidModel
from reidkit.models.pooling import AverageAggregation

NORM_EPSILON = 1e-3
STEM_CHANNELS = 32
CELL_CHANNELS = 44
CELLS_PER_STAGE = 4

Padding = Literal["even", "leading"]


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=NORM_EPSILON)


def _projection(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return ReLU -> 1x1 convolution -> norm."""
    return nn.Sequential(nn.ReLU(), nn.Conv2d(in_channels, out_channels, 1, bias=False), _norm(out_channels))


def _average(stride: int = 1) -> nn.AvgPool2d:
    return nn.AvgPool2d(3, stride=stride, padding=1, count_include_pad=False)


class LeadingPadded(nn.Module):
    """Run a layer of stride 2 on a map whose even sides are padded at their start, and drop what that adds.

    The layer looks at positions moved by one, so that an even side is read from its first position on. An odd
    side, which needs no such thing, stays as it is.
    """

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, maps: Tensor) -> Tensor:
        """Return the output, of half the size rounded up."""
        top, left = 1 - maps.shape[2] % 2, 1 - maps.shape[3] % 2
        output: Tensor = self.layer(nn.functional.pad(maps, (left, 0, top, 0)))
        return output[:, :, top:, left:]


class SeparablePath(nn.Module):
    """Twice ReLU -> depthwise convolution -> 1x1 convolution -> norm.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Of both depthwise convolutions.
        stride: Of the first one.
        has_late_change: Whether the second convolution changes the channels, and not the first.
        padding: "leading" moves the first depthwise convolution, see `LeadingPadded`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        *,
        has_late_change: bool = True,
        padding: Padding = "even",
    ) -> None:
        super().__init__()
        middle = in_channels if has_late_change else out_channels
        first = nn.Conv2d(
            in_channels,
            in_channels,
            kernel_size,
            stride=stride,
            padding=kernel_size // 2,
            groups=in_channels,
            bias=False,
        )
        self.depthwise1 = LeadingPadded(first) if padding == "leading" else first
        self.pointwise1 = nn.Conv2d(in_channels, middle, 1, bias=False)
        self.norm1 = _norm(middle)
        self.depthwise2 = nn.Conv2d(
            middle, middle, kernel_size, padding=kernel_size // 2, groups=middle, bias=False
        )
        self.pointwise2 = nn.Conv2d(middle, out_channels, 1, bias=False)
        self.norm2 = _norm(out_channels)

    def forward(self, maps: Tensor) -> Tensor:
        """Map (B, in_channels, h, w) to (B, out_channels, h / stride, w / stride)."""
        maps = self.norm1(self.pointwise1(self.depthwise1(torch.relu(maps))))
        output: Tensor = self.norm2(self.pointwise2(self.depthwise2(torch.relu(maps))))
        return output


class HalvingProjection(nn.Module):
    """Halve a map by taking every second position, twice with an offset of one, and project both."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.even = nn.Conv2d(in_channels, out_channels // 2, 1, bias=False)
        self.odd = nn.Conv2d(in_channels, out_channels // 2, 1, bias=False)
        self.norm = _norm(out_channels)

    def forward(self, maps: Tensor) -> Tensor:
        """Map (B, in_channels, h, w) to (B, out_channels, h / 2, w / 2)."""
        maps = torch.relu(maps)
        shifted = nn.functional.pad(maps, (0, 1, 0, 1))[:, :, 1:, 1:]
        halves = [self.even(maps[:, :, ::2, ::2]), self.odd(shifted[:, :, ::2, ::2])]
        output: Tensor = self.norm(torch.cat(halves, dim=1))
        return output


class NormalCell(nn.Module):
    """Cell that keeps the size.

    Args:
        before_channels: Channels of the map before the last.
        last_channels: Channels of the last map.
        channels: Of each of the six parts of the output.
        is_halving: Whether the map before the last is twice as large, as after a reduction.
    """

    def __init__(
        self, before_channels: int, last_channels: int, channels: int, *, is_halving: bool = False
    ) -> None:
        super().__init__()
        self.out_channels = 6 * channels
        self.before = (HalvingProjection if is_halving else _projection)(before_channels, channels)
        self.last = _projection(last_channels, channels)
        self.sum0_left = SeparablePath(channels, channels, 5)
        self.sum0_right = SeparablePath(channels, channels, 3)
        self.sum1_left = SeparablePath(channels, channels, 5)
        self.sum1_right = SeparablePath(channels, channels, 3)
        self.sum4_left = SeparablePath(channels, channels, 3)
        self.pool = _average()

    def forward(self, last: Tensor, before: Tensor) -> Tensor:
        """Return the next map (B, out_channels, h, w)."""
        before, last = self.before(before), self.last(last)
        pooled = self.pool(before)
        sums = [
            before,
            self.sum0_left(last) + self.sum0_right(before),
            self.sum1_left(before) + self.sum1_right(before),
            self.pool(last) + before,
            pooled + pooled,
            self.sum4_left(last) + last,
        ]
        return torch.cat(sums, dim=1)


class ReductionSums(nn.Module):
    """The five sums of a cell that halves the size.

    Args:
        left_channels: Channels of the input of the left paths, and of each part of the output.
        right_channels: Channels of the input of the right paths.
        has_late_change: See `SeparablePath`, of the right paths.
        padding: See `SeparablePath`, of every path and pooling of stride 2.
    """

    def __init__(
        self,
        left_channels: int,
        right_channels: int,
        *,
        has_late_change: bool = True,
        padding: Padding = "even",
    ) -> None:
        super().__init__()
        channels = left_channels

        def right(kernel_size: int) -> SeparablePath:
            return SeparablePath(
                right_channels,
                channels,
                kernel_size,
                2,
                has_late_change=has_late_change,
                padding=padding,
            )

        self.sum0_left = SeparablePath(channels, channels, 5, 2, padding=padding)
        self.sum0_right = right(7)
        self.sum1_right = right(7)
        self.sum2_right = right(5)
        self.sum4_left = SeparablePath(channels, channels, 3)
        largest, average = nn.MaxPool2d(3, stride=2, padding=1), _average(2)
        is_leading = padding == "leading"
        self.largest = LeadingPadded(largest) if is_leading else largest
        self.average = LeadingPadded(average) if is_leading else average
        self.pool = _average()

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        """Map (B, left_channels, h, w) and (B, right_channels, h, w) to (B, 4 * left_channels, h/2, w/2)."""
        largest = self.largest(left)
        sum0 = self.sum0_left(left) + self.sum0_right(right)
        sum1 = largest + self.sum1_right(right)
        sum2 = self.average(left) + self.sum2_right(right)
        sum3 = self.pool(sum0) + sum1
        sum4 = self.sum4_left(sum0) + largest
        return torch.cat([sum1, sum2, sum3, sum4], dim=1)


class ReductionCell(nn.Module):
    """Cell that halves the size.

    Args:
        before_channels: Channels of the map before the last.
        last_channels: Channels of the last map.
        channels: Of each of the four parts of the output.
        is_halving: Whether the map before the last is twice as large.
    """

    def __init__(
        self, before_channels: int, last_channels: int, channels: int, *, is_halving: bool = False
    ) -> None:
        super().__init__()
        self.out_channels = 4 * channels
        self.before = (HalvingProjection if is_halving else _projection)(before_channels, channels)
        self.last = _projection(last_channels, channels)
        self.sums = ReductionSums(channels, channels, padding="leading")

    def forward(self, last: Tensor, before: Tensor) -> Tensor:
        """Return the next map (B, out_channels, h / 2, w / 2)."""
        output: Tensor = self.sums(self.last(last), self.before(before))
        return output


class FirstStemCell(nn.Module):
    """Cell behind the first convolution, which alone it sees.

    Args:
        in_channels: Channels of the input.
        channels: Of each of the four parts of the output.
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.last = _projection(in_channels, channels)
        self.sums = ReductionSums(channels, in_channels, has_late_change=False)

    def forward(self, maps: Tensor) -> Tensor:
        """Map (B, in_channels, h, w) to (B, 4 * channels, h / 2, w / 2)."""
        output: Tensor = self.sums(self.last(maps), maps)
        return output


class NASNetMobile(nn.Module):
    """NASNet-A (4 @ 1056) up to its last map: images (B, 3, H, W) to (B, 1056, H/32, W/32).

    Reference:
        Zoph, Vasudevan, Shlens, Le, "Learning Transferable Architectures for Scalable Image Recognition",
        CVPR 2018, figures 2 and 4.

    Differs:
        Torchreid pads odd sides too, with which most image sizes fail; where it works both agree.
    """

    def __init__(self) -> None:
        super().__init__()
        channels = CELL_CHANNELS
        self.first = nn.Sequential(nn.Conv2d(3, STEM_CHANNELS, 3, stride=2, bias=False), _norm(STEM_CHANNELS))
        self.stem0 = FirstStemCell(STEM_CHANNELS, channels // 4)
        self.stem1 = ReductionCell(STEM_CHANNELS, channels, channels // 2, is_halving=True)
        before, last = channels, 2 * channels
        self.cells = nn.ModuleList()
        for stage in range(3):
            width = channels << stage
            if stage > 0:
                self.cells.append(ReductionCell(before, last, width))
                before, last = last, 4 * width
            for number in range(CELLS_PER_STAGE):
                cell = NormalCell(before, last, width, is_halving=number == 0)
                self.cells.append(cell)
                before, last = last, cell.out_channels
        self.num_channels = last
        initialize(self)

    def forward(self, images: Tensor) -> Tensor:
        """Return the last feature map (B, 1056, H/32, W/32)."""
        first = self.first(images)
        before = self.stem0(first)
        last = self.stem1(before, first)
        for cell in self.cells:
            before, last = last, cell(last, before)
        return torch.relu(last)


def nasnet_mobile(
    *,
    num_identities: int | None = None,
    image_size: tuple[int, int] = (256, 128),
    embedding_dim: int | None = None,
    neck: NeckName = "none",
) -> ReidModel:
    """Return a NASNet-A mobile behind average pooling and a head.

    Args:
        num_identities: Classes of the classifier; None for a model that only embeds.
        image_size: (height, width) of the input.
        embedding_dim: See `EmbeddingHead`.
        neck: See `EmbeddingHead`.

    Raises:
        CatalogError: an image too small for the first convolution.

    Differs:
        Torchreid drops half of the features at random in training and adds no further loss; here the
        features reach the losses whole.
    """
    check_image_size("NASNet-mobile", image_size, smallest=3)
    backbone = NASNetMobile()
    head = EmbeddingHead(backbone.num_channels, num_identities, embedding_dim=embedding_dim, neck=neck)
    return PipelineModel(backbone, AverageAggregation(), head)
