"""reid-strong-baseline, known as bag of tricks."""

from collections.abc import Mapping
from typing import Any

from reidkit.compat.checkpoints.foreign import ForeignModel, Tensors
from reidkit.compat.checkpoints.resnet_keys import has_half_instance_norm, resnet_depth, resnet_renames
from reidkit.core.types import Preprocessing

HEAD = (
    (r"bottleneck\.(.*)", r"head.neck.\1"),
    (r"classifier\.(.*)", r"head.classifier.\1"),
)


def recognise(tensors: Tensors, hints: Mapping[str, Any]) -> ForeignModel | None:
    """Return what a state dict of reid-strong-baseline holds; None for others.

    Args:
        tensors: By its names, the backbone under ``base``.
        hints: ``last_stride`` 1 or 2, ``image_size`` (height, width).
    """
    if "bottleneck.running_mean" not in tensors or "base.cls_token" in tensors:
        return None
    depth = resnet_depth(tensors, "base.")
    if depth is None:
        return None
    height, width = hints.get("image_size") or (256, 128)
    arguments: dict[str, Any] = {"depth": depth, "last_stride": hints.get("last_stride", 1)}
    if has_half_instance_norm(tensors, "base."):
        arguments["instance_norm"] = "a"
    return ForeignModel(
        source="strong_baseline",
        architecture="pipeline",
        arguments={
            "backbone": "resnet",
            "backbone_arguments": arguments,
            "head": "bnneck",
        },
        preprocessing=Preprocessing(height=height, width=width),
        renames=(*HEAD, *resnet_renames("base.")),
        dropped=(r"base\.fc\.(weight|bias)",),
        notes=() if "last_stride" in hints else ("Stride 1 of the last stage was taken, as in its recipes.",),
    )
