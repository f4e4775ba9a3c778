"""Torchreid's engine: epochs of ``forward_backward``, tests between them, checkpoints."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.tensorboard import SummaryWriter

from reidkit.compat.torchreid.data.managers import DataManager, Loader
from reidkit.compat.torchreid.engine.testing import TestResult, judge, write_pictures
from reidkit.compat.torchreid.losses import DeepSupervision
from reidkit.compat.torchreid.utils.checkpoints import save_checkpoint
from reidkit.compat.torchreid.utils.layers import open_all_layers, open_specified_layers
from reidkit.compat.torchreid.utils.meters import AverageMeter, MetricMeter
from reidkit.core.errors import CatalogError, TrainingError

Batch = Mapping[str, Any]


class Engine:
    """Trains and tests; a subclass says what one step does.

    A subclass registers its models in ``__init__`` and defines `forward_backward`. Everything else may be
    replaced too: `extract_features`, `parse_data_for_train`, `parse_data_for_eval`, `train`, `test`.

    Args:
        datamanager: Of the data.
        use_gpu: Whether batches go to CUDA, where there is one.

    Differs:
        A schedule may be left out. Every test is followed by a checkpoint, and the best of them by Rank-1
        is kept too. ``rerank`` counts in the tests during training as well. A loss that is not finite ends
        the run and says which one. A CMC rank beyond the gallery is 100 %, no error.
    """

    def __init__(self, datamanager: DataManager, use_gpu: bool = True) -> None:
        self.datamanager = datamanager
        self.train_loader = datamanager.train_loader
        self.test_loader = datamanager.test_loader
        self.use_gpu = torch.cuda.is_available() and use_gpu
        self.writer: SummaryWriter | None = None
        self.epoch = 0
        self.start_epoch = 0
        self.max_epoch = 0
        self.num_batches = 0
        self.batch_idx = 0
        self.model: nn.Module | None = None
        self.optimizer: torch.optim.Optimizer | None = None
        self.scheduler: LRScheduler | None = None
        self._models: dict[str, nn.Module] = {}
        self._optims: dict[str, torch.optim.Optimizer | None] = {}
        self._scheds: dict[str, LRScheduler | None] = {}
        self._best_rank1: float | None = None

    def register_model(
        self,
        name: str = "model",
        model: nn.Module | None = None,
        optim: torch.optim.Optimizer | None = None,
        sched: LRScheduler | None = None,
    ) -> None:
        """Tell the engine a model of the run, with what trains it.

        Raises:
            CatalogError: the name is taken, or there is no model.
        """
        if model is None or name in self._models:
            raise CatalogError(f"Model '{name}' cannot be registered: it is missing, or its name is taken.")
        self._models[name] = model
        self._optims[name] = optim
        self._scheds[name] = sched

    def get_model_names(self, names: str | Sequence[str] | None = None) -> list[str]:
        """Return names of registered models: those given, or all.

        Raises:
            CatalogError: one is not registered.
        """
        wanted = list(self._models) if names is None else [names] if isinstance(names, str) else list(names)
        for name in wanted:
            if name not in self._models:
                raise CatalogError(f"Unknown model '{name}'. Registered: {', '.join(self._models)}.")
        return wanted

    def save_model(self, epoch: int, rank1: float, save_dir: str | Path, is_best: bool = False) -> None:
        """Save all models below a folder, one folder each, as ``model.pth.tar-<epoch + 1>``."""
        for name in self._models:
            optimizer, schedule = self._optims[name], self._scheds[name]
            state = {
                "state_dict": self._models[name].state_dict(),
                "epoch": epoch + 1,
                "rank1": float(rank1),
                "optimizer": None if optimizer is None else optimizer.state_dict(),
                "scheduler": None if schedule is None else schedule.state_dict(),
            }
            save_checkpoint(state, Path(save_dir) / name, is_best=is_best)

    def set_model_mode(self, mode: str = "train", names: str | Sequence[str] | None = None) -> None:
        """Put models into training mode ("train"), or evaluation mode ("eval", "test")."""
        for name in self.get_model_names(names):
            self._models[name].train(mode == "train")

    def get_current_lr(self, names: str | Sequence[str] | None = None) -> float:
        """Return the learning rate of the last parameter group of the first model that has an optimizer."""
        for name in self.get_model_names(names):
            optimizer = self._optims[name]
            if optimizer is not None:
                return float(optimizer.param_groups[-1]["lr"])
        return 0.0

    def update_lr(self, names: str | Sequence[str] | None = None) -> None:
        """Move the schedules by an epoch."""
        for name in self.get_model_names(names):
            schedule = self._scheds[name]
            if schedule is not None:
                schedule.step()

    def run(
        self,
        save_dir: str | Path = "log",
        max_epoch: int = 0,
        start_epoch: int = 0,
        print_freq: int = 10,
        fixbase_epoch: int = 0,
        open_layers: str | Sequence[str] | None = None,
        start_eval: int = 0,
        eval_freq: int = -1,
        test_only: bool = False,
        dist_metric: str = "euclidean",
        normalize_feature: bool = False,
        visrank: bool = False,
        visrank_topk: int = 10,
        use_metric_cuhk03: bool = False,
        ranks: Sequence[int] = (1, 5, 10, 20),
        rerank: bool = False,
    ) -> float | None:
        """Train and test.

        Args:
            save_dir: Folder of checkpoints, TensorBoard files and pictures.
            max_epoch: Epochs in all.
            start_epoch: Epochs that are done already, as `resume_from_checkpoint` returns.
            print_freq: Batches between two printed lines.
            fixbase_epoch: First epochs in which only ``open_layers`` learn.
            open_layers: Names of layers.
            start_eval: First epoch that may be followed by a test.
            eval_freq: Epochs between two tests; -1 tests only at the end.
            test_only: Whether to test and do nothing else.
            dist_metric: "euclidean" or "cosine".
            normalize_feature: Whether descriptors are brought to length 1.
            visrank: Whether to draw rank lists; with test_only.
            visrank_topk: Images of a rank list.
            use_metric_cuhk03: Whether CMC is that of galleries with one image per identity.
            ranks: CMC ranks to print.
            rerank: Whether to re-rank by k-reciprocal neighbours.

        Returns:
            Rank-1 of the last target, in [0, 1]; None where nothing was tested.

        Raises:
            CatalogError: visrank without test_only.
            TrainingError: a loss is not finite.
        """
        if visrank and not test_only:
            raise CatalogError("Argument visrank draws after a test, got test_only=False. Expected True.")
        judged: dict[str, Any] = {
            "dist_metric": dist_metric,
            "normalize_feature": normalize_feature,
            "use_metric_cuhk03": use_metric_cuhk03,
            "ranks": list(ranks),
            "rerank": rerank,
            "save_dir": save_dir,
        }
        if test_only:
            return self.test(visrank=visrank, visrank_topk=visrank_topk, **judged)
        self.writer = SummaryWriter(log_dir=str(save_dir))
        self.start_epoch, self.max_epoch = start_epoch, max_epoch
        rank1: float | None = None
        begun = time.monotonic()
        try:
            for self.epoch in range(start_epoch, max_epoch):
                self.train(print_freq=print_freq, fixbase_epoch=fixbase_epoch, open_layers=open_layers)
                is_last = self.epoch + 1 == max_epoch
                is_due = eval_freq > 0 and (self.epoch + 1) % eval_freq == 0 and self.epoch + 1 >= start_eval
                if is_due or is_last:
                    rank1 = self.test(**judged)
                    is_best = self._best_rank1 is None or rank1 > self._best_rank1
                    self._best_rank1 = rank1 if is_best else self._best_rank1
                    self.save_model(self.epoch, rank1, save_dir, is_best=is_best)
        finally:
            self.writer.close()
        _say(f"Elapsed {timedelta(seconds=round(time.monotonic() - begun))}")
        return rank1

    def train(
        self,
        print_freq: int = 10,
        fixbase_epoch: int = 0,
        open_layers: str | Sequence[str] | None = None,
    ) -> None:
        """Train one epoch, ``self.epoch``.

        Raises:
            TrainingError: a loss is not finite.
        """
        losses, batch_time, data_time = MetricMeter(), AverageMeter(), AverageMeter()
        self.set_model_mode("train")
        self.two_stepped_transfer_learning(self.epoch, fixbase_epoch, open_layers)
        self.num_batches = len(self.train_loader)
        end = time.monotonic()
        for number, data in enumerate(self.train_loader):
            self.batch_idx = number
            data_time.update(time.monotonic() - end)
            summary = self.forward_backward(data)
            self._check_finite(summary)
            losses.update(summary)
            batch_time.update(time.monotonic() - end)
            if (self.batch_idx + 1) % print_freq == 0:
                left = self.num_batches - self.batch_idx - 1
                left += (self.max_epoch - self.epoch - 1) * self.num_batches
                eta = timedelta(seconds=round(batch_time.avg * left))
                _say(
                    f"epoch: [{self.epoch + 1}/{self.max_epoch}][{self.batch_idx + 1}/{self.num_batches}]\t"
                    f"time {batch_time.val:.3f} ({batch_time.avg:.3f})\t"
                    f"data {data_time.val:.3f} ({data_time.avg:.3f})\t"
                    f"eta {eta}\t{losses}\tlr {self.get_current_lr():.6f}"
                )
            if self.writer is not None:
                self._write_step(batch_time, data_time, losses)
            end = time.monotonic()
        self.update_lr()

    def forward_backward(self, data: Batch) -> dict[str, float]:
        """Learn from one batch, and return what is printed of it; a subclass defines it."""
        raise NotImplementedError

    def test(
        self,
        dist_metric: str = "euclidean",
        normalize_feature: bool = False,
        visrank: bool = False,
        visrank_topk: int = 10,
        save_dir: str | Path = "",
        use_metric_cuhk03: bool = False,
        ranks: Sequence[int] = (1, 5, 10, 20),
        rerank: bool = False,
    ) -> float:
        """Test on every target and return Rank-1 of the last one."""
        self.set_model_mode("eval")
        rank1 = 0.0
        for name, loaders in self.test_loader.items():
            kind = "source" if name in self.datamanager.sources else "target"
            _say(f"##### Evaluating {name} ({kind}) #####")
            rank1, mean_ap = self._evaluate(
                dataset_name=name,
                query_loader=loaders["query"],
                gallery_loader=loaders["gallery"],
                dist_metric=dist_metric,
                normalize_feature=normalize_feature,
                visrank=visrank,
                visrank_topk=visrank_topk,
                save_dir=save_dir,
                use_metric_cuhk03=use_metric_cuhk03,
                ranks=ranks,
                rerank=rerank,
            )
            if self.writer is not None:
                self.writer.add_scalar(f"Test/{name}/rank1", rank1, self.epoch)
                self.writer.add_scalar(f"Test/{name}/mAP", mean_ap, self.epoch)
        return rank1

    @torch.no_grad()
    def _evaluate(
        self,
        dataset_name: str = "",
        query_loader: Loader | None = None,
        gallery_loader: Loader | None = None,
        dist_metric: str = "euclidean",
        normalize_feature: bool = False,
        visrank: bool = False,
        visrank_topk: int = 10,
        save_dir: str | Path = "",
        use_metric_cuhk03: bool = False,
        ranks: Sequence[int] = (1, 5, 10, 20),
        rerank: bool = False,
    ) -> tuple[float, float]:
        assert query_loader is not None and gallery_loader is not None  # noqa: S101, PT018 - test() gives both
        result: TestResult = judge(
            self._collect(query_loader),
            self._collect(gallery_loader),
            dist_metric=dist_metric,
            normalize_feature=normalize_feature,
            use_metric_cuhk03=use_metric_cuhk03,
            rerank=rerank,
        )
        scores = result.scores
        _say(f"** Results **\nmAP: {scores.mean_ap:.1%}\nCMC curve")
        for rank in ranks:
            _say(f"Rank-{rank:<3}: {scores.rank(rank):.1%}")
        if visrank:
            lists = self.datamanager.fetch_test_loaders(dataset_name)
            write_pictures(result, *lists, Path(save_dir) / f"visrank_{dataset_name}", visrank_topk)
        return scores.rank(1), scores.mean_ap

    def _collect(self, loader: Loader) -> tuple[Tensor, list[int], list[int]]:
        features, pids, camids = [], [], []
        for data in loader:
            images, some_pids, some_camids = self.parse_data_for_eval(data)
            if self.use_gpu:
                images = images.cuda()
            features.append(self.extract_features(images).float().cpu())
            pids += some_pids.tolist()
            camids += some_camids.tolist()
        return torch.cat(features), pids, camids

    def compute_loss(self, criterion: Callable[..., Tensor], outputs: Any, targets: Tensor) -> Tensor:  # noqa: ANN401
        """Return a loss; of several branches the mean of theirs."""
        if isinstance(outputs, tuple | list):
            return DeepSupervision(criterion, outputs, targets)
        return criterion(outputs, targets)

    def extract_features(self, input: Tensor) -> Tensor:
        """Return the descriptors of a batch by the first registered model."""
        model = self.model if self.model is not None else next(iter(self._models.values()))
        features: Tensor = model(input)
        return features

    def parse_data_for_train(self, data: Batch) -> tuple[Tensor, Tensor]:
        """Return images and labels of a training batch."""
        return data["img"], data["pid"]

    def parse_data_for_eval(self, data: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Return images, identities and cameras of a test batch."""
        return data["img"], data["pid"], data["camid"]

    def two_stepped_transfer_learning(
        self,
        epoch: int,
        fixbase_epoch: int,
        open_layers: str | Sequence[str] | None,
        model: nn.Module | None = None,
    ) -> None:
        """Let only some layers learn in the first epochs, and all of them later."""
        chosen = self.model if model is None else model
        if chosen is None:
            return
        if epoch + 1 <= fixbase_epoch and open_layers is not None:
            _say(f"* Only train {open_layers} (epoch: {epoch + 1}/{fixbase_epoch})")
            open_specified_layers(chosen, open_layers)
        else:
            open_all_layers(chosen)

    def _check_finite(self, summary: Mapping[str, float]) -> None:
        for name, value in summary.items():
            if not torch.isfinite(torch.tensor(float(value))):
                raise TrainingError(
                    f"Training stopped: {name} is {float(value)} at epoch {self.epoch + 1}, batch "
                    f"{self.batch_idx + 1}, learning rate {self.get_current_lr():.3g}. Expected a finite "
                    f"number. Lower the learning rate, or look at the batch."
                )

    def _write_step(self, batch_time: AverageMeter, data_time: AverageMeter, losses: MetricMeter) -> None:
        assert self.writer is not None  # noqa: S101 - the caller asked
        step = self.epoch * self.num_batches + self.batch_idx
        values = {"time": batch_time.avg, "data": data_time.avg, "lr": self.get_current_lr()}
        values |= {name: meter.avg for name, meter in losses.meters.items()}
        for name, value in values.items():
            self.writer.add_scalar(f"Train/{name}", value, step)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - Torchreid prints
