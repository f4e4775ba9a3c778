"""Optimizers, by name."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.nn import Parameter

from reidkit.engine.lamb import Lamb

Parameters = Iterable[Parameter] | Iterable[dict[str, Any]]
"""Parameters, or groups of them with a learning rate and weight decay of their own."""


def adamw(
    parameters: Parameters,
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
    parameters: Parameters,
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
    parameters: Parameters,
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


def radam(
    parameters: Parameters,
    *,
    learning_rate: float,
    weight_decay: float,
    betas: tuple[float, float] = (0.9, 0.999),
) -> torch.optim.Optimizer:
    """Adam whose first steps have no second moment until its variance is bounded; decoupled weight decay.

    Reference:
        Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", ICLR 2020, algorithm 2.
    """
    return torch.optim.RAdam(
        parameters,
        lr=learning_rate,
        weight_decay=weight_decay,
        betas=betas,
        decoupled_weight_decay=True,
    )


def rmsprop(
    parameters: Parameters,
    *,
    learning_rate: float,
    weight_decay: float,
    alpha: float = 0.99,
    momentum: float = 0.0,
) -> torch.optim.Optimizer:
    """Gradient over the root of its running mean square, whose share per step is 1 - ``alpha``.

    Reference:
        Tieleman, Hinton, "Lecture 6.5: RMSProp", Neural Networks for Machine Learning, 2012.
    """
    return torch.optim.RMSprop(
        parameters, lr=learning_rate, weight_decay=weight_decay, alpha=alpha, momentum=momentum
    )


def lamb(
    parameters: Parameters,
    *,
    learning_rate: float,
    weight_decay: float,
    betas: tuple[float, float] = (0.9, 0.999),
) -> torch.optim.Optimizer:
    """Adam with a step for each tensor in proportion to the tensor; see `Lamb`."""
    return Lamb(parameters, learning_rate=learning_rate, weight_decay=weight_decay, betas=betas)


def sgd(
    parameters: Parameters,
    *,
    learning_rate: float,
    weight_decay: float,
    momentum: float = 0.9,
    use_nesterov: bool = False,
) -> torch.optim.Optimizer:
    """Stochastic gradient descent with momentum, with Nesterov's look ahead if wanted."""
    return torch.optim.SGD(
        parameters, lr=learning_rate, weight_decay=weight_decay, momentum=momentum, nesterov=use_nesterov
    )


OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adamw": adamw,
    "adam": adam,
    "amsgrad": amsgrad,
    "radam": radam,
    "rmsprop": rmsprop,
    "lamb": lamb,
    "sgd": sgd,
}
