"""Checkpoints of FastReID: what network they hold, by their keys and shapes, and where each tensor goes.

Some choices leave no trace in the tensors: the kind of pooling where it has no parameter, the stride of the last
stage, the size of the images. Those of the published recipes are taken, and hints say otherwise:

- ``aggregation``: "average", "max", "gem", "average_max", "clipped_average";
- ``last_stride``: 1 or 2;
- ``image_size``: (height, width).
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from reidkit.compat.checkpoints import fastreid_keys as keys
from reidkit.compat.checkpoints.foreign import ForeignModel, Tensors
from reidkit.core.errors import WeightsError
from reidkit.core.types import Preprocessing
from reidkit.models.backbones.resnet import BLOCKS_OF_STAGES

HINTS = ("aggregation", "last_stride", "image_size")

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


def recognise(tensors: Tensors, hints: Mapping[str, Any]) -> ForeignModel | None:
    """Return what a state dict of FastReID holds; None where it is not FastReID's.

    Both the names of version 1.3 and those of the files released with version 0.1.1 are known.

    Args:
        tensors: By their names in the file.
        hints: See the module; unknown ones are left alone.

    Raises:
        WeightsError: it is FastReID's, but of a network that is not known here.
    """
    if "b1_head.bottleneck.0.weight" in tensors:
        return _recognise_mgn(tensors, hints)
    if not any(key.startswith("heads.") for key in tensors) or not any(
        key.startswith("backbone.") for key in tensors
    ):
        return None
    network = _find_network(tensors, hints)
    has_power = "heads.pool_layer.p" in tensors
    has_non_local = any(key.startswith("backbone.NL_") for key in tensors)
    # The recipes with non-local blocks use the generalised mean, of a fixed power where none is stored.
    aggregation = hints.get("aggregation") or ("gem" if has_power or has_non_local else "average")
    arguments: dict[str, Any] = {
        "backbone": network.backbone,
        "backbone_arguments": dict(network.arguments),
        "aggregation": aggregation,
    }
    if aggregation == "gem":
        arguments["aggregation_arguments"] = {"is_learned": has_power}
    neck_renames, head_arguments = _head(tensors)
    has_neck = any(re.fullmatch(r"heads\.(bottleneck|bnneck)\..*running_mean", key) for key in tensors)
    arguments["head"] = "bnneck" if has_neck else "linear"
    arguments["head_arguments"] = head_arguments
    size = hints.get("image_size") or ((384, 128) if has_power else (256, 128))
    return ForeignModel(
        source="fastreid",
        architecture="pipeline",
        arguments=arguments,
        preprocessing=_sized(network.preprocessing, size),
        renames=(*keys.HEAD, *neck_renames, *network.renames),
        dropped=_dropped(tensors, has_unused_power=has_power and aggregation != "gem"),
        reshape=_reshape(network.reshape),
        notes=_notes(hints, has_power=has_power, has_non_local=has_non_local, backbone=network.backbone),
    )


def _sized(preprocessing: Preprocessing, size: tuple[int, int]) -> Preprocessing:
    return Preprocessing(
        height=size[0],
        width=size[1],
        mean=preprocessing.mean,
        std=preprocessing.std,
        interpolation=preprocessing.interpolation,
    )


def _dropped(tensors: Tensors, *, has_unused_power: bool = False) -> tuple[str, ...]:
    dropped = [r"pixel_(mean|std)"]
    if any(".bottleneck." in key and key.endswith("running_mean") for key in tensors):
        dropped.append(r".*\.bnneck\.num_batches_tracked")  # left behind by an older version
    if has_unused_power:
        dropped.append(r"heads\.pool_layer\.p")
    return tuple(dropped)


def _notes(
    hints: Mapping[str, Any], *, has_power: bool, has_non_local: bool, backbone: str
) -> tuple[str, ...]:
    notes = []
    if "aggregation" not in hints and not has_power and backbone != "vit":
        taken = "the generalised mean of power 3, as in AGW" if has_non_local else "the average"
        notes.append(
            f"The file does not say how maps are pooled; {taken} was taken. AGW recipes use 'gem', "
            f"others of version 1.3 'average'."
        )
    if "last_stride" not in hints and backbone in (
        "resnet",
        "resnext",
        "resnest",
        "regnet",
        "efficientnet",
        "repvgg",
    ):
        notes.append("The file does not say the stride of the last stage; 1 was taken, as in every recipe.")
    if "image_size" not in hints:
        notes.append(
            "The file does not say the size of its images; that of the recipe it looks like was taken."
        )
    return tuple(notes)


def _head(tensors: Tensors) -> tuple[keys.Renames, dict[str, Any]]:
    weight = tensors.get("heads.bottleneck.0.weight")
    arguments: dict[str, Any] = {"has_classifier_bias": False}
    if weight is None or weight.ndim == 1:
        return keys.PLAIN_NECK, arguments
    arguments["embedding_dim"] = weight.shape[0]
    arguments["embedding_layers"] = "linear"
    return keys.REDUCED_NECK, arguments


def _reshape(
    of_backbone: Callable[[dict[str, Tensor]], dict[str, Tensor]] | None,
) -> Callable[[dict[str, Tensor]], dict[str, Tensor]]:
    def reshape(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        if of_backbone is not None:
            tensors = of_backbone(tensors)
        # A 1x1 convolution of a pooled map is a linear layer.
        return {
            key: value.flatten(1) if key.endswith("embedding.0.weight") else value
            for key, value in tensors.items()
        }

    return reshape


def _recognise_mgn(tensors: Tensors, hints: Mapping[str, Any]) -> ForeignModel:
    blocks = 1 + len({key.split(".")[2] for key in tensors if key.startswith("b1.0.")})
    depths = [depth for depth, stages in BLOCKS_OF_STAGES.items() if depth >= 50 and stages[2] == blocks]
    if not depths:
        raise WeightsError(
            f"The MGN of FastReID has {blocks} blocks in its third stage, which no ResNet has. Expected one "
            f"on ResNet-50, 101 or 152."
        )
    arguments: dict[str, Any] = {
        "depth": depths[0],
        "instance_norm": "a" if "backbone.4.0.bn1.IN.weight" in tensors else "none",
        "stem_pool": "ceil",
        "embedding_dim": tensors["b1_head.bottleneck.0.weight"].shape[0],
        "metric_features": "after_neck",
    }
    has_power = "b1_head.pool_layer.p" in tensors
    arguments["aggregation"] = hints.get("aggregation") or ("gem" if has_power else "average")
    if arguments["aggregation"] == "gem":
        arguments["aggregation_arguments"] = {"is_learned": has_power}
    return ForeignModel(
        source="fastreid",
        architecture="mgn",
        arguments=arguments,
        preprocessing=_sized(Preprocessing(interpolation="bicubic"), hints.get("image_size") or (384, 128)),
        renames=keys.mgn(),
        dropped=_dropped(tensors),
        reshape=_reshape(None),
    )


def _find_network(tensors: Tensors, hints: Mapping[str, Any]) -> Network:
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
