"""Several optimizers that step together, as one."""

from collections.abc import Callable, Sequence
from typing import Any

import torch


class JointOptimizer(torch.optim.Optimizer):
    """Steps several optimizers, each on parameters of its own, wherever one is expected.

    Clipping, gradient scaling and schedules see the groups of all of them.

    Args:
        optimizers: At least one; no parameter is in two.
    """

    def __init__(self, optimizers: Sequence[torch.optim.Optimizer]) -> None:
        self.optimizers = tuple(optimizers)
        super().__init__([group for item in self.optimizers for group in item.param_groups], {})
        self._share_groups()

    def _share_groups(self) -> None:
        # The very groups of the parts: a learning rate that is set here is set there.
        self.param_groups = [group for item in self.optimizers for group in item.param_groups]
        self.state.clear()
        for item in self.optimizers:
            self.state.update(item.state)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # noqa: ANN401
        """Take one step with each and return what the closure returns."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for item in self.optimizers:
            item.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """Return the state of each, in order."""
        return {"optimizers": [item.state_dict() for item in self.optimizers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the state of each."""
        for item, state in zip(self.optimizers, state_dict["optimizers"], strict=True):
            item.load_state_dict(state)
        self._share_groups()
