"""Checkpoints of FastReID: what network they hold, by their keys and shapes, and where each tensor goes.

Some choices leave no trace in the tensors: the kind of pooling where it has no parameter, the stride of the
last stage, the size of the images. Those of the published recipes are taken, and hints say otherwise:

- ``aggregation``: "average", "max", "gem", "average_max", "clipped_average";
- ``last_stride``: 1 or 2;
- ``image_size``: (height, width), or text such as "384x128".
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from reidkit.compat.checkpoints import fastreid_keys as keys
from reidkit.compat.checkpoints.fastreid_networks import find_network
from reidkit.compat.checkpoints.foreign import ForeignModel, Tensors
from reidkit.core.errors import WeightsError
from reidkit.core.types import Preprocessing
from reidkit.models.backbones.resnet import BLOCKS_OF_STAGES

HINTS = ("aggregation", "last_stride", "image_size")


def recognise(tensors: Tensors, hints: Mapping[str, Any]) -> ForeignModel | None:
    """Return what a state dict of FastReID holds; None where it is not FastReID's.

    Both the names of version 1.3 and those of the files released with version 0.1.1 are known.

    Args:
        tensors: By their names in the file.
        hints: See the module; others are left alone. ``source`` other than "fastreid" is somebody else's.

    Raises:
        WeightsError: it is FastReID's, but of a network that is not known here, or a hint makes no sense.
    """
    if hints.get("source") not in (None, "fastreid"):
        return None
    hints = _read_hints(hints)
    if "b1_head.bottleneck.0.weight" in tensors:
        return _recognise_mgn(tensors, hints)
    if not any(key.startswith("heads.") for key in tensors) or not any(
        key.startswith("backbone.") for key in tensors
    ):
        return None
    network = find_network(tensors, hints)
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


def _read_hints(hints: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hints with numbers as numbers; a command line gives text."""
    known = {name: hints[name] for name in HINTS if hints.get(name) is not None}
    try:
        if "last_stride" in known:
            known["last_stride"] = int(known["last_stride"])
        if "image_size" in known:
            given = known["image_size"]
            height, width = given.lower().split("x") if isinstance(given, str) else given
            known["image_size"] = (int(height), int(width))
    except (TypeError, ValueError) as error:
        raise WeightsError(
            f"Hints for a FastReID checkpoint cannot be read, got {known}. Expected last_stride 1 or 2 and "
            f"image_size such as 384x128."
        ) from error
    return known


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
