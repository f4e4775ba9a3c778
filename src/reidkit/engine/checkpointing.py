"""Keep what a run needs to go on, whole at any moment."""

import shutil
from pathlib import Path
from typing import Any, cast

import torch

from reidkit.core.errors import TrainingError
from reidkit.core.files import replace_file
from reidkit.data.loaders import TrainingBatch, TrainingLoader
from reidkit.engine.epoch_record import EpochRecord
from reidkit.engine.lightning_parts import Checkpoint, LightningModule, TorchCheckpointIO, Trainer
from reidkit.engine.module import TrainingModule
from reidkit.engine.processes import ALONE, Processes
from reidkit.engine.run_folder import RunFolder
from reidkit.engine.stopping import StopRequest


class CheckpointFiles(TorchCheckpointIO):
    """Writes checkpoints that take their place by renaming; who is killed meanwhile leaves the one before."""

    def __init__(self) -> None:
        self._failure: Exception | None = None

    def save_checkpoint(
        self,
        checkpoint: dict[str, Any],
        path: str | Path,
        storage_options: Any = None,  # noqa: ANN401 - lightning's
    ) -> None:
        """Write; lightning calls it in the first process, while the others wait, so nothing is raised."""
        del storage_options
        try:
            with replace_file(Path(path)) as unfinished:
                torch.save(checkpoint, unfinished)
        except (OSError, RuntimeError) as error:  # torch raises the latter where a disk is full
            self._failure = error

    def check(self) -> None:
        """Refuse to go on after a write that failed.

        Raises:
            TrainingError: the last one did.
        """
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise TrainingError(
                f"Checkpoint cannot be written: {failure}. Expected a writable folder with space. The "
                f"checkpoint before it is whole: make room and go on with --resume."
            ) from failure


class RunCheckpoints(Checkpoint):
    """Writes ``last.ckpt`` after each epoch and ``best.ckpt`` after the best evaluation so far.

    Where a stop is wanted it also writes ``last.ckpt`` in mid-epoch, and ends the run.

    Args:
        folder: Of the run.
        record: Knows the evaluation of the epoch.
        stop: Whether a stop is wanted.
        files: Writes the checkpoints, as a plugin of the trainer.
        processes: Those that train together.
    """

    def __init__(
        self,
        folder: RunFolder,
        record: EpochRecord,
        stop: StopRequest,
        files: CheckpointFiles,
        processes: Processes = ALONE,
    ) -> None:
        self.folder = folder
        self.record = record
        self.stop = stop
        self.files = files
        self.processes = processes
        self.best_mean_ap = -1.0
        self.batches_done = 0

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"best_mean_ap": self.best_mean_ap, "batches_done": self.batches_done}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what a checkpoint kept."""
        self.best_mean_ap = state_dict["best_mean_ap"]
        self.batches_done = state_dict["batches_done"]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Go on where the run was: in mid-epoch, or before an epoch is judged."""
        self.stop.is_deferred = True
        self.stop.listen()  # lightning has put its own handler in the place of ours
        if self.batches_done:
            cast(TrainingLoader, trainer.train_dataloader).start_at(self.batches_done)
            cast(TrainingModule, pl_module).start_epoch()
            self.batches_done = 0
        self.finish_epoch()
        self._stop_if_wanted(trainer)

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: object,
        batch: TrainingBatch,
        batch_idx: int,
    ) -> None:
        """Save and stop where that is wanted, between two steps of the optimizer."""
        is_between = (batch_idx + 1) % trainer.accumulate_grad_batches == 0
        if trainer.is_last_batch or not is_between or not self.processes.any(self.stop.is_wanted):
            return
        self.batches_done = batch_idx + 1
        self._save(trainer)
        self._stop(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save; lightning calls checkpoint callbacks after all others."""
        is_best = self._is_best()
        self._save(trainer)
        if is_best:
            self._keep_best()
        self._stop_if_wanted(trainer)

    def finish_epoch(self) -> None:
        """Judge the last epoch, where the run was stopped before it was."""
        if self.record.finish_row() and self._is_best():
            self._keep_best()

    def _is_best(self) -> bool:
        evaluation = self.record.evaluation
        if evaluation is None or evaluation.scores.mean_ap <= self.best_mean_ap:
            return False
        self.best_mean_ap = evaluation.scores.mean_ap
        return True

    def _save(self, trainer: Trainer) -> None:
        trainer.save_checkpoint(self.folder.last_checkpoint)
        self.processes.together(self.files.check)

    def _keep_best(self) -> None:
        def copy() -> None:
            if not self.processes.is_first:
                return
            try:
                with replace_file(self.folder.best_checkpoint) as unfinished:
                    shutil.copyfile(self.folder.last_checkpoint, unfinished)
            except OSError as error:
                raise TrainingError(
                    f"Checkpoint cannot be written: {error}. Expected a writable folder with space. Make "
                    f"room and go on with --resume."
                ) from error

        self.processes.together(copy)

    def _stop_if_wanted(self, trainer: Trainer) -> None:
        if self.processes.any(self.stop.is_wanted):
            self._stop(trainer)

    def _stop(self, trainer: Trainer) -> None:
        raise self.stop.stopped(f"step {trainer.global_step} (epoch {trainer.current_epoch + 1})")
