"""How a model runs in training: compiled, with channels last, or plainly where that fails."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from reidkit.core.types import TrainingOutputs
from reidkit.models.model import ReidModel


class Execution:
    """Calls ``training_outputs`` of a model as fast as is wished and possible.

    What fails at the first batch is left out from then on, and said once, as a warning.

    Args:
        model: In training.
        is_compiled: Whether to compile it by ``torch.compile``.
        has_channels_last: Whether images and weights lie in memory with channels last, which convolutions
            on a GPU like.
    """

    def __init__(
        self, model: ReidModel, *, is_compiled: bool = False, has_channels_last: bool = False
    ) -> None:
        self.model = model
        self.has_channels_last = has_channels_last
        if has_channels_last:
            model.to(memory_format=torch.channels_last)
        self._compiled: Callable[..., TrainingOutputs] | None = None
        if is_compiled:
            self._compiled = torch.compile(model.training_outputs)
        self._is_tried = not (is_compiled or has_channels_last)

    def __call__(self, images: Tensor, *others: Any) -> TrainingOutputs:  # noqa: ANN401 - as the model takes
        """Return the training outputs of standardised images (B, 3, H, W)."""
        while not self._is_tried:
            try:
                outputs = self._run(images, others)
            except RuntimeError as error:  # of the compiler, or of a layer that does not know the layout
                if not self._leave_one_out(error):
                    raise
            else:
                self._is_tried = True
                return outputs
        return self._run(images, others)

    def _run(self, images: Tensor, others: Sequence[Any]) -> TrainingOutputs:
        if self.has_channels_last:
            images = images.contiguous(memory_format=torch.channels_last)
        run = self._compiled or self.model.training_outputs
        return run(images, *others)

    def _leave_one_out(self, error: RuntimeError) -> bool:
        """Give up one wish; return whether there was one."""
        if self._compiled is not None:
            wish, self._compiled = "compile", None
        elif self.has_channels_last:
            wish, self.has_channels_last = "channels_last", False
            self.model.to(memory_format=torch.contiguous_format)
        else:
            return False
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        warnings.warn(
            f"training.{wish} does not work here and is left out: {reason}", RuntimeWarning, stacklevel=2
        )
        return True
