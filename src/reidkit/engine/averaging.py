"""Averages of the weights over the steps or epochs of a run: judged and kept in place of the last ones."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import Tensor, nn

from reidkit.engine.lightning_parts import Callback, LightningModule, Trainer
from reidkit.models.model import ReidModel

AverageName = Literal["ema", "swa"]


class AveragedWeights(Callback):
    """Keeps an average of the weights of a model in training.

    "ema" is an exponential moving average over the steps, of running statistics too. Its share of the past
    rises with the steps t as (1 + t) / (10 + t) up to ``decay``, so that the first weights are soon
    forgotten. "swa" is the plain mean over the ends of epochs, the first one that of ``from_epoch``; the
    running statistics of its batch norms are measured anew before each use. Until then there is no average,
    and the weights stay as they are.

    Args:
        model: In training.
        name: "ema" or "swa".
        decay: Of "ema".
        from_epoch: Of "swa", counted from 0.
        batches: What the model takes of each batch of an epoch, on its device, for the running statistics.

    Reference:
        Tarvainen, Valpola, "Mean teachers are better role models", NeurIPS 2017; Izmailov et al.,
        "Averaging Weights Leads to Wider Optima and Better Generalization", UAI 2018, algorithm 1.
    """

    def __init__(
        self,
        model: ReidModel,
        name: AverageName,
        *,
        decay: float = 0.999,
        from_epoch: int = 0,
        batches: Callable[[], Iterable[tuple[Any, ...]]],
    ) -> None:
        self.model = model
        self.name = name
        self.decay = decay
        self.from_epoch = from_epoch
        self.batches = batches
        self.average: dict[str, Tensor] = {}
        self.count = 0
        self._last_step = -1

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"average": self.average, "count": self.count}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what a checkpoint kept."""
        now = self.model.state_dict()
        self.average = {name: value.to(now[name].device) for name, value in state_dict["average"].items()}
        self.count = state_dict["count"]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin an exponential average with the weights before the first step, on their device."""
        self._last_step = trainer.global_step
        now = self.model.state_dict()
        if self.name == "ema" and not self.average:
            self.average = {name: value.clone() for name, value in now.items()}
        self.average = {name: value.to(now[name].device) for name, value in self.average.items()}

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: object,
        batch: object,
        batch_idx: int,
    ) -> None:
        """Take in a step of the optimizer."""
        if self.name == "ema" and trainer.global_step != self._last_step:
            self._last_step = trainer.global_step
            self._mix(min(self.decay, (1 + self.count) / (10 + self.count)))

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take in an epoch; comes before the epoch is judged."""
        if self.name == "swa" and trainer.current_epoch >= self.from_epoch:
            self._mix(self.count / (self.count + 1))

    @torch.no_grad()
    def _mix(self, kept: float) -> None:
        now = self.model.state_dict()
        if not self.average:
            self.average = {name: value.clone() for name, value in now.items()}
        for name, value in now.items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - kept)
            else:
                self.average[name].copy_(value)  # counters
        self.count += 1

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the model have the average within the block."""
        before = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.put()
        try:
            yield
        finally:
            self.model.load_state_dict(before)

    def put(self) -> None:
        """Give the model the average for good."""
        if not self.average:
            return
        self.model.load_state_dict(self.average)
        if self.name == "swa":
            measure_running_statistics(self.model, self.batches())


@torch.no_grad()
def measure_running_statistics(model: ReidModel, batches: Iterable[tuple[Any, ...]]) -> None:
    """Set the running statistics of all batch norms to the mean over batches of what the model takes.

    Everything else of the model is in evaluation mode meanwhile; its modes and norms are put back.
    """
    norms = [
        item
        for item in model.modules()
        if isinstance(item, nn.modules.batchnorm._BatchNorm) and item.track_running_stats
    ]
    if not norms:
        return
    modes = {module: module.training for module in model.modules()}
    momenta = [norm.momentum for norm in norms]
    model.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean
        norm.train()
    try:
        for batch in batches:
            model(*batch)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for module, mode in modes.items():
            module.training = mode
