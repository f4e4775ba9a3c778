"""Supervised contrastive loss."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from reidkit.core.checks import check_batch
from reidkit.core.errors import CatalogError
from reidkit.losses.pairs import feature_cosines, find_pairs


class SupervisedContrastive(nn.Module):
    """Each positive is to be found among all other samples, by softmax of their cosines.

    Args:
        temperature: Divides the cosines.

    Shape:
        features (B, D), identities (B,) int64 -> scalar.

    Corner cases:
        The mean runs over the samples with a positive; without any the loss is 0. Its least value is the
        logarithm of the number of positives, not 0, since positives compete.

    Raises:
        CatalogError: a temperature that is not positive.
        ShapeError: features and identities do not fit, or the batch is empty.

    Reference:
        Khosla et al., "Supervised Contrastive Learning", NeurIPS 2020, equation 2.

    Differs:
        The published code multiplies by the temperature over 0.07; the equation and this loss do not.
    """

    consumes: ClassVar[str] = "features"

    def __init__(self, *, temperature: float = 0.1) -> None:
        super().__init__()
        if not temperature > 0:
            raise CatalogError(
                f"SupervisedContrastive temperature is out of range, got {temperature}. Expected above 0."
            )
        self.temperature = temperature

    def forward(self, features: Tensor, identities: Tensor) -> Tensor:
        """Return the mean loss over the samples that have a positive."""
        check_batch("Features", features, identities)
        is_positive = find_pairs(identities).is_positive
        cosines = feature_cosines(features)
        is_anchor = is_positive.any(1)
        if not bool(is_anchor.any()):
            return cosines.sum() * 0
        is_self = torch.eye(len(features), dtype=torch.bool, device=features.device)
        logarithms = (cosines / self.temperature).masked_fill(is_self, -torch.inf).log_softmax(1)
        wanted = logarithms.masked_fill(~is_positive, 0).sum(1) / is_positive.sum(1).clamp_min(1)
        return -wanted[is_anchor].mean()
