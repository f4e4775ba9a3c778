"""Sections of a recipe that say how weights are moved: optimizer, learning rates and their schedule."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Self

import torch
from pydantic import Field, model_validator
from torch.nn import Parameter

from reidkit.core.errors import CatalogError
from reidkit.engine.component import Component
from reidkit.engine.joint_optimizer import JointOptimizer
from reidkit.engine.objective import Objective
from reidkit.engine.optimizers import OPTIMIZERS
from reidkit.engine.parameter_groups import GroupRules, parameter_groups
from reidkit.engine.schedules import SCHEDULES, Factor, Pace, Warmup, WarmupForm, scheduled_factor
from reidkit.models.model import ReidModel


class OptimSection(Component):
    """The optimizer, and how learning rate and weight decay differ within the model.

    ``learning_rate`` is multiplied by ``backbone_factor`` in the backbone and by ``head_factor`` elsewhere,
    by ``bias_factor`` for biases, and by ``layer_decay`` once for each layer of the backbone from its end.
    ``bias_weight_decay`` and ``norm_weight_decay`` null are ``weight_decay``.
    """

    kind = "optimizer"
    catalog = OPTIMIZERS
    given = ("parameters", "learning_rate", "weight_decay")

    name: str = "adamw"
    learning_rate: float = Field(3.5e-4, gt=0)
    weight_decay: float = Field(5e-4, ge=0)
    backbone_factor: float = Field(1.0, gt=0)
    head_factor: float = Field(1.0, gt=0)
    bias_factor: float = Field(1.0, gt=0)
    bias_weight_decay: float | None = Field(None, ge=0)
    norm_weight_decay: float | None = Field(None, ge=0)
    layer_decay: float | None = Field(None, gt=0, le=1)

    def rules(self) -> GroupRules:
        """Return what the groups of the parameters are made by."""
        return GroupRules(
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            backbone_factor=self.backbone_factor,
            head_factor=self.head_factor,
            bias_factor=self.bias_factor,
            bias_weight_decay=self.bias_weight_decay,
            norm_weight_decay=self.norm_weight_decay,
            layer_decay=self.layer_decay,
        )

    def build_optimizer(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """Build the optimizer of groups of parameters."""
        optimizer: torch.optim.Optimizer = self.build(
            parameters=groups, learning_rate=self.learning_rate, weight_decay=self.weight_decay
        )
        return optimizer


class LossOptimSection(Component):
    """The optimizer of what a loss learns itself.

    ``follows_schedule`` multiplies its learning rate by the schedule of the recipe too.
    """

    kind = "optimizer"
    catalog = OPTIMIZERS
    given = ("parameters", "learning_rate", "weight_decay")

    name: str = "sgd"
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(0.0, ge=0)
    follows_schedule: bool = False

    def build_optimizer(self, parameters: Iterable[Parameter]) -> torch.optim.Optimizer:
        """Build the optimizer of the parameters of a loss."""
        optimizer: torch.optim.Optimizer = self.build(
            parameters=list(parameters), learning_rate=self.learning_rate, weight_decay=self.weight_decay
        )
        return optimizer


class ScheduleSection(Component):
    """How the learning rate goes on; epochs count from 0, fractions included.

    ``by`` says whether the schedule moves with every "iteration" or every "epoch", ``warmup_by`` the same of
    the warm-up; ``first_epoch`` 1 makes what moves by epoch count from 1. The warm-up lasts
    ``warmup_epochs``, or ``warmup_iterations`` steps of the optimizer. ``warmup`` "linear" rises from
    ``warmup_factor`` in equal steps, "exponential" by equal factors, "constant" stays there. It rises to the
    "schedule", or to the "peak" that the schedule takes over from afterwards, as ``warmup_to`` says.
    ``delay_epochs`` keeps the schedule at its start so long, and ``counts_from`` "warmup" at least to the end
    of the warm-up.
    """

    kind = "schedule"
    catalog = SCHEDULES
    given = ("total_epochs",)

    name: str = "cosine"
    by: Pace = "iteration"
    first_epoch: Literal[0, 1] = 0
    counts_from: Literal["start", "warmup"] = "start"
    delay_epochs: float = Field(0, ge=0)
    warmup: WarmupForm = "linear"
    warmup_epochs: float = Field(0, ge=0)
    warmup_iterations: int = Field(0, ge=0)
    warmup_factor: float = Field(0.1, ge=0, le=1)
    warmup_by: Pace = "iteration"
    warmup_to: Literal["schedule", "peak"] = "schedule"

    @model_validator(mode="after")
    def _check_keys(self) -> Self:
        if self.warmup_epochs and self.warmup_iterations:
            raise ValueError("warmup_epochs and warmup_iterations are both given. Expected one of them.")
        if self.warmup == "exponential" and not self.warmup_factor:
            raise ValueError("warmup_factor is 0, from which nothing rises by factors. Expected above 0.")
        if self.first_epoch and "epoch" not in (self.by, self.warmup_by):
            raise ValueError(
                "first_epoch is 1, but nothing moves by epoch. Expected by or warmup_by to be epoch."
            )
        return self

    def factor(self, total_epochs: int, steps_per_epoch: float = math.inf) -> Factor:
        """Return the learning-rate factor by epoch.

        Args:
            total_epochs: Of the run.
            steps_per_epoch: Steps of the optimizer in an epoch, which tell how long a warm-up of iterations
                is; without, it takes no time.

        Raises:
            CatalogError: arguments of the schedule that do not fit its epochs, or warm-up and delay leave it
                none.
        """
        warmup_epochs = self.warmup_epochs or self.warmup_iterations / steps_per_epoch
        held = max(self.delay_epochs, warmup_epochs if self.counts_from == "warmup" else 0)
        if held >= total_epochs:
            raise CatalogError(
                f"Schedule has no epochs, got {held:g} of warm-up or delay before it. Expected fewer than "
                f"the {total_epochs} of training.epochs."
            )
        return scheduled_factor(
            lambda epochs: self.build(total_epochs=epochs),
            total_epochs=total_epochs,
            warmup=Warmup(warmup_epochs, self.warmup_factor, self.warmup, self.warmup_by, self.warmup_to),
            pace=self.by,
            first_epoch=self.first_epoch,
            delay_epochs=self.delay_epochs,
            counts_from=self.counts_from,
        )


def build_optimizer(
    section: OptimSection,
    of_losses: Sequence[LossOptimSection | None],
    model: ReidModel,
    objective: Objective,
    *,
    peers: Sequence[tuple[ReidModel, Objective]] = (),
    connectors: Sequence[Parameter] = (),
) -> tuple[torch.optim.Optimizer, list[bool]]:
    """Return one optimizer of all that learns, and for each of its groups whether it follows the schedule.

    A loss may own parameters (class centres, proxies), which must learn too, at a pace of their own: by the
    optimizer of the model at the ``learning_rate_factor`` of the loss and without weight decay, or by the
    optimizer that the recipe gives the loss.

    Args:
        section: Of the recipe.
        of_losses: The optimizer that the recipe gives each loss, if any.
        model: In training.
        objective: With the losses.
        peers: Further networks that learn by the same rules, each with its objective.
        connectors: What brings one network to the form of another; they learn as all behind a backbone.

    Raises:
        CatalogError: groups that the model does not have.
    """
    rules = section.rules()
    groups: list[dict[str, Any]] = []
    parts: list[torch.optim.Optimizer] = []
    follows: list[bool] = []
    for network, losses in ((model, objective), *peers):
        groups += parameter_groups(network, rules)
        for loss, own in zip(losses.losses, of_losses, strict=True):
            learned = [item for item in loss.parameters() if item.requires_grad]
            if own is not None:
                parts.append(own.build_optimizer(learned))
                follows.append(own.follows_schedule)
            elif learned:
                rate = section.learning_rate * float(getattr(loss, "learning_rate_factor", 1.0))
                groups.append({"params": learned, "lr": rate, "weight_decay": 0.0})
    if connectors:
        rate = rules.learning_rate * rules.head_factor
        groups.append({"params": list(connectors), "lr": rate, "weight_decay": rules.weight_decay})
    optimizer = section.build_optimizer(groups)
    is_scheduled = [True] * len(groups) + follows
    return (JointOptimizer([optimizer, *parts]) if parts else optimizer), is_scheduled
