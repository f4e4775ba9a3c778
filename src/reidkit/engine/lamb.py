"""LAMB."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

EPSILON = 1e-6


class Lamb(torch.optim.Optimizer):
    """Adam whose step for each tensor has the length of the tensor times the learning rate.

    A tensor of zeros, or a step of zero, takes the plain step.

    Args:
        parameters: Parameters, or groups of them.
        learning_rate: Relative length of a step.
        weight_decay: Share of a tensor that is added to its step.
        betas: Shares that the running means of gradient and square keep per step.

    Reference:
        You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", ICLR 2020,
        algorithm 2, with the identity for its function phi.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter] | Iterable[dict[str, Any]],
        *,
        learning_rate: float,
        weight_decay: float,
        betas: tuple[float, float] = (0.9, 0.999),
    ) -> None:
        super().__init__(parameters, {"lr": learning_rate, "weight_decay": weight_decay, "betas": betas})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # noqa: ANN401
        """Take one step and return what the closure returns."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, parameter.grad, group)
        return loss

    def _move(self, parameter: Parameter, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = torch.zeros((), dtype=torch.float32)
            state["mean"] = torch.zeros_like(parameter)
            state["square"] = torch.zeros_like(parameter)
        first, second = group["betas"]
        state["step"] += 1
        count = float(state["step"])
        state["mean"].lerp_(gradient, 1 - first)
        state["square"].mul_(second).addcmul_(gradient, gradient, value=1 - second)
        step = state["mean"] / (1 - first**count)
        step = step / ((state["square"] / (1 - second**count)).sqrt() + EPSILON)
        step = step.add(parameter, alpha=group["weight_decay"])
        length, step_length = parameter.norm(), step.norm()
        ratio = torch.where((length > 0) & (step_length > 0), length / step_length, 1.0)
        parameter.sub_(group["lr"] * ratio * step)
