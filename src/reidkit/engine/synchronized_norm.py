"""Batch norms that take mean and variance over the batches of all processes."""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from reidkit.core.errors import TrainingError
from reidkit.engine.processes import Processes


class SynchronizedNorm(_BatchNorm):
    """A batch norm over the batches of all processes: torch's own on GPUs, and the same on a CPU.

    It is no `torch.nn.SyncBatchNorm`, since distributed training refuses that on a CPU.

    Args:
        norm: Of one process; its parameters and running statistics are shared, not copied.
        processes: Those that train together.
    """

    def __init__(self, norm: _BatchNorm, processes: Processes) -> None:
        super().__init__(
            norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats, device="meta"
        )
        self.processes = processes
        self.process_group = None  # torch's own reads it: all processes
        self.weight, self.bias = norm.weight, norm.bias
        self.running_mean, self.running_var = norm.running_mean, norm.running_var
        self.num_batches_tracked = norm.num_batches_tracked
        # What some norms of timm do as well.
        self.drop = getattr(norm, "drop", None)
        self.act = getattr(norm, "act", None)
        self.training = norm.training

    def forward(self, values: Tensor) -> Tensor:
        """Return normalised values (B, C, ...)."""
        if self.training and values.device.type == "cpu":
            result = self._normalize(values)
        else:
            result = nn.SyncBatchNorm.forward(cast(nn.SyncBatchNorm, self), values)
        if self.drop is not None:
            result = self.drop(result)
        return result if self.act is None else self.act(result)

    def _check_input_dim(self, values: Tensor) -> None:
        del values  # of any number of dimensions

    def _check_non_zero_input_channels(self, values: Tensor) -> None:
        del values  # torch's own asks

    def _normalize(self, values: Tensor) -> Tensor:
        axes = [axis for axis in range(values.ndim) if axis != 1]
        shape = [-1 if axis == 1 else 1 for axis in range(values.ndim)]
        wide = values.float()
        count = wide.numel() // wide.shape[1] * self.processes.count  # shares of a batch are equal
        mean = self.processes.sum(wide.sum(axes)) / count
        centred = wide - mean.view(shape)
        variance = self.processes.sum(centred.square().sum(axes)) / count
        self._track(mean.detach(), variance.detach() * count / max(count - 1, 1))
        result: Tensor = centred * torch.rsqrt(variance + self.eps).view(shape)
        if self.weight is not None:
            result = result * self.weight.view(shape)
        if self.bias is not None:
            result = result + self.bias.view(shape)
        return result.to(values.dtype)

    @torch.no_grad()
    def _track(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)


def synchronize_norms(module: nn.Module, processes: Processes) -> None:
    """Put a synchronized norm in the place of every batch norm below a module.

    Args:
        module: To change; parameters, running statistics and their names stay.
        processes: Those that train together.

    Raises:
        TrainingError: a batch norm that does more than we know of.
    """
    for name, child in module.named_children():
        if not isinstance(child, _BatchNorm):
            synchronize_norms(child, processes)
        elif type(child) in PLAIN or _is_norm_with_activation(child):
            setattr(module, name, SynchronizedNorm(child, processes))
        elif not isinstance(child, SynchronizedNorm):
            raise TrainingError(
                f"Batch norm '{name}' cannot be synchronized among processes, got {type(child).__name__}. "
                f"Expected one of PyTorch or timm. Set training.synchronize_norms to false."
            )


PLAIN: tuple[type[Any], ...] = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


def _is_norm_with_activation(norm: _BatchNorm) -> bool:
    return type(norm).__module__.startswith("timm.") and hasattr(norm, "act") and hasattr(norm, "drop")
