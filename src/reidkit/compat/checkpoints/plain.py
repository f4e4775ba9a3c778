"""State dicts of torchvision and timm, as ImageNet weights come."""

from collections.abc import Mapping
from typing import Any

from reidkit.compat.checkpoints.foreign import ForeignModel, Tensors
from reidkit.compat.checkpoints.resnet_keys import resnet_depth, resnet_renames
from reidkit.core.types import Preprocessing


def recognise(tensors: Tensors, hints: Mapping[str, Any]) -> ForeignModel | None:
    """Return a plain ResNet, whose names torchvision and timm share; None for others.

    Args:
        tensors: By the names of torchvision: ``conv1``, ``layer1`` ... ``fc``.
        hints: ``last_stride`` 1 or 2 (by default 2), ``image_size``.
    """
    depth = resnet_depth(tensors, "")
    if depth is None or any(key.startswith("classifier") for key in tensors):
        return None
    width = tensors["layer1.0.conv2.weight"].shape
    if (depth >= 50 and width[0] != 64) or width[0] != width[1]:
        return None  # wide, or grouped as ResNeXt
    height_width = hints.get("image_size") or (256, 128)
    return ForeignModel(
        source="plain",
        architecture="pipeline",
        arguments={
            "backbone": "resnet",
            "backbone_arguments": {"depth": depth, "last_stride": hints.get("last_stride", 2)},
            "head": "linear",
        },
        preprocessing=Preprocessing(height=height_width[0], width=height_width[1]),
        renames=((r"fc\.(.*)", r"head.classifier.\1"), *resnet_renames("")),
        notes=("These are weights of ImageNet: nobody was taught to tell individuals apart.",),
    )
