"""State dicts of torchvision and timm, as ImageNet weights come: of any network that either builds."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from reidkit.compat.checkpoints.fingerprints import fingerprint, known_networks
from reidkit.compat.checkpoints.foreign import ForeignModel, Tensors
from reidkit.compat.checkpoints.resnet_keys import resnet_depth, resnet_renames
from reidkit.compat.checkpoints.timm_keys import OF_THE_SIZE, fitting, timm_keys, timm_shapes, timm_size
from reidkit.core.errors import WeightsError
from reidkit.core.types import Preprocessing
from reidkit.models.timm_backbone import pixel_statistics
from reidkit.models.whole_network import WholeTorchvisionNetwork

TIMM = "timm/"
TORCHVISION = "torchvision/"
NOTE = "These are weights of ImageNet: nobody was taught to tell individuals apart."
HALF = (0.5, 0.5, 0.5)
# Networks of the catalog that are torchvision's and have its names behind "backbone.".
ZOO = re.compile(r"resnext50_32x4d|resnext101_32x8d|densenet\d+|shufflenet_v2_x\d_\d|squeezenet1_\d")
# Files of torchvision before 0.3 have a dot more in these names.
OLD_DENSENET = ((r"(denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2."),)
VISION_TRANSFORMERS = {
    "vit_b_16": "vit_base_patch16_224",
    "vit_b_32": "vit_base_patch32_224",
    "vit_l_16": "vit_large_patch16_224",
    "vit_l_32": "vit_large_patch32_224",
    "vit_h_14": "vit_huge_patch14_224",
}


def recognise(tensors: Tensors, hints: Mapping[str, Any]) -> ForeignModel | None:
    """Return what a plain state dict of torchvision or timm holds; None for others.

    Args:
        tensors: By their own names.
        hints: ``architecture`` "timm/NAME" or "torchvision/NAME" where the tensors do not tell;
            ``last_stride`` of a ResNet, by default 2; ``image_size``.

    Raises:
        CatalogError: a name that neither library knows.
        WeightsError: several networks have these tensors.
    """
    if any(key.startswith(("model.", "base.", "backbone.", "bottleneck.")) for key in tensors):
        return None
    hint = hints.get("architecture", "")
    depth = _plain_resnet(tensors)
    if depth is not None and hint in ("", f"{TORCHVISION}resnet{depth}"):
        return _resnet(depth, hints)
    name = hint or _known_name(tensors)
    if name.startswith(TORCHVISION):
        return _of_torchvision(name.removeprefix(TORCHVISION), tensors, hints)
    if name.startswith(TIMM):
        return _of_timm(name.removeprefix(TIMM), tensors, hints)
    return None


def _known_name(tensors: Tensors) -> str:
    names = known_networks().get(fingerprint(tensors), [])
    if len(names) > 1:
        names = [name for name in names if _has_same_sizes(name, tensors)] or names
    if len({name.partition("/")[2] for name in names}) > 1:
        raise WeightsError(
            f"Checkpoint fits several networks, which differ in what no tensor tells: {', '.join(names)}. "
            f"Expected one. Say which: --architecture {names[0]}."
        )
    return max(names, default="")  # torchvision before timm


def _has_same_sizes(name: str, tensors: Tensors) -> bool:
    """Say whether the position embeddings are those of the size that a network of timm is made for."""
    if not name.startswith(TIMM):
        return True
    expected = timm_shapes(name.removeprefix(TIMM))
    return all(expected.get(key, value.shape) == value.shape for key, value in tensors.items())


def _plain_resnet(tensors: Tensors) -> int | None:
    depth = resnet_depth(tensors, "")
    if depth is None:
        return None
    width = tensors["layer1.0.conv2.weight"].shape
    if (depth >= 50 and width[0] != 64) or width[0] != width[1]:
        return None  # wide, or grouped as ResNeXt
    known = r"(?:conv1|bn1|fc|layer\d\.\d+\.(?:conv\d|bn\d|downsample\.[01]))\.\w+"
    return depth if all(re.fullmatch(known, key) for key in tensors) else None  # no SE, no deep stem


def _size(hints: Mapping[str, Any], default: tuple[int, int] | None = None) -> tuple[int, int]:
    height, width = hints.get("image_size") or default or (256, 128)
    return height, width


def _resnet(depth: int, hints: Mapping[str, Any]) -> ForeignModel:
    return ForeignModel(
        source="plain",
        architecture="pipeline",
        arguments={
            "backbone": "resnet",
            "backbone_arguments": {"depth": depth, "last_stride": hints.get("last_stride", 2)},
            "head": "linear",
        },
        preprocessing=Preprocessing(*_size(hints)),
        renames=((r"fc\.(.*)", r"head.classifier.\1"), *resnet_renames("")),
        notes=(NOTE,),
    )


def _of_torchvision(name: str, tensors: Tensors, hints: Mapping[str, Any]) -> ForeignModel:
    if ZOO.fullmatch(name):
        return ForeignModel(
            source="plain",
            architecture=name,
            arguments={},
            preprocessing=Preprocessing(*_size(hints)),
            renames=(
                (r"(?:fc|classifier)\.(weight|bias)", r"head.classifier.\1"),
                (r"(.*)", r"backbone.\1"),
            ),
            rewrites=OLD_DENSENET if name.startswith("densenet") else (),
            # Its classifier is a convolution.
            dropped=(r"classifier\.1\.(weight|bias)",) if name.startswith("squeezenet") else (),
            notes=(NOTE,),
        )
    if name in VISION_TRANSFORMERS:
        return _vision_transformer(VISION_TRANSFORMERS[name], tensors, hints)
    size = _size(hints, (224, 224) if name.startswith("maxvit") else None)
    classifier = re.escape(_classifier_name(name, size))
    # torchvision shifts their input itself, from the usual statistics to these.
    is_inception = name in ("googlenet", "inception_v3")
    preprocessing = Preprocessing(*size)
    if is_inception:
        preprocessing = replace(preprocessing, mean=HALF, std=HALF)
    return ForeignModel(
        source="plain",
        architecture="torchvision",
        arguments={"network": name},
        preprocessing=preprocessing,
        renames=(
            (rf"{classifier}\.(weight|bias)", r"head.classifier.\1"),
            (r"(.*)", r"backbone.network.\1"),
        ),
        dropped=(r"(?:aux\d|AuxLogits)\..*",) if is_inception else (),
        notes=(NOTE,),
    )


def _classifier_name(name: str, image_size: tuple[int, int]) -> str:
    try:
        with torch.device("meta"):
            return WholeTorchvisionNetwork(name, image_size).classifier_name
    except NotImplementedError:  # RegNet computes while it is built
        return WholeTorchvisionNetwork(name, image_size).classifier_name


def _of_timm(name: str, tensors: Tensors, hints: Mapping[str, Any]) -> ForeignModel:
    keys, without, classifier = timm_keys(name)
    dropped = keys - without
    renames = [(r"(.*)", r"backbone.network.\1")]
    if classifier is not None:
        renames.insert(0, (rf"{re.escape(classifier)}\.(weight|bias)", r"head.classifier.\1"))
        dropped -= {f"{classifier}.weight", f"{classifier}.bias"}
    mean, std = pixel_statistics(name)
    return ForeignModel(
        source="plain",
        architecture="timm",
        arguments={"backbone": name, "pooling": "own", "neck": "none"},
        preprocessing=Preprocessing(
            *_size(hints, timm_size(name)), mean=(mean[0], mean[1], mean[2]), std=(std[0], std[1], std[2])
        ),
        renames=tuple(renames),
        dropped=(*map(re.escape, sorted(dropped)), OF_THE_SIZE),
        fit=fitting(tensors, keys - without),
        notes=(NOTE,),
    )


def _vision_transformer(name: str, tensors: Tensors, hints: Mapping[str, Any]) -> ForeignModel:
    block = r"encoder\.layers\.encoder_layer_(\d+)\."
    ours = r"backbone.network.blocks.\1."
    patch = tensors["conv_proj.weight"].shape[-1]
    side = patch * round((tensors["encoder.pos_embedding"].shape[1] - 1) ** 0.5)
    return ForeignModel(
        source="plain",
        architecture="timm",
        arguments={"backbone": name, "pooling": "own", "neck": "none"},
        preprocessing=Preprocessing(*_size(hints, (side, side))),
        renames=(
            (r"class_token", "backbone.network.cls_token"),
            (r"conv_proj\.(.*)", r"backbone.network.patch_embed.proj.\1"),
            (r"encoder\.pos_embedding", "backbone.network.pos_embed"),
            (block + r"ln_([12])\.(.*)", ours + r"norm\2.\3"),
            (block + r"self_attention\.in_proj_(.*)", ours + r"attn.qkv.\2"),
            (block + r"self_attention\.out_proj\.(.*)", ours + r"attn.proj.\2"),
            (block + r"mlp\.(?:linear_1|0)\.(.*)", ours + r"mlp.fc1.\2"),
            (block + r"mlp\.(?:linear_2|3)\.(.*)", ours + r"mlp.fc2.\2"),
            (r"encoder\.ln\.(.*)", r"backbone.network.norm.\1"),
            (r"heads\.head\.(.*)", r"head.classifier.\1"),
        ),
        notes=(NOTE,),
    )
