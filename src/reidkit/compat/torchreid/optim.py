"""Torchreid's optimizers and schedules, by its names and arguments."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, MultiStepLR, StepLR

from reidkit.compat.torchreid.models import TorchreidModel
from reidkit.core.catalog import near_name
from reidkit.core.errors import CatalogError
from reidkit.engine.optimizers import OPTIMIZERS

OPTIMIZER_NAMES = ("adam", "amsgrad", "sgd", "rmsprop", "radam")
SCHEDULER_NAMES = ("single_step", "multi_step", "cosine")


def build_optimizer(
    model: nn.Module,
    optim: str = "adam",
    lr: float = 0.0003,
    weight_decay: float = 5e-04,
    momentum: float = 0.9,
    sgd_dampening: float = 0,
    sgd_nesterov: bool = False,
    rmsprop_alpha: float = 0.99,
    adam_beta1: float = 0.9,
    adam_beta2: float = 0.999,
    staged_lr: bool = False,
    new_layers: str | Sequence[str] = "",
    base_lr_mult: float = 0.1,
) -> torch.optim.Optimizer:
    """Return an optimizer of what a model learns.

    Args:
        model: In training.
        optim: "adam", "amsgrad", "sgd", "rmsprop" or "radam".
        lr: Learning rate.
        weight_decay: As each of them means it.
        momentum: Of "sgd" and "rmsprop".
        sgd_dampening: Of "sgd"; only 0 is known here.
        sgd_nesterov: Of "sgd".
        rmsprop_alpha: Of "rmsprop".
        adam_beta1: Of the three relatives of Adam.
        adam_beta2: Of the same.
        staged_lr: Whether all but ``new_layers`` learn at ``lr * base_lr_mult``.
        new_layers: Layers that learn at ``lr``; the names of children, or paths below ``model``.
        base_lr_mult: Factor of the other layers.

    Raises:
        CatalogError: an unknown name; staged_lr without new_layers; a dampening.

    Differs:
        adam_beta2 is 0.999, as in Torchreid's own script; its function says 0.99, which nobody trained the
        published models with. Parameters that belong to no child learn too. staged_lr without new_layers,
        which slows down everything, is refused.
    """
    if optim not in OPTIMIZER_NAMES:
        raise CatalogError(
            f"Unknown optimizer '{optim}'.{near_name(optim, OPTIMIZER_NAMES)} Known: "
            f"{', '.join(OPTIMIZER_NAMES)}."
        )
    if sgd_dampening != 0:
        raise CatalogError(f"Argument sgd_dampening is not known here, got {sgd_dampening}. Expected 0.")
    options: dict[str, Any] = {"betas": (adam_beta1, adam_beta2)}
    if optim == "sgd":
        options = {"momentum": momentum, "use_nesterov": sgd_nesterov}
    elif optim == "rmsprop":
        options = {"momentum": momentum, "alpha": rmsprop_alpha}
    groups = _groups(model, lr, staged_lr, new_layers, base_lr_mult)
    optimizer: torch.optim.Optimizer = OPTIMIZERS[optim](
        groups, learning_rate=lr, weight_decay=weight_decay, **options
    )
    return optimizer


def build_lr_scheduler(
    optimizer: torch.optim.Optimizer,
    lr_scheduler: str = "single_step",
    stepsize: int | Sequence[int] = 1,
    gamma: float = 0.1,
    max_epoch: int = 1,
) -> LRScheduler:
    """Return a schedule to be moved once per epoch.

    Args:
        optimizer: Whose learning rates move.
        lr_scheduler: "single_step", "multi_step" or "cosine".
        stepsize: Epochs between two steps; a list of epochs for "multi_step".
        gamma: Factor of a step.
        max_epoch: Epochs of the cosine.

    Raises:
        CatalogError: an unknown name, or a stepsize that does not go with it.

    Differs:
        A list for "single_step" has to hold one number; Torchreid takes the last one of several.
    """
    if lr_scheduler not in SCHEDULER_NAMES:
        raise CatalogError(
            f"Unknown schedule '{lr_scheduler}'.{near_name(lr_scheduler, SCHEDULER_NAMES)} Known: "
            f"{', '.join(SCHEDULER_NAMES)}."
        )
    steps = [stepsize] if isinstance(stepsize, int) else list(stepsize)
    if lr_scheduler == "multi_step":
        return MultiStepLR(optimizer, milestones=steps, gamma=gamma)
    if lr_scheduler == "cosine":
        return CosineAnnealingLR(optimizer, max_epoch)
    if len(steps) != 1:
        raise CatalogError(
            f"Argument stepsize of single_step is wrong, got {steps}. Expected one number. Take "
            f"lr_scheduler='multi_step'."
        )
    return StepLR(optimizer, step_size=steps[0], gamma=gamma)


def _groups(
    model: nn.Module, lr: float, is_staged: bool, new_layers: str | Sequence[str], base_lr_mult: float
) -> list[dict[str, Any]]:
    learning = [item for item in model.parameters() if item.requires_grad]
    if not is_staged:
        return [{"params": learning}]
    names = [new_layers] if isinstance(new_layers, str) and new_layers else list(new_layers)
    if not names:
        raise CatalogError(
            "Argument new_layers is empty, got staged_lr=True. Expected the layers that learn at the full "
            "rate, such as ['classifier']."
        )
    layers = find_layers(model, names)
    new = {id(item) for layer in layers for item in layer.parameters()}
    base = [item for item in learning if id(item) not in new]
    return [
        {"params": base, "lr": lr * base_lr_mult},
        {"params": [item for item in learning if id(item) in new]},
    ]


def find_layers(model: nn.Module, names: Sequence[str]) -> list[nn.Module]:
    """Return parts of a model by Torchreid's names of its children, or by paths.

    Raises:
        CatalogError: a name is no part of the model.
    """
    inner = model.module if isinstance(model, nn.DataParallel) else model
    if isinstance(inner, TorchreidModel):
        return inner.find_layers(tuple(names))
    modules = dict(inner.named_modules())
    for name in names:
        if name not in modules:
            raise CatalogError(
                f"Layer '{name}' is no part of the model.{near_name(name, modules)} Expected one of: "
                f"{', '.join(key for key, _ in inner.named_children())}."
            )
    return [modules[name] for name in names]
