"""Person_reID_baseline_pytorch of layumi: its default network, ResNet-50 with or without IBN-a."""

from collections.abc import Mapping
from typing import Any

from reidkit.compat.checkpoints.foreign import ForeignModel, Tensors
from reidkit.compat.checkpoints.resnet_keys import has_half_instance_norm, resnet_depth, resnet_renames
from reidkit.core.types import Preprocessing


def recognise(tensors: Tensors, hints: Mapping[str, Any]) -> ForeignModel | None:
    """Return what a state dict of layumi's baseline holds; None for others.

    Args:
        tensors: By its names: the backbone under ``model``, the head under ``classifier``.
        hints: ``last_stride`` 1 or 2 (its option ``--stride``, by default 2), ``image_size``.
    """
    if "classifier.add_block.0.weight" not in tensors or "classifier.classifier.0.weight" not in tensors:
        return None
    depth = resnet_depth(tensors, "model.")
    if depth is None:
        return None
    first = tensors["classifier.add_block.0.weight"]
    has_linear = first.ndim == 2
    head: dict[str, Any] = {"has_classifier_bias": True}
    if has_linear:
        head |= {"embedding_dim": first.shape[0], "embedding_layers": "linear_norm"}
    arguments: dict[str, Any] = {"depth": depth, "last_stride": hints.get("last_stride", 2)}
    if has_half_instance_norm(tensors, "model."):
        arguments["instance_norm"] = "a"
    height, width = hints.get("image_size") or (256, 128)
    return ForeignModel(
        source="layumi",
        architecture="pipeline",
        arguments={
            "backbone": "resnet",
            "backbone_arguments": arguments,
            "head": "linear" if has_linear else "bnneck",
            "head_arguments": head,
        },
        preprocessing=Preprocessing(height=height, width=width, interpolation="bicubic"),
        renames=(
            (r"classifier\.add_block\.(\d+\..*)", r"head.embedding.\1")
            if has_linear
            else (r"classifier\.add_block\.0\.(.*)", r"head.neck.\1"),
            (r"classifier\.classifier\.0\.(.*)", r"head.classifier.\1"),
            *resnet_renames("model."),
        ),
        # The classifier of ImageNet, which that code keeps and never uses.
        dropped=(r"model\.fc\.(weight|bias)",),
        notes=(
            *(() if "last_stride" in hints else ("Stride 2 of the last stage was taken, its default.",)),
            "Its own test sums the descriptors of the image and its mirror image: evaluate with flip.",
        ),
    )
