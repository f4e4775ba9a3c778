"""Batch-hard triplets."""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reidkit.core.checks import check_batch
from reidkit.core.errors import CatalogError
from reidkit.losses.pairs import FeatureDistance, check_feature_distance, feature_distances, find_pairs


class BatchHardTriplet(nn.Module):
    """Pull each sample to its farthest positive and push it from its nearest negative.

    Args:
        margin: Gap wanted between the two distances; None takes the soft margin,
            log(1 + exp(d_positive - d_negative)), which has none.
        distance: "euclidean" in units of the features, or "normalised_euclidean" or "normalised_squared" of
            the features at length 1, the latter being 2 - 2 cos.

    Shape:
        features (B, D), identities (B,) int64 -> scalar.

    Corner cases:
        The mean runs over the samples that have another sample of their identity and one of another
        identity in the batch; where none has, the loss is 0 and so is its gradient. Samples that
        coincide get a finite gradient.

    Raises:
        CatalogError: a negative margin, or an unknown distance.
        ShapeError: features and identities do not fit, or the batch is empty.

    Reference:
        Hermans, Beyer, Leibe, "In Defense of the Triplet Loss for Person Re-Identification", 2017,
        arXiv:1703.07737, equation 5 and section 2.

    Differs:
        The gradient of a distance of 0, infinite in the formula, is 0. A sample alone in its
        identity is left out; other implementations count its distance to itself.
    """

    consumes: ClassVar[str] = "features"

    def __init__(self, *, margin: float | None = 0.3, distance: FeatureDistance = "euclidean") -> None:
        super().__init__()
        if margin is not None and not margin >= 0:  # NaN too
            raise CatalogError(f"Triplet margin is negative, got {margin}. Expected at least 0, or null.")
        check_feature_distance(distance)
        self.margin = margin
        self.distance: FeatureDistance = distance

    def forward(self, features: Tensor, identities: Tensor) -> Tensor:
        """Return the mean loss over the samples that have a positive and a negative."""
        check_batch("Features", features, identities)
        pairs = find_pairs(identities)
        distances = feature_distances(features, self.distance)
        if not bool(pairs.is_anchor.any()):
            return distances.sum() * 0
        farthest_positive = distances.masked_fill(~pairs.is_positive, -torch.inf).amax(1)
        nearest_negative = distances.masked_fill(~pairs.is_negative, torch.inf).amin(1)
        gaps = farthest_positive[pairs.is_anchor] - nearest_negative[pairs.is_anchor]
        losses = F.softplus(gaps) if self.margin is None else (gaps + self.margin).clamp_min(0)
        return losses.mean()
