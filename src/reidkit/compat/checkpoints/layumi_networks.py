"""Which backbone a checkpoint of layumi's baseline has, and how its tensors are called here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from reidkit.compat.checkpoints.foreign import Tensors
from reidkit.compat.checkpoints.resnet_keys import has_half_instance_norm, resnet_depth, resnet_renames
from reidkit.compat.checkpoints.timm_keys import OF_THE_SIZE, fitting
from reidkit.models.model import ReidModel

Renames = tuple[tuple[str, str], ...]
NAS_NOTE = (
    "NASNet is padded here by the size of the images, there as for 331 x 331: descriptors differ by some "
    "0.3 % of the largest number."
)
STRIDE_NOTE = "Stride 2 of the last stage was taken, its default."


@dataclass(frozen=True)
class Backbone:
    """A backbone of `reidkit.models.pipeline`, and how it is filled.

    Args:
        name: Key of `BACKBONES`.
        arguments: Of its builder.
        renames: See `ForeignModel`, as all that follow.
        dropped: Patterns of tensors that it does not use.
        image_size: (height, width) that it was trained with.
        fit: What brings them to another size.
        notes: What a person should know.
    """

    name: str
    arguments: Mapping[str, Any]
    renames: Renames
    dropped: tuple[str, ...] = ()
    image_size: tuple[int, int] = (256, 128)
    fit: Callable[[dict[str, Tensor], ReidModel], dict[str, Tensor]] | None = None
    notes: tuple[str, ...] = field(default=())


# A tensor that only this network has, its name at timm, and its size where that is not 256 x 128.
TIMM_NETWORKS: dict[str, tuple[str, tuple[int, int], dict[str, Any]]] = {
    "model.layers.0.blocks.0.attn.relative_position_bias_table": (
        "swin_base_patch4_window7_224",
        (224, 224),
        {},
    ),
    "model.layers.0.blocks.0.attn.cpb_mlp.0.weight": ("swinv2_base_window8_256", (256, 128), {}),
    "model.stages.0.blocks.0.conv_dw.weight": ("convnext_base", (256, 128), {}),
    "model.incre_modules.0.0.conv1.weight": ("hrnet_w18", (256, 128), {}),
    # Its average runs over all tokens, the class token and the registers among them.
    "model.blocks.0.gamma_1": ("vit_base_patch16_dinov3", (256, 128), {"prefix_tokens": "kept"}),
    # It pools before the last ReLU.
    "model.cell_stem_0.conv_1x1.conv.weight": ("nasnetalarge", (256, 128), {"has_final_activation": False}),
}

# EfficientNet by the blocks of its stages and the side that the port to PyTorch pads for.
EFFICIENTNETS: dict[int, tuple[str, tuple[int, ...], int]] = {
    1408: ("tf_efficientnet_b2", (2, 3, 3, 4, 4, 5, 2), 260),
    1536: ("tf_efficientnet_b3", (2, 3, 3, 5, 5, 6, 2), 300),
    1792: ("tf_efficientnet_b4", (2, 4, 4, 6, 6, 8, 2), 380),
    2048: ("tf_efficientnet_b5", (3, 5, 5, 7, 7, 9, 3), 456),
}


def backbone_of(tensors: Tensors, hints: Mapping[str, Any]) -> Backbone | None:
    """Return the backbone of a checkpoint; None where it is none of layumi's.

    Args:
        tensors: By its names.
        hints: ``last_stride``, and ``architecture`` "timm/NAME" for another network of timm.
    """
    depth = resnet_depth(tensors, "model.")
    if depth is not None:
        return _resnet(depth, tensors, hints)
    if "model.features.conv0.weight" in tensors:
        return _densenet(hints)
    if "model._conv_stem.weight" in tensors:
        return _efficientnet(tensors)
    found = next((value for key, value in TIMM_NETWORKS.items() if key in tensors), None)
    hint = str(hints.get("architecture", ""))
    if found is None and not hint.startswith("timm/"):
        return None
    name, size, arguments = found or ("", (256, 128), {})
    notes = (NAS_NOTE,) if name == "nasnetalarge" else ()
    return replace(_timm(hint.removeprefix("timm/") or name, size, arguments, tensors), notes=notes)


def _notes(hints: Mapping[str, Any]) -> tuple[str, ...]:
    return () if "last_stride" in hints else (STRIDE_NOTE,)


def _resnet(depth: int, tensors: Tensors, hints: Mapping[str, Any]) -> Backbone:
    arguments: dict[str, Any] = {"depth": depth, "last_stride": hints.get("last_stride", 2)}
    if has_half_instance_norm(tensors, "model."):
        arguments["instance_norm"] = "a"
    # The classifier of ImageNet, which that code keeps and never uses.
    dropped = (r"model\.fc\.(weight|bias)",)
    return Backbone("resnet", arguments, resnet_renames("model."), dropped, notes=_notes(hints))


def _densenet(hints: Mapping[str, Any]) -> Backbone:
    # It pools before the last ReLU.
    arguments = {"depth": 121, "last_stride": hints.get("last_stride", 2), "has_final_activation": False}
    renames = ((r"model\.features\.(.*)", r"backbone.features.\1"),)
    return Backbone(
        "densenet", arguments, renames, (r"model\.classifier\.(weight|bias)",), notes=_notes(hints)
    )


def _timm(name: str, size: tuple[int, int], arguments: Mapping[str, Any], tensors: Tensors) -> Backbone:
    renames: Renames = ((r"model\.(.*)", r"backbone.network.\1"),)
    if "model.layers.0.downsample.norm.weight" in tensors and "swin" in name:
        # timm before 0.9 halved a map behind a stage, and does so before the next one now.
        ours = "backbone.network.layers."
        moved = tuple(
            (rf"model\.layers\.{stage}\.downsample\.(.*)", rf"{ours}{stage + 1}.downsample.\1")
            for stage in range(3)
        )
        renames = (*moved, *renames)
    return Backbone(
        "timm_whole",
        {"name": name, **arguments},
        renames,
        (rf"model\.{OF_THE_SIZE}", r"model\.fc_norm\.(weight|bias)"),
        size,
        fitting({}, set()),
    )


def _efficientnet(tensors: Tensors) -> Backbone | None:
    found = EFFICIENTNETS.get(len(tensors["model._conv_head.weight"]))
    if found is None:
        return None
    name, blocks, side = found
    ours = "backbone.network."
    renames: list[tuple[str, str]] = [
        (r"model\._conv_stem\.(.*)", rf"{ours}conv_stem.\1"),
        (r"model\._bn0\.(.*)", rf"{ours}bn1.\1"),
        (r"model\._conv_head\.(.*)", rf"{ours}conv_head.\1"),
        (r"model\._bn1\.(.*)", rf"{ours}bn2.\1"),
    ]
    places = [(stage, block) for stage, count in enumerate(blocks) for block in range(count)]
    for number, (stage, block) in enumerate(places):
        start = rf"model\._blocks\.{number}\."
        here = f"{ours}blocks.{stage}.{block}."
        # The blocks of the first stage widen nothing, so that their layers count from the second.
        layers = ("_depthwise_conv", "_bn1", "_project_conv", "_bn2")
        names = ("conv_dw", "bn1", "conv_pw", "bn2") if stage == 0 else ("conv_dw", "bn2", "conv_pwl", "bn3")
        pairs = [*zip(layers, names, strict=True)]
        pairs += [("_se_reduce", "se.conv_reduce"), ("_se_expand", "se.conv_expand")]
        if stage:
            pairs += [("_expand_conv", "conv_pw"), ("_bn0", "bn1")]
        renames += [(rf"{start}{theirs}\.(.*)", rf"{here}{name_here}.\1") for theirs, name_here in pairs]
    return Backbone(
        "timm_whole", {"name": name, "padded_for": side}, tuple(renames), (r"model\._fc\.(weight|bias)",)
    )
