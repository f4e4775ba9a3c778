"""Divergence of the identity probabilities of a student from those of its teacher."""

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from reidkit.losses.paired import check_pair, check_temperature


class KlDivergence(nn.Module):
    """Kullback-Leibler divergence of the student's probabilities from the teacher's, times T squared.

    Args:
        temperature: T, which divides all logits; above 1 the identities that come second count more.

    Shape:
        student (B, C), teacher (B, C) -> scalar.

    Raises:
        CatalogError: the temperature is not positive.
        ShapeError: the two do not fit, or the batch is empty.

    Reference:
        Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015, arXiv:1503.02531,
        section 2; with T = 1 the term of Zhang, Xiang, Hospedales, Lu, "Deep Mutual Learning", CVPR 2018.
    """

    consumes: ClassVar[str] = "logits"

    def __init__(self, *, temperature: float = 1.0) -> None:
        super().__init__()
        check_temperature(temperature)
        self.temperature = temperature

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Return the mean over the batch; no gradient goes to the teacher."""
        check_pair("Logits", student, teacher, same_width=True)
        own, given = _log_probabilities(student, teacher, self.temperature)
        return self.temperature**2 * F.kl_div(own, given, reduction="batchmean", log_target=True)


class SymmetricKl(nn.Module):
    """Mean of the two Kullback-Leibler divergences between student and teacher, times T squared.

    Args:
        temperature: T, which divides all logits.

    Shape:
        student (B, C), teacher (B, C) -> scalar.

    Raises:
        CatalogError: the temperature is not positive.
        ShapeError: the two do not fit, or the batch is empty.

    Reference:
        The loss of FastReID's distiller, which it calls Jensen-Shannon; the divergence of that name measures
        both against their mean and is bounded, this one is not.
    """

    consumes: ClassVar[str] = "logits"

    def __init__(self, *, temperature: float = 16.0) -> None:
        super().__init__()
        check_temperature(temperature)
        self.temperature = temperature

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Return the mean over the batch; no gradient goes to the teacher."""
        check_pair("Logits", student, teacher, same_width=True)
        own, given = _log_probabilities(student, teacher, self.temperature)
        # (p - q)(log p - log q) is the sum of the two divergences, and never negative by rounding.
        return self.temperature**2 * ((own.exp() - given.exp()) * (own - given)).sum(1).mean() / 2


def _log_probabilities(student: Tensor, teacher: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    return (student / temperature).log_softmax(1), (teacher.detach() / temperature).log_softmax(1)
