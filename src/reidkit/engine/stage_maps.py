"""The feature maps of a network at the ends of its stages, before their last activation."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from reidkit.core.errors import CatalogError
from reidkit.losses.feature_overhaul import negative_means
from reidkit.models.backbones.resnet import BasicBlock, Bottleneck
from reidkit.models.model import ReidModel
from reidkit.models.osnet import OmniScaleBlock


@dataclass(frozen=True)
class StageEnd:
    """Where a stage ends.

    Args:
        place: The module whose output is the map before the last activation.
        norm: The last normalisation before it.
    """

    place: nn.Module
    norm: nn.Module

    @property
    def channels(self) -> int:
        """Channels of the map."""
        return len(self._learned("weight"))

    def margins(self) -> Tensor:
        """Return the expected negative value (C,) of each channel, by the scale and shift of the norm."""
        return negative_means(self._learned("weight"), self._learned("bias"))

    def _learned(self, name: str) -> Tensor:
        # Instance and batch normalisation side by side: each has its own channels.
        parts = [
            value
            for module in self.norm.modules()
            if isinstance(value := getattr(module, name, None), Tensor) and value.ndim == 1
        ]
        return torch.cat(parts).detach()


def stage_ends(model: ReidModel) -> tuple[StageEnd, ...]:
    """Return the ends of the stages of the backbone of a model, first to last.

    Raises:
        CatalogError: a backbone whose stages are not known.
    """
    ends = [_end(stage) for stage in getattr(model.backbone, "stages", ())]
    found = tuple(end for end in ends if end is not None)
    if not found or len(found) != len(ends):
        raise CatalogError(
            f"Feature maps of the stages are not known, got a backbone of class "
            f"{type(model.backbone).__name__}. Expected a ResNet or an OSNet of reidkit. Choose another "
            f"transfer, such as similarity_transfer."
        )
    return found


@contextmanager
def recorded_maps(ends: tuple[StageEnd, ...]) -> Iterator[list[Tensor]]:
    """Yield a list that receives the maps (B, C, h, w) of one run of a network within the block."""
    maps: list[Tensor] = []

    def record(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        del module, inputs
        maps.append(output.clone())  # the activation that follows may write into its input

    handles = [end.place.register_forward_hook(record) for end in ends]
    try:
        yield maps
    finally:
        for handle in handles:
            handle.remove()


def _end(stage: nn.Module) -> StageEnd | None:
    blocks = [item for item in stage.modules() if isinstance(item, BasicBlock | Bottleneck | OmniScaleBlock)]
    if not blocks:
        return None
    last = blocks[-1]
    if isinstance(last, OmniScaleBlock):
        place, norm = last.norm, last.restore.norm
    else:
        place, norm = last.sum_norm, (last.bn3 if isinstance(last, Bottleneck) else last.bn2)
    # A norm behind the sum with the shortcut is the last one.
    return StageEnd(place, norm if isinstance(place, nn.Identity) else place)
