"""Optimizers and learning-rate schedules, by name."""

import math
from collections.abc import Callable, Iterable, Sequence

import torch
from torch.nn import Parameter

from reidkit.core.errors import CatalogError

Factor = Callable[[float], float]
"""Learning-rate factor at a time, counted in epochs from 0, fractions included."""


def adamw(
    parameters: Iterable[Parameter],
    *,
    learning_rate: float,
    weight_decay: float,
    betas: tuple[float, float] = (0.9, 0.999),
) -> torch.optim.Optimizer:
    """Adam with decoupled weight decay.

    Reference:
        Loshchilov, Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.
    """
    return torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=weight_decay, betas=betas)


def adam(
    parameters: Iterable[Parameter],
    *,
    learning_rate: float,
    weight_decay: float,
    betas: tuple[float, float] = (0.9, 0.999),
) -> torch.optim.Optimizer:
    """Adam; the weight decay is an L2 term of the gradient.

    Reference:
        Kingma, Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.
    """
    return torch.optim.Adam(parameters, lr=learning_rate, weight_decay=weight_decay, betas=betas)


def amsgrad(
    parameters: Iterable[Parameter],
    *,
    learning_rate: float,
    weight_decay: float,
    betas: tuple[float, float] = (0.9, 0.999),
) -> torch.optim.Optimizer:
    """Adam that never forgets its largest second moment; OSNet is fine-tuned with it.

    Reference:
        Reddi, Kale, Kumar, "On the Convergence of Adam and Beyond", ICLR 2018.
    """
    return torch.optim.Adam(
        parameters, lr=learning_rate, weight_decay=weight_decay, betas=betas, amsgrad=True
    )


def sgd(
    parameters: Iterable[Parameter],
    *,
    learning_rate: float,
    weight_decay: float,
    momentum: float = 0.9,
    use_nesterov: bool = False,
) -> torch.optim.Optimizer:
    """Stochastic gradient descent with momentum."""
    return torch.optim.SGD(
        parameters, lr=learning_rate, weight_decay=weight_decay, momentum=momentum, nesterov=use_nesterov
    )


OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adamw": adamw,
    "adam": adam,
    "amsgrad": amsgrad,
    "sgd": sgd,
}


def constant(*, total_epochs: int) -> Factor:
    """Keep the learning rate."""
    del total_epochs
    return lambda epoch: 1.0


def step(*, total_epochs: int, step_epochs: int, gamma: float = 0.1) -> Factor:
    """Multiply by gamma each ``step_epochs`` epochs.

    Raises:
        CatalogError: step_epochs is below 1.
    """
    del total_epochs
    if step_epochs < 1:
        raise CatalogError(f"Schedule step_epochs is too small, got {step_epochs}. Expected at least 1.")
    return lambda epoch: gamma ** (math.floor(epoch) // step_epochs)


def multi_step(*, total_epochs: int, milestones: Sequence[int], gamma: float = 0.1) -> Factor:
    """Multiply by gamma at the start of each of these epochs, counted from 0.

    Raises:
        CatalogError: milestones not ascending, or one that the run never reaches.
    """
    ordered = sorted(set(milestones))
    if list(milestones) != ordered or not ordered or ordered[0] < 1 or ordered[-1] >= total_epochs:
        raise CatalogError(
            f"Schedule milestones are wrong, got {list(milestones)}. Expected ascending epochs between 1 and "
            f"{total_epochs - 1}, training.epochs being {total_epochs}."
        )
    return lambda epoch: gamma ** sum(epoch >= milestone for milestone in ordered)


def cosine(*, total_epochs: int, final_factor: float = 0.0) -> Factor:
    """Fall along half a cosine from 1 to ``final_factor`` at the end of training.

    Raises:
        CatalogError: final_factor is not in [0, 1].

    Reference:
        Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017, section 3.
    """
    if not 0 <= final_factor <= 1:
        raise CatalogError(f"Schedule final_factor is out of range, got {final_factor}. Expected [0, 1].")
    return lambda epoch: (
        final_factor + (1 - final_factor) * (1 + math.cos(math.pi * min(epoch / total_epochs, 1))) / 2
    )


SCHEDULES: dict[str, Callable[..., Factor]] = {
    "constant": constant,
    "step": step,
    "multi_step": multi_step,
    "cosine": cosine,
}


def warm_up(schedule: Factor, *, warmup_epochs: float, start_factor: float) -> Factor:
    """Rise linearly, iteration by iteration, from ``start_factor`` times the schedule to the schedule.

    Args:
        schedule: What the warm-up multiplies; its epochs count from the start of training, warm-up
            included.
        warmup_epochs: Length of the rise; 0 for none.
        start_factor: Factor of the very first iteration.
    """
    if warmup_epochs <= 0:
        return schedule

    def factor(epoch: float) -> float:
        progress = min(epoch / warmup_epochs, 1.0)
        return schedule(epoch) * (start_factor + (1 - start_factor) * progress)

    return factor
