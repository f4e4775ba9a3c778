"""Torchreid's engines for images."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler

from reidkit.compat.torchreid.data.managers import DataManager
from reidkit.compat.torchreid.engine.engine import Engine
from reidkit.compat.torchreid.losses import CrossEntropyLoss, TripletLoss
from reidkit.compat.torchreid.metrics import accuracy
from reidkit.core.errors import CatalogError


class ImageSoftmaxEngine(Engine):
    """Learns to tell the training identities apart.

    Args:
        datamanager: Of the data.
        model: That returns logits in training.
        optimizer: Of the model.
        scheduler: Of the optimizer; None keeps the learning rate.
        use_gpu: Whether to use CUDA, where there is one.
        label_smooth: Whether targets are smoothed by 0.1.
    """

    def __init__(
        self,
        datamanager: DataManager,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        scheduler: LRScheduler | None = None,
        use_gpu: bool = True,
        label_smooth: bool = True,
    ) -> None:
        super().__init__(datamanager, use_gpu)
        self.model: nn.Module = model
        self.optimizer: torch.optim.Optimizer = optimizer
        self.scheduler = scheduler
        self.register_model("model", model, optimizer, scheduler)
        self.criterion = CrossEntropyLoss(datamanager.num_train_pids, label_smooth=label_smooth)

    def forward_backward(self, data: Mapping[str, Any]) -> dict[str, float]:
        """Learn from one batch; return loss and accuracy."""
        images, pids = self.parse_data_for_train(data)
        if self.use_gpu:
            images, pids = images.cuda(), pids.cuda()
        outputs = self.model(images)
        loss = self.compute_loss(self.criterion, outputs, pids)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return {"loss": loss.item(), "acc": accuracy(outputs, pids)[0].item()}


class ImageTripletEngine(Engine):
    """Learns from triplets and identities together.

    Args:
        datamanager: Of the data, best with RandomIdentitySampler.
        model: Built with loss="triplet": it returns (logits, features) in training.
        optimizer: Of the model.
        margin: Of the triplets.
        weight_t: Weight of the triplet loss.
        weight_x: Weight of the cross entropy.
        scheduler: Of the optimizer; None keeps the learning rate.
        use_gpu: Whether to use CUDA, where there is one.
        label_smooth: Whether targets are smoothed by 0.1.

    Raises:
        CatalogError: a negative weight, or both are 0.
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
    ) -> None:
        super().__init__(datamanager, use_gpu)
        if weight_t < 0 or weight_x < 0 or weight_t + weight_x == 0:
            raise CatalogError(
                f"Loss weights are wrong, got weight_t {weight_t} and weight_x {weight_x}. Expected none "
                f"below 0 and one above."
            )
        self.model: nn.Module = model
        self.optimizer: torch.optim.Optimizer = optimizer
        self.scheduler = scheduler
        self.register_model("model", model, optimizer, scheduler)
        self.weight_t = weight_t
        self.weight_x = weight_x
        self.criterion_t = TripletLoss(margin=margin)
        self.criterion_x = CrossEntropyLoss(datamanager.num_train_pids, label_smooth=label_smooth)

    def forward_backward(self, data: Mapping[str, Any]) -> dict[str, float]:
        """Learn from one batch; return both losses and the accuracy, where their weight is above 0."""
        images, pids = self.parse_data_for_train(data)
        if self.use_gpu:
            images, pids = images.cuda(), pids.cuda()
        logits, features = self.model(images)
        loss: Tensor = torch.zeros((), device=images.device)
        summary: dict[str, float] = {}
        if self.weight_t > 0:
            loss_t = self.compute_loss(self.criterion_t, features, pids)
            loss = loss + self.weight_t * loss_t
            summary["loss_t"] = loss_t.item()
        if self.weight_x > 0:
            loss_x = self.compute_loss(self.criterion_x, logits, pids)
            loss = loss + self.weight_x * loss_x
            summary |= {"loss_x": loss_x.item(), "acc": accuracy(logits, pids)[0].item()}
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return summary
