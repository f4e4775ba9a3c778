"""Torchreid's losses, by its names and arguments."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from reidkit.losses.cross_entropy import CrossEntropy
from reidkit.losses.triplet import BatchHardTriplet


class CrossEntropyLoss(nn.Module):
    """Cross entropy with label smoothing; `reidkit.losses.cross_entropy.CrossEntropy`.

    Args:
        num_classes: Training identities; not used, the logits tell.
        eps: Share of the target that is spread over all identities.
        use_gpu: Not used.
        label_smooth: Whether to smooth at all.
    """

    def __init__(
        self,
        num_classes: int,
        eps: float = 0.1,
        use_gpu: bool = True,
        label_smooth: bool = True,
    ) -> None:
        super().__init__()
        del num_classes, use_gpu
        self.loss = CrossEntropy(label_smoothing=eps if label_smooth else 0.0)

    def forward(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of logits (B, C) and labels (B,)."""
        loss: Tensor = self.loss(inputs, targets)
        return loss


class TripletLoss(nn.Module):
    """Batch-hard triplets; `reidkit.losses.triplet.BatchHardTriplet`.

    Args:
        margin: Gap wanted between the two distances.

    Differs:
        A batch of one identity gives 0; Torchreid fails. An image alone in its identity is left out;
        Torchreid counts its distance to itself.
    """

    def __init__(self, margin: float = 0.3) -> None:
        super().__init__()
        self.loss = BatchHardTriplet(margin=margin)

    def forward(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of features (B, D) and labels (B,)."""
        loss: Tensor = self.loss(inputs, targets)
        return loss


def DeepSupervision(criterion: Callable[[Tensor, Tensor], Tensor], xs: Sequence[Any], y: Tensor) -> Tensor:  # noqa: N802 - Torchreid's name
    """Return the mean of a loss over the outputs of several branches.

    Args:
        criterion: Takes (output, labels).
        xs: One output per branch.
        y: Labels (B,).
    """
    return torch.stack([criterion(x, y) for x in xs]).mean()
