"""Keep what a run needs to go on, whole at any moment."""

import shutil
from typing import Any

from reidkit.core.files import replace_file
from reidkit.engine.epoch_record import EpochRecord
from reidkit.engine.lightning_parts import Checkpoint, LightningModule, Trainer
from reidkit.engine.run_folder import RunFolder


class RunCheckpoints(Checkpoint):
    """Writes ``last.ckpt`` after each epoch and ``best.ckpt`` after the best evaluation so far.

    A checkpoint takes its place by renaming: whoever is killed meanwhile leaves the one before.

    Args:
        folder: Of the run.
        record: Knows the evaluation of the epoch.
    """

    def __init__(self, folder: RunFolder, record: EpochRecord) -> None:
        self.folder = folder
        self.record = record
        self.best_mean_ap = -1.0

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"best_mean_ap": self.best_mean_ap}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what a checkpoint kept."""
        self.best_mean_ap = state_dict["best_mean_ap"]

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save; lightning calls checkpoint callbacks after all others."""
        evaluation = self.record.evaluation
        is_best = evaluation is not None and evaluation.scores.mean_ap > self.best_mean_ap
        if is_best and evaluation is not None:
            self.best_mean_ap = evaluation.scores.mean_ap
        with replace_file(self.folder.last_checkpoint) as unfinished:
            trainer.save_checkpoint(unfinished)
        if is_best:
            with replace_file(self.folder.best_checkpoint) as unfinished:
                shutil.copyfile(self.folder.last_checkpoint, unfinished)
