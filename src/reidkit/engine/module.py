"""One training step, for lightning."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reidkit.core.errors import TrainingError
from reidkit.core.side_information import side_labels
from reidkit.core.types import Sample, TrainingOutputs
from reidkit.data.images import normalize_pixels
from reidkit.data.loaders import TrainingBatch
from reidkit.engine.distillation import build_distillation
from reidkit.engine.execution import Execution
from reidkit.engine.failed_batch import Failure, GradientNorms, describe_norms, write_failed_batch
from reidkit.engine.freezing import Freezing
from reidkit.engine.guards import CollapseMonitor, check_finite
from reidkit.engine.lightning_parts import LightningModule
from reidkit.engine.network import network_inputs, of_all_processes, run_network, told_cameras
from reidkit.engine.optimisation import build_optimizer
from reidkit.engine.processes import ALONE, Processes
from reidkit.engine.recipe import Recipe
from reidkit.models.model import ReidModel
from reidkit.models.temporal import pool_training_outputs


class TrainingModule(LightningModule):
    """A model in training by a recipe.

    All that is random in a step depends on (seed, epoch, step) only, so that a resumed run goes on exactly.

    Args:
        recipe: Of the run.
        model: To train.
        samples: The training samples, to name a failed batch by.
        steps_per_epoch: Batches of an epoch.
        failed_batch_path: Where the files of a batch are listed that stopped the run.
        data_set: Name of the data set, for a model that is told the cameras.
        processes: Those that train together.
    """

    def __init__(
        self,
        recipe: Recipe,
        model: ReidModel,
        samples: tuple[Sample, ...],
        *,
        steps_per_epoch: int,
        failed_batch_path: Path,
        data_set: str = "",
        processes: Processes = ALONE,
    ) -> None:
        super().__init__()
        self.recipe = recipe
        self.model = model
        table = recipe.attribute_table(samples)
        self.attributes: Tensor | None
        self.register_buffer("attributes", table.values if table else None, persistent=False)
        self.objective = recipe.objective_for(model, len({sample.identity for sample in samples}), table)
        self.distillation = build_distillation(recipe, model, samples, data_set)
        self.processes = processes
        self.samples = samples
        self.side_labels = side_labels(samples, model.side_information, data_set)
        self.steps_per_epoch = steps_per_epoch
        self.failed_batch_path = failed_batch_path
        self.preprocessing = recipe.input.preprocessing()
        self.collapse = CollapseMonitor(self.objective, recipe.training.collapse_steps)
        self.gradient_norms = GradientNorms({**dict(model.named_children()), "losses": self.objective})
        self._batch: TrainingBatch | None = None
        self.last_learning_rate = 0.0
        self.last_losses: dict[str, float] = {}
        """Of the last step: "loss" is the objective, "loss/<name>" its unweighted terms."""
        chosen = recipe.training
        networks = self.distillation.networks if self.distillation else []
        self.freezings = [
            Freezing(model, chosen.freeze_backbone_epochs or chosen.open_layers_epochs, chosen.open_layers),
            *(Freezing(peer, chosen.freeze_backbone_epochs) for peer, _ in networks),
        ]
        self.execution = Execution(model, is_compiled=chosen.compile, has_channels_last=chosen.channels_last)
        steps = -(-steps_per_epoch // chosen.accumulate_batches)
        self.learning_rate_factor = recipe.schedule.factor(chosen.epochs, steps)
        self.optimizer_steps_per_epoch = steps

    def configure_optimizers(self) -> Any:  # noqa: ANN401 - lightning's own union
        """Return the optimizer, and the schedule that moves its learning rates each step."""
        learning = self.distillation
        optimizer, is_scheduled = build_optimizer(
            self.recipe.optim,
            [term.optim for term in self.recipe.losses],
            self.model,
            self.objective,
            peers=learning.networks if learning else (),
            connectors=list(learning.transfers.parameters()) if learning else (),
        )

        def scheduled(step: int) -> float:
            return self.learning_rate_factor(step / self.optimizer_steps_per_epoch)

        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, [scheduled if follows else _constant for follows in is_scheduled]
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_train_epoch_start(self) -> None:
        """Begin an epoch."""
        self.start_epoch()

    def start_epoch(self) -> None:
        """Tell the loader its epoch, and freeze or open parts of the model."""
        self.trainer.train_dataloader.set_epoch(self.current_epoch)  # type: ignore[union-attr]
        for freezing in self.freezings:
            freezing.start_epoch(self.current_epoch)

    def on_train_batch_start(self, batch: TrainingBatch, batch_idx: int) -> None:
        """Seed what is random inside the network, such as dropout."""
        del batch
        place = [self.recipe.seed, self.current_epoch, batch_idx]
        if not self.processes.is_alone:  # what each of them drops is its own
            place.append(self.processes.rank)
        state = np.random.SeedSequence(place)
        torch.manual_seed(int(state.generate_state(1, np.uint64)[0]))

    def training_step(self, batch: TrainingBatch, batch_idx: int) -> Tensor:
        """Return the objective of one batch.

        Raises:
            TrainingError: a loss is not finite, or the features have collapsed.
        """
        images = normalize_pixels(batch.images, self.preprocessing)
        outputs = run_network(
            self.model,
            images,
            told_cameras(self.model, self.side_labels, batch.indices),
            run=self.execution,
            ends=self.distillation.ends if self.distillation else (),
        )
        with torch.autocast(self.device.type, enabled=False):
            # Everything below is of the global batch: the objective is that of one process alone.
            everyone = of_all_processes(outputs, self.processes)
            whole = batch._replace(
                labels=self.processes.gather(batch.labels), indices=self.processes.gather(batch.indices)
            )
            examples, labels = self._tracklets(everyone.training, whole.labels)
            value = self.objective(examples, labels, self._attributes(whole, len(labels)))
        if self.distillation:
            attributes = self._attributes(whole, len(whole.labels))
            value = self.distillation(value, everyone, images, batch, attributes, self.processes)
        self._batch = batch
        self.last_learning_rate = self.trainer.optimizers[0].param_groups[0]["lr"]
        place = (
            f"step {self.global_step} (epoch {self.current_epoch + 1}, batch {batch_idx + 1}), "
            f"learning rate {self.last_learning_rate:.3g}"
        )
        failure = None
        try:
            check_finite(value, place=place)
            self.collapse.check(examples.features[0], labels, value, place=place)
        except TrainingError as error:
            failure = error
        if self.processes.any(failure is not None):
            self._stop(failure, {name: float(term.detach()) for name, term in value.terms.items()})
        self.last_losses = {"loss": float(value.total.detach())} | {
            f"loss/{name}": float(term.detach()) for name, term in value.terms.items()
        }
        self.log_dict({f"step/{name}": loss for name, loss in self.last_losses.items()})
        total: Tensor = value.total
        return total

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Measure the gradients before they are clipped, and refuse a step by some that are not finite.

        Raises:
            TrainingError: they are not; in 16-mixed precision such a step is left out, not refused.
        """
        del optimizer
        norm = self.gradient_norms.measure()
        self.log("step/gradient_norm", norm)
        if self.recipe.training.precision == "16-mixed" or bool(norm.isfinite()):
            return
        failure = TrainingError(
            f"Gradient is not finite at step {self.global_step} (epoch {self.current_epoch + 1}), learning "
            f"rate {self.last_learning_rate:.3g}, though the losses are. Expected a finite gradient. Lower "
            f"optim.learning_rate, lengthen schedule.warmup_epochs, or use another loss."
        )
        self._stop(failure, self.last_losses)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep how long the features have lain in one point."""
        checkpoint["collapse_steps"] = self.collapse.steps

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take up what a checkpoint kept."""
        self.collapse.steps = checkpoint["collapse_steps"]

    def model_input(self, batch: TrainingBatch) -> tuple[Any, ...]:
        """Return what the model takes of a batch: standardised images, and cameras where it asks for them."""
        images = normalize_pixels(batch.images, self.preprocessing)
        return network_inputs(self.model, images, told_cameras(self.model, self.side_labels, batch.indices))

    def _attributes(self, batch: TrainingBatch, count: int) -> Tensor | None:
        """Return the attributes of so many training examples: the images of a batch, or its tracklets."""
        return None if self.attributes is None else self.attributes[batch.indices.view(count, -1)[:, 0]]

    def _tracklets(self, outputs: TrainingOutputs, labels: Tensor) -> tuple[TrainingOutputs, Tensor]:
        """Return one training example per tracklet, where the recipe wants that."""
        sampling = self.recipe.sampling
        if sampling.temporal is None:
            return outputs, labels
        frames = sampling.frames_per_tracklet
        return pool_training_outputs(outputs, frames, self.model.frame_attention), labels[::frames]

    def _stop(self, failure: TrainingError | None, losses: dict[str, float]) -> None:
        """Keep the batch of all processes and stop them all.

        Raises:
            TrainingError: always.
        """
        norms = self.gradient_norms.by_part()
        path = self.failed_batch_path
        if self._batch is not None:
            batch = TrainingBatch(*(self.processes.gather(item) for item in self._batch))
            content = Failure(
                str(failure),
                self.global_step,
                self.current_epoch + 1,
                [group["lr"] for group in self.trainer.optimizers[0].param_groups],
                losses,
                norms,
            )
            if self.processes.is_first:
                write_failed_batch(path, content, batch, self.samples)

        def stop() -> None:
            if failure is not None:
                raise TrainingError(
                    f"{failure} Norms of the last gradients: {describe_norms(norms)}. The batch lies in "
                    f"{path.with_suffix('.safetensors')}, its files are listed in {path}."
                )

        self.processes.together(stop)


def _constant(step: int) -> float:
    del step
    return 1.0
