"""Torchreid's engines for tracklets: those for images, each frame an image, pooled in the test."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler

from reidkit.compat.torchreid.data.managers import DataManager
from reidkit.compat.torchreid.engine.engine import Engine
from reidkit.compat.torchreid.engine.image import ImageSoftmaxEngine, ImageTripletEngine
from reidkit.core.errors import CatalogError
from reidkit.core.types import Temporal
from reidkit.models.temporal import pool_frames

POOLING: dict[str, Temporal] = {"avg": "average", "max": "max"}


class _Frames(Engine):
    """Takes batches of tracklets (B, S, 3, H, W) apart into frames, and pools descriptors of frames."""

    model: nn.Module
    pooling_method: str

    def parse_data_for_train(self, data: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
        """Return the frames of all tracklets (B * S, 3, H, W), each with the label of its tracklet."""
        images, pids = data["img"], data["pid"]
        return images.flatten(0, 1), pids.repeat_interleave(images.shape[1])

    def extract_features(self, input: Tensor) -> Tensor:
        """Return one descriptor per tracklet of (B, S, 3, H, W)."""
        count, frames = input.shape[:2]
        how = POOLING[self.pooling_method]
        return pool_frames(self.model(input.flatten(0, 1)), [frames] * count, how)


class VideoSoftmaxEngine(_Frames, ImageSoftmaxEngine):
    """Learns to tell the training identities apart by single frames.

    Args:
        datamanager: Of the data.
        model: That returns logits in training.
        optimizer: Of the model.
        scheduler: Of the optimizer; None keeps the learning rate.
        use_gpu: Whether to use CUDA, where there is one.
        label_smooth: Whether targets are smoothed by 0.1.
        pooling_method: "avg" or "max" over the frames of a test tracklet.

    Raises:
        CatalogError: another pooling_method; Torchreid takes it for "max".
    """

    def __init__(
        self,
        datamanager: DataManager,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        scheduler: LRScheduler | None = None,
        use_gpu: bool = True,
        label_smooth: bool = True,
        pooling_method: str = "avg",
    ) -> None:
        super().__init__(datamanager, model, optimizer, scheduler, use_gpu, label_smooth)
        self.pooling_method = _check_pooling(pooling_method)


class VideoTripletEngine(_Frames, ImageTripletEngine):
    """Learns from triplets of frames and from identities together.

    Args:
        datamanager: Of the data.
        model: Built with loss="triplet".
        optimizer: Of the model.
        margin: Of the triplets.
        weight_t: Weight of the triplet loss.
        weight_x: Weight of the cross entropy.
        scheduler: Of the optimizer; None keeps the learning rate.
        use_gpu: Whether to use CUDA, where there is one.
        label_smooth: Whether targets are smoothed by 0.1.
        pooling_method: "avg" or "max" over the frames of a test tracklet.

    Raises:
        CatalogError: another pooling_method, a negative weight, or both weights are 0.
    """

    def __init__(
        self,
        datamanager: DataManager,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        margin: float = 0.3,
        weight_t: float = 1,
        weight_x: float = 1,
        scheduler: LRScheduler | None = None,
        use_gpu: bool = True,
        label_smooth: bool = True,
        pooling_method: str = "avg",
    ) -> None:
        super().__init__(
            datamanager, model, optimizer, margin, weight_t, weight_x, scheduler, use_gpu, label_smooth
        )
        self.pooling_method = _check_pooling(pooling_method)


def _check_pooling(pooling_method: str) -> str:
    if pooling_method not in POOLING:
        raise CatalogError(f"Unknown pooling_method '{pooling_method}'. Known: {', '.join(POOLING)}.")
    return pooling_method
