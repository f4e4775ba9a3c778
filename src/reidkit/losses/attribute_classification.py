"""Classification of attributes: what somebody wears or carries, beside who it is."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reidkit.core.errors import CatalogError, ShapeError
from reidkit.losses.center import check_width


class AttributeClassification(nn.Module):
    """Binary cross entropy of each attribute, by a linear classifier of the features that the loss owns.

    Args:
        feature_dim: Dimension of the features.
        positive_shares: Of each attribute, the share of training samples that have it.
        attributes: Names of the attributes of the samples to learn; empty for all. A number 0 or 1 is one
            attribute, anything else one for each of its values.
        is_weighted: Whether an answer counts e to the share of the other one, so that rare answers count
            more.
        learning_rate_factor: What the learning rate of the classifier is multiplied by.

    Shape:
        features (B, feature_dim), attributes (B, A) of 0, 1 or NaN for unknown -> scalar.

    Corner cases:
        Where nothing is known the loss is 0.

    Raises:
        CatalogError: no attributes, a share outside [0, 1], or a factor that is not positive.
        ShapeError: features and attributes do not fit, or the batch is empty.

    Reference:
        Lin, Zheng, Zheng, Wu, Hu, Yan, Yang, "Improving Person Re-identification by Attribute and Identity
        Learning", Pattern Recognition 2019, section 3.2. The weights: Li, Chen, Huang, "Multi-attribute
        Learning for Pedestrian Attribute Recognition in Surveillance Scenarios", ACPR 2015, as FastReID's
        project of attributes has them.

    Differs:
        One binary question for each attribute where the first has a softmax over the values of each.
    """

    consumes: ClassVar[str] = "features"
    targets: ClassVar[str] = "attributes"

    def __init__(
        self,
        *,
        feature_dim: int,
        positive_shares: Sequence[float],
        attributes: Sequence[str] = (),
        is_weighted: bool = True,
        learning_rate_factor: float = 1.0,
    ) -> None:
        super().__init__()
        if not positive_shares or not all(0 <= share <= 1 for share in positive_shares):
            raise CatalogError(
                f"Attribute shares are out of range, got {list(positive_shares)}. Expected at least one, "
                f"each in [0, 1]."
            )
        if not learning_rate_factor > 0:
            raise CatalogError(
                f"Attribute learning_rate_factor is out of range, got {learning_rate_factor}. Expected above "
                f"0."
            )
        self.attributes = tuple(attributes)
        self.learning_rate_factor = learning_rate_factor
        shares = torch.tensor(positive_shares) if is_weighted else None
        self.shares: Tensor | None
        self.register_buffer("shares", shares, persistent=False)
        self.classifier = nn.Linear(feature_dim, len(positive_shares))

    def forward(self, features: Tensor, attributes: Tensor) -> Tensor:
        """Return the mean loss over the attributes that are known."""
        weight = self.classifier.weight
        if features.ndim != 2 or attributes.shape != (len(features), len(weight)) or len(features) == 0:
            raise ShapeError(
                f"Features and attributes do not fit, got {tuple(features.shape)} and "
                f"{tuple(attributes.shape)}. Expected (B, D) and (B, {len(weight)}) with B at least 1."
            )
        check_width(features, weight)
        logits = F.linear(features, weight.to(features.dtype), self.classifier.bias.to(features.dtype))
        return weighted_binary_cross_entropy(logits, attributes, self.shares)


def weighted_binary_cross_entropy(logits: Tensor, targets: Tensor, shares: Tensor | None = None) -> Tensor:
    """Return the mean binary cross entropy (scalar) over the targets that are known.

    Args:
        logits: (B, A).
        targets: (B, A) of 0, 1 or NaN for unknown.
        shares: (A,) share r of 1 in training; a 1 then counts exp(1 - r), a 0 exp(r). None counts all alike.
    """
    is_known = ~targets.isnan()
    wanted = targets.nan_to_num().to(logits.dtype)
    losses = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    if shares is not None:
        shares = shares.to(logits.dtype)
        losses = losses * (wanted * (1 - shares) + (1 - wanted) * shares).exp()
    return (losses * is_known).sum() / is_known.sum().clamp_min(1)
