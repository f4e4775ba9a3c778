"""Attention rollout: how much of each patch of an image reaches the descriptor of a vision transformer."""

from typing import Any

import torch
from torch import Tensor, nn

from reidkit.core.errors import CatalogError
from reidkit.models.model import PipelineModel, ReidModel


def find_transformer(model: ReidModel) -> Any | None:  # noqa: ANN401 - timm is untyped
    """Return the part of a model that holds blocks of global attention, None where there is none.

    A network with attention inside windows (Swin) is none: its tokens change from stage to stage.
    """
    for module in model.backbone.modules():
        blocks = getattr(module, "blocks", None)
        if isinstance(blocks, nn.Sequential | nn.ModuleList) and hasattr(module, "num_prefix_tokens"):
            attentions = [getattr(block, "attn", None) for block in blocks]
            if attentions and all(hasattr(attention, "attn_drop") for attention in attentions):
                return module
    return None


def roll_out_attention(model: ReidModel, images: Tensor) -> Tensor:
    """Return how much each patch contributes to the descriptor, by attention alone.

    Args:
        model: A model with a vision transformer, in evaluation mode.
        images: (B, 3, H, W) standardised.

    Returns:
        (B, h, w), not negative, one value per patch.

    Raises:
        CatalogError: the model has no blocks of global attention.
        ShapeError: not a floating (B, 3, H, W).

    Reference:
        Abnar and Zuidema, "Quantifying Attention Flow in Transformers", ACL 2020, section 3.

    Differs:
        A descriptor that is pooled from the patches is traced from their mean; the paper traces the class
        token, as is done here for a model of its own kind that has one.
    """
    transformer = find_transformer(model)
    if transformer is None:
        raise CatalogError(
            f"Attention rollout is not possible, got {type(model).__name__} without blocks of global "
            f"attention. Expected a vision transformer. Use activation_map of its feature map."
        )
    size = model.feature_map(images[:1]).shape[-2:]
    weights = _record_attention(model, transformer, images)
    num_patches = size[0] * size[1]
    flow = rollout(weights)
    prefix = flow.shape[-1] - num_patches
    is_pooled = isinstance(model, PipelineModel) or prefix == 0
    rows = flow[:, prefix:].mean(dim=1) if is_pooled else flow[:, 0]
    return rows[:, prefix:].reshape(len(images), *size)


def rollout(weights: list[Tensor]) -> Tensor:
    """Return (B, N, N): what each token of the last block holds of each token of the first.

    Args:
        weights: Attention (B, heads, N, N) of each block, first block first; rows sum to 1.
    """
    identity = torch.eye(weights[0].shape[-1], device=weights[0].device)
    flow = identity.expand(len(weights[0]), -1, -1)
    for attention in weights:
        # Half goes by the shortcut around the block, half through its heads.
        flow = (0.5 * attention.float().mean(dim=1) + 0.5 * identity) @ flow
    return flow


def _record_attention(model: ReidModel, transformer: Any, images: Tensor) -> list[Tensor]:  # noqa: ANN401
    """Run a model and return the attention of each block; the fused kernel keeps none, so it is off."""
    recorded: list[Tensor] = []
    attentions = [block.attn for block in transformer.blocks]
    was_fused = [getattr(attention, "fused_attn", False) for attention in attentions]
    hooks = [
        attention.attn_drop.register_forward_hook(lambda _module, _inputs, weights: recorded.append(weights))
        for attention in attentions
    ]
    try:
        for attention in attentions:
            attention.fused_attn = False
        model.feature_map(images)
    finally:
        for hook in hooks:
            hook.remove()
        for attention, fused in zip(attentions, was_fused, strict=True):
            attention.fused_attn = fused
    return recorded
