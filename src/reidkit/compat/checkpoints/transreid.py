"""TransReID: ViT-B/16 and its baseline, with jigsaw groups, camera embedding and overlapping patches."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from reidkit.compat.checkpoints.foreign import ForeignModel, Tensors
from reidkit.core.errors import WeightsError
from reidkit.core.types import Preprocessing

HALF = (0.5, 0.5, 0.5)
STRIDES = (16, 14, 12, 11)
SIZES = ((256, 128), (256, 256), (384, 128), (224, 224))
"""Of the published models: people, vehicles, people at a high resolution, small vehicles."""


def recognise(tensors: Tensors, hints: Mapping[str, Any]) -> ForeignModel | None:
    """Return what a state dict of TransReID holds; None for others.

    Args:
        tensors: By its names, the transformer under ``base``.
        hints: ``image_size`` (height, width), where several sizes and strides give as many patches;
            ``shift`` of the jigsaw, by default 4.

    Raises:
        WeightsError: it is TransReID's, but no published size and stride give its patches.
    """
    if "base.cls_token" not in tensors or "bottleneck.running_mean" not in tensors:
        return None
    (_, num_tokens, width) = tensors["base.pos_embed"].shape
    patch = tensors["base.patch_embed.proj.weight"].shape[-1]
    size, stride = _size_and_stride(num_tokens - 1, patch, hints)
    has_jigsaw = "b2.0.norm1.weight" in tensors
    depth = 1 + max(int(key.split(".")[2]) for key in tensors if key.startswith("base.blocks."))
    cameras = next((tensors[key] for key in ("base.sie_embed", "base.cam_embed") if key in tensors), None)
    last = str(depth - 1)
    ends = ("b1.0.", "b1.1.") if has_jigsaw else (f"base.blocks.{last}.", "base.norm.")
    dropped = [r"base\.fc\.(weight|bias)"]
    if has_jigsaw:  # what the branches were copied from stays behind, unused
        dropped += [rf"base\.blocks\.{last}\..*", r"base\.norm\..*"]
    arguments: dict[str, Any] = {
        "patch_stride": stride,
        "patch_size": patch,
        "width": width,
        "depth": depth,
        "num_heads": width // 64,
        "has_jigsaw": has_jigsaw,
    }
    if has_jigsaw:
        arguments["shift"] = hints.get("shift", 4)
    if cameras is not None:
        arguments["cameras"] = list(range(1, len(cameras) + 1))
    return ForeignModel(
        source="transreid",
        architecture="transreid",
        arguments=arguments,
        preprocessing=Preprocessing(*size, mean=HALF, std=HALF, interpolation="bicubic"),
        renames=(
            (_escape(ends[0]) + "(.*)", r"global_branch.0.\1"),
            (_escape(ends[1]) + "(.*)", r"global_branch.1.\1"),
            (r"b2\.([01])\.(.*)", r"local_branch.\1.\2"),
            (r"base\.(?:sie|cam)_embed", "camera_embedding.table"),
            (r"base\.(.*)", r"backbone.network.\1"),
            (r"bottleneck\.(.*)", r"heads.0.neck.\1"),
            (r"classifier\.(.*)", r"heads.0.classifier.\1"),
            (r"bottleneck_(\d)\.(.*)", r"heads.\1.neck.\2"),
            (r"classifier_(\d)\.(.*)", r"heads.\1.classifier.\2"),
        ),
        dropped=tuple(dropped),
        reshape=_flat_cameras,
        notes=()
        if cameras is None
        else (
            f"Its {len(cameras)} camera (or view) embeddings are called 1 to {len(cameras)}, as people's "
            f"data sets count cameras; images of other cameras get their mean.",
        ),
    )


def _escape(prefix: str) -> str:
    return prefix.replace(".", r"\.")


def _flat_cameras(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name: value.flatten(1) if name == "camera_embedding.table" else value
        for name, value in tensors.items()
    }


def _size_and_stride(num_patches: int, patch: int, hints: Mapping[str, Any]) -> tuple[tuple[int, int], int]:
    sizes = [tuple(hints["image_size"])] if "image_size" in hints else list(SIZES)
    for height, width in sizes:
        for stride in STRIDES:
            if ((height - patch) // stride + 1) * ((width - patch) // stride + 1) == num_patches:
                return (height, width), stride
    raise WeightsError(
        f"The transformer of this TransReID checkpoint has {num_patches} patches, which images of {sizes} at "
        f"strides of {STRIDES} do not give. Expected the size that it was trained with: give image_size."
    )
