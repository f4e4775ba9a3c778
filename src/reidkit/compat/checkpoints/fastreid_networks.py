"""Which backbone a state dict of FastReID holds, by its keys and shapes."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from reidkit.compat.checkpoints import fastreid_keys as keys
from reidkit.compat.checkpoints.foreign import Tensors
from reidkit.core.errors import WeightsError
from reidkit.core.types import Preprocessing
from reidkit.models.backbones.resnet import BLOCKS_OF_STAGES

# Width of the second convolution of the first block, of a ShuffleNetV2; of the last block of a MobileNetV2.
SHUFFLENET_WIDTHS = {24: 0.5, 58: 1.0, 88: 1.5, 122: 2.0}
MOBILENET_V2_WIDTHS = {320: 1.0, 240: 0.75, 160: 0.5, 112: 0.35, 80: 0.25, 32: 0.1}
# (blocks, channels of the last map) of the RegNets that FastReID has.
REGNET_SIZES = {
    (13, 368): "002",
    (22, 384): "x_004",
    (16, 440): "y_004",
    (16, 672): "x_008",
    (14, 768): "y_008",
    (18, 912): "x_016",
    (27, 888): "y_016",
    (25, 1008): "x_032",
    (21, 1512): "y_032",
    (23, 1360): "x_040",
    (22, 1088): "y_040",
    (17, 1624): "x_064",
    (25, 1296): "y_064",
}
# (channels of the last map, blocks of the first stage) of EfficientNets.
EFFICIENTNET_SIZES = {
    (1280, 1): "b0",
    (1280, 2): "b1",
    (1408, 2): "b2",
    (1536, 2): "b3",
    (1792, 2): "b4",
    (2048, 3): "b5",
}
# (blocks, channels) of the first stage of a RepVGG.
REPVGG_SIZES = {
    (2, 48): "a0",
    (2, 64): "a1",
    (2, 96): "a2",
    (4, 64): "b0",
    (4, 128): "b1",
    (4, 160): "b2",
    (4, 192): "b3",
}


@dataclass(frozen=True)
class Network:
    """A backbone by its name here, and how its tensors are renamed."""

    backbone: str
    arguments: Mapping[str, Any]
    renames: keys.Renames
    reshape: Callable[[dict[str, Tensor]], dict[str, Tensor]] | None = None
    preprocessing: Preprocessing = field(default=Preprocessing(interpolation="bicubic"))


def find_network(tensors: Tensors, hints: Mapping[str, Any]) -> Network:
    """Return the backbone that the tensors belong to.

    Args:
        tensors: By their names in the file.
        hints: ``last_stride`` and ``image_size``, where they are known.

    Raises:
        WeightsError: no backbone that is known here, or one of an unknown size.
    """
    stride = {"last_stride": hints.get("last_stride", 1)}
    for mark, recognise_network in (
        ("layer1.0.conv2.conv.weight", _resnest),
        ("layer1.0.conv2.weight", _resnet),
        ("cls_token", _vit),
        ("conv5.conv.weight", _osnet),
        ("s1.b1.f.a.weight", _regnet),
        ("s1.b1.dwise.weight", _efficientnet),
        ("stage0.rbr_dense.conv.weight", _repvgg),
        ("first_conv.0.weight", _shufflenet),
        ("features.1.conv.0.weight", _mobilenet_v2),
        ("features.1.block.0.0.weight", _mobilenet_v3),
    ):
        if f"backbone.{mark}" in tensors:
            inside = {key.removeprefix("backbone."): value for key, value in tensors.items()}
            return recognise_network(inside, stride, hints)
    raise WeightsError(
        "The backbone of this FastReID checkpoint is not known. Expected one of: resnet, resnext, resnest, "
        "osnet, regnet, efficientnet, repvgg (before its branches are fused), shufflenetv2, mobilenetv2, "
        "mobilenetv3, vit."
    )


def _count(tensors: Tensors, pattern: str) -> int:
    """Count the different first groups among the keys that a pattern matches from their start."""
    return len({match[1] for key in tensors if (match := re.match(pattern, key))})


def _look_up(table: Mapping[Any, Any], what: Any, kind: str) -> Any:  # noqa: ANN401 - sizes of many kinds
    if what not in table:
        raise WeightsError(
            f"The {kind} of this FastReID checkpoint has an unknown size, got {what}. Expected one of: "
            f"{', '.join(map(str, table))}."
        )
    return table[what]


def _resnet(tensors: Tensors, stride: Mapping[str, Any], hints: Mapping[str, Any]) -> Network:
    del hints
    lengths = tuple(_count(tensors, rf"layer{stage}\.(\d+)\.") for stage in range(1, 5))
    has_bottlenecks = "layer1.0.conv3.weight" in tensors
    depths = [
        depth
        for depth, stages in BLOCKS_OF_STAGES.items()
        if stages == lengths and (depth >= 50) == has_bottlenecks
    ]
    if not depths:
        raise WeightsError(
            f"The ResNet of this FastReID checkpoint has {lengths} blocks. Expected one of: "
            f"{', '.join(map(str, BLOCKS_OF_STAGES.values()))}."
        )
    second = tensors["layer1.0.conv2.weight"]
    groups = second.shape[0] // second.shape[1]
    counts = tuple(_count(tensors, rf"NL_{stage}\.(\d+)\.") for stage in range(1, 5))
    stages_of_instance_norm = sum(f"layer{stage}.0.bn1.IN.weight" in tensors for stage in range(1, 5))
    arguments: dict[str, Any] = {"depth": depths[0], **stride}
    if groups == 1:
        arguments["stem_pool"] = "ceil"
    if stages_of_instance_norm:
        arguments |= {"instance_norm": "a", "num_instance_stages": stages_of_instance_norm}
    if "layer1.0.se.fc.0.weight" in tensors:
        arguments["squeeze_excitation"] = True
    if any(counts):
        first = next(f"NL_{stage}.0.g.weight" for stage, count in enumerate(counts, start=1) if count)
        arguments |= {"non_local": list(counts), "non_local_width": tensors[first].shape[0]}
    renames = (*keys.RESIDUAL_BLOCK, *keys.non_local(lengths, counts))
    return Network("resnet" if groups == 1 else "resnext", arguments, renames)


def _resnest(tensors: Tensors, stride: Mapping[str, Any], hints: Mapping[str, Any]) -> Network:
    del hints
    blocks = _count(tensors, r"(layer\d\.\d+)\.")
    depth = _look_up({16: 50, 33: 101, 66: 200, 89: 269}, blocks, "ResNeSt")
    dilation = {"last_dilation": 2} if stride["last_stride"] == 1 else {}
    return Network("resnest", {"depth": depth, **stride, **dilation}, keys.TIMM_AS_IT_IS)


def _vit(tensors: Tensors, stride: Mapping[str, Any], hints: Mapping[str, Any]) -> Network:
    del stride
    width = tensors["cls_token"].shape[2]
    height, image_width = hints.get("image_size") or (256, 128)
    patch = tensors["patch_embed.proj.weight"].shape[2]
    positions = tensors["pos_embed"].shape[1] - 1
    steps = [
        step
        for step in range(patch, 0, -1)
        if ((height - patch) // step + 1) * ((image_width - patch) // step + 1) == positions
    ]
    if not steps:
        raise WeightsError(
            f"The ViT of this FastReID checkpoint has {positions} patches, which images of "
            f"({height}, {image_width}) do not give. Expected the size that it was trained with: give "
            f"image_size."
        )
    has_bias = "blocks.0.attn.qkv.bias" in tensors
    depth = _count(tensors, r"blocks\.(\d+)\.")
    arguments = {
        "width": width,
        "depth": depth,
        "num_heads": 8 if depth == 8 else 12,
        "mlp_ratio": tensors["blocks.0.mlp.fc1.weight"].shape[0] / width,
        "patch_size": patch,
        "patch_stride": steps[0],
        "has_attention_bias": has_bias,
    }
    half = Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), interpolation="bicubic")
    return Network(
        "vit", arguments, keys.TIMM_AS_IT_IS, None if has_bias else _scale_queries(8), preprocessing=half
    )


def _scale_queries(num_heads: int) -> Callable[[dict[str, Tensor]], dict[str, Tensor]]:
    """Scale queries so that attention is divided by the root of the whole width, not of a head's.

    FastReID's small ViT divides so; the ratio goes into the weights.
    """

    def scale(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        scaled = {}
        for key, value in tensors.items():
            if key.endswith("attn.qkv.weight"):
                query, rest = value.tensor_split([value.shape[1]])
                scaled[key] = torch.cat([query / math.sqrt(num_heads), rest])
            else:
                scaled[key] = value
        return scaled

    return scale


def _osnet(tensors: Tensors, stride: Mapping[str, Any], hints: Mapping[str, Any]) -> Network:
    del stride, hints
    width = tensors["conv5.conv.weight"].shape[0] / 512
    norm = "ibn" if "conv2.0.IN.weight" in tensors else "none"
    return Network("osnet", {"width": width, "instance_norm": norm}, keys.osnet())


def _regnet(tensors: Tensors, stride: Mapping[str, Any], hints: Mapping[str, Any]) -> Network:
    del hints
    blocks = _count(tensors, r"(s\d\.b\d+)\.")
    size = _look_up(REGNET_SIZES, (blocks, tensors["s4.b1.f.c.weight"].shape[0]), "RegNet")
    if "_" not in size:  # both kinds have this form
        size = f"{'y' if 's1.b1.f.se.f_ex.0.weight' in tensors else 'x'}_{size}"
    return Network("regnet", {"size": size, **stride}, keys.REGNET)


def _efficientnet(tensors: Tensors, stride: Mapping[str, Any], hints: Mapping[str, Any]) -> Network:
    del hints
    lengths = tuple(_count(tensors, rf"s{stage}\.(b\d+)\.") for stage in range(1, 8))
    size = _look_up(EFFICIENTNET_SIZES, (tensors["head.conv.weight"].shape[0], lengths[0]), "EfficientNet")
    return Network("efficientnet", {"size": size, **stride}, keys.efficientnet(lengths))


def _repvgg(tensors: Tensors, stride: Mapping[str, Any], hints: Mapping[str, Any]) -> Network:
    del hints
    blocks = _count(tensors, r"stage1\.(\d+)\.")
    channels = tensors["stage1.0.rbr_dense.conv.weight"].shape[0]
    size = _look_up(REPVGG_SIZES, (blocks, channels), "RepVGG")
    groups = channels // tensors["stage1.1.rbr_dense.conv.weight"].shape[1]
    size = size if groups == 1 else f"{size}g{groups}"
    return Network("repvgg", {"size": size, **stride}, keys.repvgg())


def _shufflenet(tensors: Tensors, stride: Mapping[str, Any], hints: Mapping[str, Any]) -> Network:
    del stride, hints
    channels = tensors["features.0.branch_main.0.weight"].shape[0]
    width = _look_up(SHUFFLENET_WIDTHS, channels, "ShuffleNetV2")
    return Network("shufflenet_v2", {"width": width}, keys.SHUFFLENET)


def _mobilenet_v2(tensors: Tensors, stride: Mapping[str, Any], hints: Mapping[str, Any]) -> Network:
    del stride, hints
    channels = tensors["conv.0.weight"].shape[1]
    width = _look_up(MOBILENET_V2_WIDTHS, channels, "MobileNetV2")
    return Network("mobilenet_v2", {"width": width}, keys.MOBILENET_V2)


def _mobilenet_v3(tensors: Tensors, stride: Mapping[str, Any], hints: Mapping[str, Any]) -> Network:
    del stride, hints
    last = tensors["conv.0.weight"].shape[0]
    size = _look_up({1280: "large", 1024: "small"}, last, "MobileNetV3")
    arguments = {"size": size, "last_channels": last, "norm_epsilon": 1e-5}
    return Network("mobilenet_v3", arguments, keys.MOBILENET_V3)
