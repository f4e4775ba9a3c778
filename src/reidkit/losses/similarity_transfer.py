"""Who is like whom, taken over from a teacher."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from reidkit.losses.paired import check_pair
from reidkit.losses.pairs import feature_cosines

LEAST_KERNEL = 1e-7
"""Opposite features have a kernel of 0 and no logarithm; they count as this."""


class SimilarityTransfer(nn.Module):
    """Probabilistic knowledge transfer: each sample's distribution over the others, as the teacher has it.

    The kernel of two samples is (1 + cos) / 2, and their probability its share among the pairs of the sample;
    the loss is the divergence of the student's shares from the teacher's. The dimensions of the two may
    differ.

    Shape:
        student (B, D), teacher (B, E) -> scalar.

    Corner cases:
        Fewer than three samples leave one choice or none; the loss is 0.

    Raises:
        ShapeError: the two do not fit, or the batch is empty.

    Reference:
        Passalis, Tefas, "Learning Deep Representations with Probabilistic Knowledge Transfer", ECCV 2018;
        He et al., "FastReID: A Pytorch Toolbox for General Instance Re-identification", 2020,
        arXiv:2006.02631, equation 9.

    Differs:
        The mean over samples, not the sum. FastReID's paper takes the cosine itself for the kernel, which
        gives no probability where it is negative; Passalis and Tefas shift it as here. FastReID's code has
        no such loss.
    """

    consumes: ClassVar[str] = "features"

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Return the mean over the batch; no gradient goes to the teacher."""
        check_pair("Features", student, teacher, same_width=False)
        if len(student) < 3:
            return (student * 0).sum()
        own, given = _shares(student), _shares(teacher.detach()).to(student.dtype)
        return (given * (given.log() - own.log())).sum(1).mean()


def _shares(features: Tensor) -> Tensor:
    """Return the shares (B, B - 1) of the kernels of each sample with the others."""
    count = len(features)
    others = ~torch.eye(count, dtype=torch.bool, device=features.device)
    kernels = ((1 + feature_cosines(features)) / 2)[others].view(count, count - 1).clamp_min(LEAST_KERNEL)
    return kernels / kernels.sum(1, keepdim=True)
