"""OSNet: omni-scale blocks whose streams see different scales and are fused by a gate.

Also OSNet-IBN and OSNet-AIN, which differ from it only in where instance normalisation stands, and the
ablations of the paper's table 5, which are constructor arguments.
"""

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from reidkit.core.errors import CatalogError
from reidkit.models.blocks import ConvLayer, LiteConvLayer, NormName, initialize
from reidkit.models.heads import EmbeddingHead, NeckName
from reidkit.models.model import PipelineModel, ReidModel
from reidkit.models.pooling import AverageAggregation

Fusion = Literal["unified_gate", "separate_gates", "stream_gate", "fixed_gate", "addition", "concatenation"]
InstanceNorm = Literal["none", "ibn", "ain"]
NormPlace = Literal["none", "inside", "outside"]

GATE_REDUCTION = 16

# Where instance normalisation stands in the two blocks of each stage. "inside" replaces the norm of the
# last 1x1 convolution within the residual; "outside" follows the sum of residual and shortcut.
PLACES: dict[InstanceNorm, tuple[tuple[NormPlace, NormPlace], ...]] = {
    "none": (("none", "none"), ("none", "none"), ("none", "none")),
    "ibn": (("outside", "outside"), ("none", "none"), ("none", "none")),
    "ain": (("inside", "inside"), ("none", "inside"), ("inside", "none")),
}


class AggregationGate(nn.Module):
    """Weigh each channel of a stream by a small network that looks at the whole map.

    Global average -> 1x1 conv to C/16 -> ReLU -> 1x1 conv -> sigmoid.

    Args:
        channels: Channels of the stream.
        num_weights: Weights per image: ``channels`` for one per channel, 1 for one per stream.
    """

    def __init__(self, channels: int, num_weights: int) -> None:
        super().__init__()
        hidden = max(1, channels // GATE_REDUCTION)
        self.reduce = nn.Conv2d(channels, hidden, 1)
        self.restore = nn.Conv2d(hidden, num_weights, 1)

    def forward(self, stream: Tensor) -> Tensor:
        """Return the weights (B, num_weights, 1, 1) in (0, 1) of a stream (B, C, h, w)."""
        pooled = stream.mean(dim=(2, 3), keepdim=True)
        return torch.sigmoid(self.restore(torch.relu(self.reduce(pooled))))


class StreamFusion(nn.Module):
    """Fuse the streams of a block, T maps of (B, C, h, w), into one.

    Args:
        channels: Channels C of each stream.
        num_streams: Number T of streams.
        fusion: "unified_gate" shares one gate between the streams (equation 3 of the paper);
            "separate_gates" has one per stream; "stream_gate" shares a gate that gives one weight for a
            whole stream; "fixed_gate" learns one weight per stream and channel that no input changes;
            "addition" sums; "concatenation" stacks, to T * C channels.
    """

    def __init__(self, channels: int, num_streams: int, fusion: Fusion) -> None:
        super().__init__()
        self.fusion = fusion
        self.out_channels = channels * num_streams if fusion == "concatenation" else channels
        num_weights = 1 if fusion == "stream_gate" else channels
        if fusion in ("unified_gate", "stream_gate"):
            self.gate = AggregationGate(channels, num_weights)
        elif fusion == "separate_gates":
            self.gates = nn.ModuleList(AggregationGate(channels, channels) for _ in range(num_streams))
        elif fusion == "fixed_gate":
            # Zero is a weight of 0.5 behind the sigmoid, where a fresh gate starts too.
            self.fixed = nn.Parameter(torch.zeros(num_streams, channels, 1, 1))

    def forward(self, streams: list[Tensor]) -> Tensor:
        """Return the fused map (B, out_channels, h, w)."""
        if self.fusion == "concatenation":
            return torch.cat(streams, dim=1)
        if self.fusion == "addition":
            weighted = streams
        elif self.fusion == "fixed_gate":
            weighted = [weight * stream for weight, stream in zip(self.fixed.sigmoid(), streams, strict=True)]
        elif self.fusion == "separate_gates":
            weighted = [gate(stream) * stream for gate, stream in zip(self.gates, streams, strict=True)]
        else:
            weighted = [self.gate(stream) * stream for stream in streams]
        total = weighted[0]
        for stream in weighted[1:]:
            total = total + stream
        return total


class OmniScaleBlock(nn.Module):
    """Bottleneck whose residual is a fusion of streams of 1 to T Lite 3x3 layers (figure 4(b)).

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output; the streams have a quarter of it.
        stream_depths: Number of 3x3 layers of each stream; (1, 2, 3, 4) is the paper's T = 4.
        fusion: How the streams become one.
        convolution: "lite" is pointwise + depthwise, "full" a standard 3x3 convolution.
        norm_place: Where instance normalisation stands.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        stream_depths: Sequence[int],
        fusion: Fusion,
        convolution: Literal["lite", "full"],
        norm_place: NormPlace,
    ) -> None:
        super().__init__()
        channels = out_channels // 4
        self.reduce = ConvLayer(in_channels, channels)
        self.streams = nn.ModuleList(
            nn.Sequential(
                *(
                    LiteConvLayer(channels, channels)
                    if convolution == "lite"
                    else ConvLayer(channels, channels, 3)
                    for _ in range(depth)
                )
            )
            for depth in stream_depths
        )
        self.fusion = StreamFusion(channels, len(stream_depths), fusion)
        norm: NormName = "instance" if norm_place == "inside" else "batch"
        self.restore = ConvLayer(self.fusion.out_channels, out_channels, norm=norm, is_activated=False)
        self.shortcut = (
            nn.Identity()
            if in_channels == out_channels
            else ConvLayer(in_channels, out_channels, is_activated=False)
        )
        self.norm = nn.InstanceNorm2d(out_channels, affine=True) if norm_place == "outside" else nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        """Map (B, in_channels, h, w) to (B, out_channels, h, w)."""
        reduced = self.reduce(maps)
        residual = self.restore(self.fusion([stream(reduced) for stream in self.streams]))
        return torch.relu(self.norm(self.shortcut(maps) + residual))


class OSNet(nn.Module):
    """Omni-scale network up to its last feature map: images (B, 3, H, W) to (B, C, H/16, W/16).

    Args:
        width: Width multiplier beta of the paper's table 6; 1.0, 0.75, 0.5 or 0.25 in the paper.
        instance_norm: "none" is OSNet; "ibn" and "ain" place instance normalisation in the stem and in
            some blocks, which helps on unseen cameras.
        stream_depths: Number of 3x3 layers of each stream. (1, 2, 3, 4) is the primary model 1 of
            table 5; (1, 2) and (1, 2, 3) are models 10 and 11; (1,) with ``fusion`` "addition" is model 9,
            the single-scale baseline without a gate; equal depths are model 3.
        fusion: See `StreamFusion`: models 1 and 4 to 8.
        convolution: "lite", or "full" for model 2.

    Reference:
        Zhou, Yang, Cavallaro, Xiang, "Omni-Scale Feature Learning for Person Re-Identification",
        ICCV 2019, table 1; IBN and AIN: the same authors, "Learning Generalisable Omni-Scale
        Representations for Person Re-Identification", TPAMI 2021.
    """

    def __init__(
        self,
        *,
        width: float = 1.0,
        instance_norm: InstanceNorm = "none",
        stream_depths: Sequence[int] = (1, 2, 3, 4),
        fusion: Fusion = "unified_gate",
        convolution: Literal["lite", "full"] = "lite",
    ) -> None:
        super().__init__()
        _check_choices(instance_norm=instance_norm, fusion=fusion, convolution=convolution)
        if int(64 * width) < 4:
            raise CatalogError(f"OSNet width is too small, got {width}. Expected above 1/16, such as 0.25.")
        if not stream_depths or min(stream_depths) < 1:
            raise CatalogError(
                f"OSNet stream_depths are wrong, got {tuple(stream_depths)}. Expected at least one stream, "
                f"each at least 1 layer deep, such as (1, 2, 3, 4)."
            )
        stem, *stages = (int(channels * width) for channels in (64, 256, 384, 512))
        self.num_channels = stages[-1]
        stem_norm: NormName = "batch" if instance_norm == "none" else "instance"
        self.stem = nn.Sequential(
            ConvLayer(3, stem, 7, stride=2, norm=stem_norm), nn.MaxPool2d(3, stride=2, padding=1)
        )
        self.stages = nn.ModuleList()
        channels = stem
        for number, (out_channels, places) in enumerate(zip(stages, PLACES[instance_norm], strict=True)):
            stage = nn.Sequential()
            for place in places:
                stage.append(
                    OmniScaleBlock(
                        channels,
                        out_channels,
                        stream_depths=stream_depths,
                        fusion=fusion,
                        convolution=convolution,
                        norm_place=place,
                    )
                )
                channels = out_channels
            if number < len(stages) - 1:  # the last stage keeps its resolution
                stage.append(nn.Sequential(ConvLayer(channels, channels), nn.AvgPool2d(2, stride=2)))
            self.stages.append(stage)
        self.last = ConvLayer(channels, channels)
        initialize(self)

    def forward(self, images: Tensor) -> Tensor:
        """Return the last feature map (B, num_channels, H/16, W/16)."""
        maps = self.stem(images)
        for stage in self.stages:
            maps = stage(maps)
        features: Tensor = self.last(maps)
        return features


def _check_choices(**choices: str) -> None:
    known = {
        "instance_norm": tuple(PLACES),
        "fusion": get_args(Fusion),
        "convolution": ("lite", "full"),
    }
    for name, value in choices.items():
        if value not in known[name]:
            raise CatalogError(f"OSNet {name} is unknown, got '{value}'. Expected one of: {known[name]}.")


def osnet(
    *,
    width: float,
    num_identities: int | None = None,
    image_size: tuple[int, int] = (256, 128),
    instance_norm: InstanceNorm = "none",
    stream_depths: Sequence[int] = (1, 2, 3, 4),
    fusion: Fusion = "unified_gate",
    convolution: Literal["lite", "full"] = "lite",
    embedding_dim: int | None = 512,
    neck: NeckName = "none",
) -> ReidModel:
    """Return an OSNet behind average pooling and the paper's 512-d embedding layer.

    Args:
        width: See `OSNet`, as ``instance_norm``, ``stream_depths``, ``fusion`` and ``convolution``.
        num_identities: Classes of the classifier; None for a model that only embeds.
        image_size: (height, width) of the input; from 16 pixels on, for "ain" one side from 29 on.
        instance_norm: See `OSNet`.
        stream_depths: See `OSNet`.
        fusion: See `OSNet`.
        convolution: See `OSNet`.
        embedding_dim: Dimension of the embedding layer, which no width multiplier changes; None leaves
            the layer out.
        neck: See `EmbeddingHead`.

    Raises:
        CatalogError: an unknown choice, or an image too small for the four halvings.
    """
    if min(image_size) < 16:
        raise CatalogError(
            f"OSNet input is too small, got {image_size}. Expected at least 16 pixels in height and width."
        )
    if instance_norm == "ain" and max(image_size) < 29:
        raise CatalogError(
            f"OSNet-AIN input is too small, got {image_size}. Expected at least 29 pixels in height or "
            f"width: instance normalisation needs more than one position in the last map."
        )
    backbone = OSNet(
        width=width,
        instance_norm=instance_norm,
        stream_depths=stream_depths,
        fusion=fusion,
        convolution=convolution,
    )
    head = EmbeddingHead(backbone.num_channels, num_identities, embedding_dim=embedding_dim, neck=neck)
    return PipelineModel(backbone, AverageAggregation(), head)
