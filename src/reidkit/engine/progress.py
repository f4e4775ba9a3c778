"""What a person sees while a model trains: a bar for the epoch, and a line for each one done."""

from typing import cast

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from reidkit.data.loaders import TrainingBatch
from reidkit.engine.epoch_record import EpochRecord, Row
from reidkit.engine.lightning_parts import Callback, LightningModule, Trainer
from reidkit.engine.module import TrainingModule


class TrainingProgress(Callback):
    """Shows progress on a console; where it is no terminal, only the lines appear.

    Args:
        console: Where to write.
        record: Holds the row of each epoch.
    """

    def __init__(self, console: Console, record: EpochRecord) -> None:
        self.console = console
        self.record = record
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._steps: TaskID | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Open the bar over all steps of the run."""
        self._steps = self.progress.add_task(
            "training",
            total=int(trainer.estimated_stepping_batches),
            completed=trainer.global_step,
            note="",
        )
        if self.console.is_terminal:
            self.progress.start()

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: object,
        batch: TrainingBatch,
        batch_idx: int,
    ) -> None:
        """Move the bar."""
        if self._steps is not None:
            loss = cast(TrainingModule, pl_module).last_losses["loss"]
            note = f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}  loss {loss:.3f}"
            self.progress.update(self._steps, completed=trainer.global_step, note=note)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the line of the epoch."""
        line = epoch_line(self.record.rows[-1], int(trainer.max_epochs or 0))
        self.console.print(line, highlight=False, soft_wrap=True)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Close the bar, also after an error."""
        if self.console.is_terminal:  # stopping what was never started would print an empty line
            self.progress.stop()

    def evaluation_report(self, done: int, total: int) -> None:
        """Show how far an evaluation is."""
        tasks = [task for task in self.progress.tasks if task.description == "evaluating"]
        if not tasks:
            self.progress.add_task("evaluating", total=total, completed=done, note="images")
        elif done >= total:
            self.progress.remove_task(tasks[0].id)
        else:
            self.progress.update(tasks[0].id, completed=done)


def epoch_line(row: Row, max_epochs: int) -> str:
    """Return one epoch in words: losses, learning rate, speed, and scores where it was judged."""
    losses = "  ".join(
        f"{name.removeprefix('loss/')} {value:.3f}" for name, value in row.items() if name.startswith("loss")
    )
    line = (
        f"epoch {int(row['epoch']):>3}/{max_epochs}  {losses}  lr {row['learning_rate']:.1e}  "
        f"{row['images_per_second']:.0f} images/s"
    )
    if row["data_wait_share"] > 0.1:
        line += f" ({row['data_wait_share']:.0%} waiting for images)"
    if "mean_ap" in row:
        line += f"  Rank-1 {row['rank_1']:.1%}  mAP {row['mean_ap']:.1%}  mINP {row['mean_inp']:.1%}"
    return line
