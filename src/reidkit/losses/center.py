"""Center loss."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from reidkit.core.checks import check_batch
from reidkit.core.errors import CatalogError, ShapeError


class Center(nn.Module):
    """Pull each sample to the learned centre of its identity: the mean of |f - c_y|^2 / 2.

    Args:
        num_identities: Centres.
        feature_dim: Dimension of the features.
        learning_rate_factor: What the learning rate of the centres is multiplied by.

    Shape:
        features (B, feature_dim), identities (B,) int64 in [0, num_identities) -> scalar.

    Raises:
        CatalogError: an argument out of range.
        ShapeError: features do not fit the identities or the centres, or the batch is empty.

    Reference:
        Wen, Zhang, Li, Qiao, "A Discriminative Feature Learning Approach for Deep Face Recognition", ECCV
        2016, equation 2.

    Differs:
        The mean over the batch, not the sum; BoT leaves the 1/2 out, so that half its weight is ours. The
        centres follow their gradient by the optimizer of the recipe, not by a rule of their own.
    """

    consumes: ClassVar[str] = "features"

    def __init__(self, *, num_identities: int, feature_dim: int, learning_rate_factor: float = 100.0) -> None:
        super().__init__()
        if not learning_rate_factor > 0:
            raise CatalogError(
                f"Center learning_rate_factor is out of range, got {learning_rate_factor}. Expected above 0."
            )
        self.learning_rate_factor = learning_rate_factor
        self.centres = nn.Parameter(torch.randn(num_identities, feature_dim))

    def forward(self, features: Tensor, identities: Tensor) -> Tensor:
        """Return the mean loss over the batch."""
        check_batch("Features", features, identities)
        check_width(features, self.centres)
        return (features - self.centres[identities].to(features.dtype)).square().sum(1).mean() / 2


def check_width(features: Tensor, learned: Tensor) -> None:
    """Refuse features of another dimension than what is learned for each identity.

    Raises:
        ShapeError: the dimensions differ.
    """
    if features.shape[1] != learned.shape[1]:
        raise ShapeError(
            f"Features have a wrong dimension, got {features.shape[1]}. Expected {learned.shape[1]}."
        )
