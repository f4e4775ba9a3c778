"""Feature maps before their activation, taken over from a teacher."""

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from reidkit.core.errors import CatalogError, ShapeError

LEAST_NEGATIVE_SHARE = 1e-3
"""Below this share of negative values their mean is lost in rounding; 3 deviations take its place."""


class FeatureOverhaul(nn.Module):
    """Partial squared distance between maps before a ReLU, stage by stage.

    A learned 1x1 convolution with batch normalisation brings each map of the student to the channels of the
    teacher. What the teacher has below a margin per channel counts as the margin, and where both are
    negative and the student is the lower, nothing is asked of it: a ReLU makes both the same.

    Args:
        student_channels: Channels of the student's maps, first stage to last.
        teacher_channels: Channels of the teacher's maps.
        margins: Of each map of the teacher, the margins (C,) of its channels; see `negative_means`.
        scale: Factor of the whole, which is a sum over channels and places.

    Shape:
        student and teacher, tuples of (B, C, h, w) -> scalar. The last stage counts 1, each one before half
        of the next.

    Raises:
        CatalogError: the counts of stages differ, or an argument is out of range.
        ShapeError: maps do not fit.

    Reference:
        Heo, Kim, Yun, Park, Kwak, Choi, "A Comprehensive Overhaul of Feature Distillation", ICCV 2019,
        and its published code. The margins: FastReID's project of distillation.
    """

    consumes: ClassVar[str] = "maps"

    def __init__(
        self,
        *,
        student_channels: Sequence[int],
        teacher_channels: Sequence[int],
        margins: Sequence[Tensor],
        scale: float = 1e-4,
    ) -> None:
        super().__init__()
        if not len(student_channels) == len(teacher_channels) == len(margins) or not margins:
            raise CatalogError(
                f"Feature overhaul stages do not fit, got {len(student_channels)} of the student, "
                f"{len(teacher_channels)} of the teacher and {len(margins)} margins. Expected one each."
            )
        if not scale > 0:
            raise CatalogError(f"Feature overhaul scale is out of range, got {scale}. Expected above 0.")
        self.scale = scale
        self.connectors = nn.ModuleList()
        for own, given in zip(student_channels, teacher_channels, strict=True):
            convolution = nn.Conv2d(own, given, 1, bias=False)
            nn.init.kaiming_normal_(convolution.weight, mode="fan_out")
            self.connectors.append(nn.Sequential(convolution, nn.BatchNorm2d(given)))
        for number, margin in enumerate(margins):
            # They follow from the teacher, which a checkpoint of the student does not hold either.
            self.register_buffer(f"margin_{number}", margin.detach().clone()[:, None, None], persistent=False)

    def forward(self, student: Sequence[Tensor], teacher: Sequence[Tensor]) -> Tensor:
        """Return the mean over the batch; no gradient goes to the teacher."""
        count = len(self.connectors)
        if len(student) != count or len(teacher) != count:
            raise ShapeError(
                f"Maps have a wrong count, got {len(student)} and {len(teacher)}. Expected {count} of both."
            )
        total = torch.zeros((), device=student[0].device, dtype=student[0].dtype)
        for number, (own, given) in enumerate(zip(student, teacher, strict=True)):
            margin = getattr(self, f"margin_{number}").to(given.dtype)
            difference = partial_squared_distance(self.connectors[number](own), given.detach(), margin)
            total = total + difference / 2 ** (count - 1 - number)
        return self.scale * total / len(student[0])


def partial_squared_distance(student: Tensor, teacher: Tensor, margin: Tensor) -> Tensor:
    """Return the sum (scalar) of squared differences where they matter to a ReLU.

    Args:
        student: (B, C, h, w).
        teacher: (B, C, h, w).
        margin: (C, 1, 1), the least that the teacher counts as.

    Raises:
        ShapeError: the maps differ in shape.
    """
    if student.shape != teacher.shape:
        raise ShapeError(
            f"Maps of student and teacher do not fit, got {tuple(student.shape)} and "
            f"{tuple(teacher.shape)}. Expected one shape."
        )
    target = torch.maximum(teacher, margin)
    is_asked = (student > target) | (target > 0)
    return ((student - target) ** 2 * is_asked).sum()


def negative_means(scale: Tensor, shift: Tensor) -> Tensor:
    """Return the expected negative value (C,) of each channel behind a batch normalisation.

    Args:
        scale: (C,), the deviation of each channel; its sign does not count.
        shift: (C,), the mean of each channel.

    Corner cases:
        A channel that is hardly ever negative gives -3 deviations.
    """
    deviation, mean = scale.detach().double().abs(), shift.detach().double()
    ratio = mean / deviation.clamp_min(torch.finfo(torch.float64).tiny)
    share = torch.special.ndtr(-ratio)
    is_sure = share > LEAST_NEGATIVE_SHARE
    density = (-(ratio**2) / 2).exp() / math.sqrt(2 * math.pi)
    expected = mean - deviation * density / torch.where(is_sure, share, 1.0)
    return torch.where(is_sure, expected, -3 * deviation).to(scale.dtype)
