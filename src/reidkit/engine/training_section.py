"""The section of a recipe about the run itself."""

from typing import Literal, Self

from pydantic import Field, model_validator

from reidkit.engine.component import Section


class TrainingSection(Section):
    """The run itself.

    ``freeze_backbone_epochs`` trains only what lies behind the backbone at first; ``open_layers`` instead
    names the modules that alone train in the first ``open_layers_epochs``. ``accumulate_batches`` takes one
    step of the optimizer for so many batches, each with losses of its own. ``weights`` says which weights
    are judged and kept: the "trained" ones, or an average of them, "ema" with ``ema_decay`` or "swa" over
    the epochs from ``swa_from_epoch``, counted from 0; see `AveragedWeights`. ``keep`` says whose epoch
    becomes ``model.safetensors``: "last", as the field reports; "best" that of the evaluation with the
    highest mAP, which picks on the test set. ``keep_classifier`` keeps the classifier in it too, so that
    another network can learn from its logits. ``compile`` and ``channels_last`` run the model faster where
    they work. ``synchronize_norms`` lets batch norms see the batches of all processes that train together.
    ``num_workers`` null chooses by machine. ``collapse_steps`` is how long the features may lie
    in one point before the run stops; 0 never stops it.
    """

    epochs: int = Field(60, ge=1)
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    compile: bool = False
    channels_last: bool = False
    synchronize_norms: bool = True
    gradient_clip_norm: float | None = Field(None, gt=0)
    accumulate_batches: int = Field(1, ge=1)
    freeze_backbone_epochs: int = Field(0, ge=0)
    open_layers: tuple[str, ...] = ()
    open_layers_epochs: int = Field(0, ge=0)
    weights: Literal["trained", "ema", "swa"] = "trained"
    ema_decay: float = Field(0.999, ge=0, lt=1)
    swa_from_epoch: int = Field(0, ge=0)
    num_workers: int | None = Field(None, ge=0)
    collapse_steps: int = Field(200, ge=0)
    keep: Literal["last", "best"] = "last"
    keep_classifier: bool = False

    @model_validator(mode="after")
    def _check_epochs(self) -> Self:
        faults = [
            f"{key}: {value} leaves no epoch in which the whole model trains, epochs being {self.epochs}."
            for key in ("freeze_backbone_epochs", "open_layers_epochs")
            if (value := getattr(self, key)) >= self.epochs
        ]
        if bool(self.open_layers) != bool(self.open_layers_epochs):
            faults.append("open_layers and open_layers_epochs go together. Expected both or neither.")
        if self.open_layers and self.freeze_backbone_epochs:
            faults.append("open_layers does not go with freeze_backbone_epochs. Expected one of them.")
        if self.weights == "swa" and self.swa_from_epoch >= self.epochs:
            faults.append(
                f"swa_from_epoch: {self.swa_from_epoch} never comes, epochs being {self.epochs} and counted "
                f"from 0."
            )
        if faults:
            raise ValueError("\n".join(faults))
        return self
