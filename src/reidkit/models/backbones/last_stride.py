"""Let the last stage of any convolutional network keep its resolution."""

from typing import Any

import torch
from torch import Tensor, nn

from reidkit.core.errors import CatalogError

PROBE = 128
"""Side of the image that is sent through a network to see where it shrinks; a multiple of 32 and more."""


def keep_last_resolution(network: nn.Module, *, name: str) -> list[str]:
    """Set the stride to 1 in every layer that makes the last of the halvings of a network.

    The layers are found by sending an image through: those whose output has the size of the last map and
    whose input was larger. Kernels, weights and dilations stay as they are, so a convolution with a kernel
    of even size loses a row and a column. An average over just the positions that a stride skips is left
    out, as timm builds shortcuts of stride 1.

    Args:
        network: From images (B, 3, H, W) to maps, or to a list of maps; changed in place.
        name: For the message.

    Returns:
        The names of the changed layers.

    Raises:
        CatalogError: the network halves no map in its last stage by a stride, as transformers that merge
            patches.

    Reference:
        Luo, Gu, Liao, Lai, Jiang, "Bag of Tricks and A Strong Baseline for Deep Person Re-Identification",
        CVPR workshops 2019, section 3.5.

    Differs:
        timm's ``output_stride`` gives the same resolution by dilating the later layers, which computes
        something else with the same weights.
    """
    sizes: dict[str, tuple[int, int]] = {}
    handles = [
        layer.register_forward_hook(_recorder(sizes, layer_name))
        for layer_name, layer in network.named_modules()
        if hasattr(layer, "stride") and not any(True for _ in layer.children())  # blocks tell theirs too
    ]
    was_training = network.training
    device = next(network.parameters()).device
    try:
        with torch.no_grad():
            output = network.eval()(torch.zeros(1, 3, PROBE, PROBE, device=device))
    finally:
        network.train(was_training)
        for handle in handles:
            handle.remove()
    last = output[-1] if isinstance(output, list | tuple) else output
    changed = [layer for layer, (before, after) in sizes.items() if before > after == last.shape[-2]]
    if not changed:
        raise CatalogError(no_stride(name))
    for layer_name in changed:
        take_stride_away(network, layer_name)
    return changed


def take_stride_away(network: nn.Module, layer_name: str) -> None:
    """Set the stride of one layer to 1; an average over just the positions that it skips is left out.

    Args:
        network: Changed in place.
        layer_name: Of a layer in it that has a stride.
    """
    layer: Any = network.get_submodule(layer_name)
    if isinstance(layer, nn.AvgPool2d) and _pair(layer.kernel_size) == _pair(layer.stride):
        network.set_submodule(layer_name, nn.Identity())
    else:
        layer.stride = 1 if isinstance(layer.stride, int) else (1, 1)


def _pair(size: int | tuple[int, int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size


def no_stride(name: str) -> str:
    """Say that a network has no stride to take away."""
    return (
        f"Network '{name}' has no stride in its last stage. Expected a convolutional network for last_stride "
        f"1. Leave last_stride at 2."
    )


def _recorder(sizes: dict[str, tuple[int, int]], name: str):  # type: ignore[no-untyped-def] # noqa: ANN202
    def record(layer: nn.Module, inputs: tuple[Tensor, ...], output: object) -> None:
        del layer
        if isinstance(output, Tensor) and output.ndim == 4 and inputs and inputs[0].ndim == 4:
            sizes[name] = (inputs[0].shape[-2], output.shape[-2])

    return record
