"""What stopped a run, kept to look at: the batch as it was fed, its files, losses and gradient norms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from reidkit.core.files import replace_file, write_json
from reidkit.core.types import Sample
from reidkit.data.loaders import TrainingBatch


class GradientNorms:
    """Norms of the gradients of the last step, by part of what trains.

    Args:
        parts: Modules by name; their parameters are watched.
    """

    def __init__(self, parts: Mapping[str, nn.Module]) -> None:
        self.parts = dict(parts)
        self._norms: dict[str, Tensor] = {}

    @torch.no_grad()
    def measure(self) -> Tensor:
        """Measure them now; return the norm of all together, as a scalar on their device."""
        self._norms = {}
        for name, part in self.parts.items():
            gradients = [item.grad for item in part.parameters() if item.grad is not None]
            if gradients:
                norms = torch._foreach_norm(gradients)
                self._norms[name] = torch.stack([norm.float() for norm in norms]).norm()
        if not self._norms:
            return torch.zeros(())
        together: Tensor = torch.stack(list(self._norms.values())).norm()
        return together

    def by_part(self) -> dict[str, float]:
        """Return those that were measured last."""
        return {name: float(norm) for name, norm in self._norms.items()}


def describe_norms(norms: Mapping[str, float]) -> str:
    """Return norms in words."""
    return ", ".join(f"{name} {norm:.3g}" for name, norm in norms.items()) or "none yet"


@dataclass(frozen=True)
class Failure:
    """Why a run stopped.

    Args:
        reason: In words.
        step: Of the optimizer, from 0.
        epoch: From 1.
        learning_rates: Of each group of parameters.
        losses: Terms of the objective.
        gradient_norms: Of the last step of the optimizer, by part of the model.
    """

    reason: str
    step: int
    epoch: int
    learning_rates: Sequence[float]
    losses: Mapping[str, float]
    gradient_norms: Mapping[str, float]


def write_failed_batch(path: Path, failure: Failure, batch: TrainingBatch, samples: Sequence[Sample]) -> None:
    """Write a batch as tensors beside a JSON file that says the rest.

    Args:
        path: Of the JSON file; the tensors lie beside it, as ``.safetensors``.
        failure: What goes into it.
        batch: Images, labels and indices, augmented as they were fed.
        samples: The training split, to name the files.
    """
    tensors = {name: tensor.cpu().contiguous() for name, tensor in batch._asdict().items()}
    with replace_file(path.with_suffix(".safetensors")) as unfinished:
        save_file(tensors, unfinished)
    content = {
        "reason": failure.reason,
        "step": failure.step,
        "epoch": failure.epoch,
        "learning_rates": list(failure.learning_rates),
        # As text: JSON has no NaN.
        "losses": {name: str(value) for name, value in failure.losses.items()},
        "gradient_norms": {name: str(value) for name, value in failure.gradient_norms.items()},
        "images": [str(samples[index].path) for index in batch.indices.tolist()],
    }
    write_json(path, content)
