"""At the end of each epoch: judge the model when it is due, and keep one row of history."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from reidkit.core.files import write_text
from reidkit.data.loaders import TrainingBatch
from reidkit.engine.evaluation import Evaluation
from reidkit.engine.history import Row, history_text, read_history
from reidkit.engine.lightning_parts import Callback, LightningModule, Trainer
from reidkit.engine.module import TrainingModule
from reidkit.engine.processes import ALONE, Processes
from reidkit.engine.stopping import RunStopped

__all__ = ["EpochRecord", "Row", "history_text", "read_history"]

SCORES = ("rank_1", "mean_ap", "mean_inp")


class EpochRecord(Callback):
    """Keeps ``history.csv``; its rows are part of the checkpoint, so a resumed run has each of them once.

    Args:
        path: File to keep.
        evaluate: Judges the model as it is.
        every_epochs: How often to evaluate; 0 only after the last epoch.
        processes: Those that train together; the first one writes.
        on_epoch: Called with each row; what it raises ends the run.
    """

    def __init__(
        self,
        path: Path,
        evaluate: Callable[[], Evaluation],
        every_epochs: int,
        processes: Processes = ALONE,
        on_epoch: Callable[[Row], None] | None = None,
    ) -> None:
        self.path = path
        self.on_epoch = on_epoch
        self.evaluate = evaluate
        self.every_epochs = every_epochs
        self.processes = processes
        self.rows: list[Row] = []
        self.evaluation: Evaluation | None = None
        self.is_due = False
        """Whether the last row still lacks its scores, since the run was stopped while they were computed."""
        self._sums: Row = {}
        self._num_steps = self._num_images = 0
        self._epoch_start = self._step_end = self._wait_seconds = self._seconds_before = 0.0

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {
            "rows": self.rows,
            "is_due": self.is_due,
            "sums": self._sums,
            "num_steps": self._num_steps,
            "num_images": self._num_images,
            "seconds": time.monotonic() - self._epoch_start,
            "wait_seconds": self._wait_seconds,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what a checkpoint kept."""
        self.rows = list(state_dict["rows"])
        self.is_due = state_dict["is_due"]
        self._sums = dict(state_dict["sums"])
        self._num_steps, self._num_images = state_dict["num_steps"], state_dict["num_images"]
        self._seconds_before, self._wait_seconds = state_dict["seconds"], state_dict["wait_seconds"]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Let the clock of an epoch go on, where it was stopped in the middle."""
        self._step_end = time.monotonic()
        self._epoch_start = self._step_end - self._seconds_before

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the sums of a row."""
        self._sums = {}
        self._num_steps = self._num_images = 0
        self._wait_seconds = 0.0
        self._epoch_start = self._step_end = time.monotonic()

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: TrainingBatch, batch_idx: int
    ) -> None:
        """Count how long the step waited for its images."""
        self._wait_seconds += time.monotonic() - self._step_end

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: object,
        batch: TrainingBatch,
        batch_idx: int,
    ) -> None:
        """Add up the losses of the step."""
        for name, value in cast(TrainingModule, pl_module).last_losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._num_steps += 1
        self._num_images += len(batch.images) * self.processes.count
        self._step_end = time.monotonic()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Evaluate when due, then write the row."""
        seconds = time.monotonic() - self._epoch_start
        epoch = trainer.current_epoch + 1
        row: Row = {
            "epoch": epoch,
            "step": trainer.global_step,
            "learning_rate": cast(TrainingModule, pl_module).last_learning_rate,
            **{name: total / self._num_steps for name, total in self._sums.items()},
            "seconds": seconds,
            "images_per_second": self._num_images / seconds,
            "data_wait_share": self._wait_seconds / seconds,
        }
        self.rows.append(row)
        self.evaluation = None
        self.is_due = bool(
            epoch == trainer.max_epochs or (self.every_epochs and epoch % self.every_epochs == 0)
        )
        with suppress(RunStopped):  # what keeps the checkpoints stops the run, once this row is kept
            self.finish_row()
        for logger in trainer.loggers:
            logger.log_metrics({f"epoch/{name}": value for name, value in row.items()}, trainer.global_step)
        self._write()
        if self.on_epoch is not None:
            self.on_epoch(row)

    def finish_row(self) -> bool:
        """Evaluate, if the last row still lacks its scores; return whether it did.

        Raises:
            RunStopped: a stop is wanted; the row goes on to lack them.
        """
        if not self.is_due:
            return False
        self.evaluation = self.evaluate()
        summary = self.evaluation.scores.summary()
        self.rows[-1] |= {name: summary[name] for name in SCORES}
        self.is_due = False
        self._write()
        return True

    def _write(self) -> None:
        if self.processes.is_first:
            write_text(self.path, history_text(self.rows))
