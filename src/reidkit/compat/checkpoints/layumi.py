"""Person_reID_baseline_pytorch of layumi: all of its networks."""

from collections.abc import Mapping
from typing import Any

from reidkit.compat.checkpoints.foreign import ForeignModel, Tensors
from reidkit.compat.checkpoints.layumi_networks import Renames, backbone_of
from reidkit.compat.checkpoints.resnet_keys import resnet_renames
from reidkit.core.types import Preprocessing

FLIP_NOTE = "Its own test sums the descriptors of the image and its mirror image: evaluate with flip."
NUM_PARTS = 6


def recognise(tensors: Tensors, hints: Mapping[str, Any]) -> ForeignModel | None:
    """Return what a state dict of layumi's baseline holds; None for others.

    Args:
        tensors: By its names: the backbone under ``model``, the head under ``classifier``.
        hints: ``last_stride`` 1 or 2 of a ResNet or DenseNet (its option ``--stride``, by default 2),
            ``image_size``; ``architecture`` "timm/NAME" where another network of timm was put in.
    """
    if "classifier0.add_block.0.weight" in tensors and "model.layer4.0.conv2.weight" in tensors:
        return _pcb(hints)
    if "classifier.add_block.0.weight" not in tensors or "classifier.classifier.0.weight" not in tensors:
        return None
    backbone = backbone_of(tensors, hints)
    if backbone is None:
        return None
    head, head_arguments, renames = _head(tensors)
    height, width = hints.get("image_size") or backbone.image_size
    return ForeignModel(
        source="layumi",
        architecture="pipeline",
        arguments={
            "backbone": backbone.name,
            "backbone_arguments": backbone.arguments,
            "head": head,
            "head_arguments": head_arguments,
        },
        preprocessing=Preprocessing(height=height, width=width, interpolation="bicubic"),
        renames=(*renames, *backbone.renames),
        dropped=backbone.dropped,
        fit=backbone.fit,
        notes=(*backbone.notes, FLIP_NOTE),
    )


def _head(tensors: Tensors) -> tuple[str, dict[str, Any], Renames]:
    first = tensors["classifier.add_block.0.weight"]
    classifier = (r"classifier\.classifier\.0\.(.*)", r"head.classifier.\1")
    arguments: dict[str, Any] = {"has_classifier_bias": True}
    if first.ndim == 1:  # without its linear layer
        return "bnneck", arguments, ((r"classifier\.add_block\.0\.(.*)", r"head.neck.\1"), classifier)
    arguments |= {"embedding_dim": first.shape[0], "embedding_layers": "linear_norm"}
    return "linear", arguments, ((r"classifier\.add_block\.(\d+\..*)", r"head.embedding.\1"), classifier)


def _pcb(hints: Mapping[str, Any]) -> ForeignModel:
    height, width = hints.get("image_size") or (384, 192)
    return ForeignModel(
        source="layumi",
        architecture="pcb_p6",
        arguments={"reduction": "each_part"},
        preprocessing=Preprocessing(height=height, width=width, interpolation="bicubic"),
        renames=(
            (r"classifier(\d)\.add_block\.(\d\..*)", r"heads.\1.embedding.\2"),
            (r"classifier(\d)\.classifier\.0\.(.*)", r"heads.\1.classifier.\2"),
            *resnet_renames("model."),
        ),
        dropped=(r"model\.fc\.(weight|bias)",),
        notes=(FLIP_NOTE,),
    )
