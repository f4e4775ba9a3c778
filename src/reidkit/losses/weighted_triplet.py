"""Triplets of weighted means."""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reidkit.core.checks import check_batch
from reidkit.core.errors import CatalogError
from reidkit.losses.pairs import FeatureDistance, check_feature_distance, feature_distances, find_pairs


class WeightedTriplet(nn.Module):
    """Pull each sample to its positives and push it from its negatives, hard ones counting most.

    The distance to the positives is their mean weighted by softmax(d), that to the negatives their mean
    weighted by softmax(-d).

    Args:
        margin: Gap wanted between the two means; None takes the soft margin of the paper.
        distance: See `BatchHardTriplet`.

    Shape:
        features (B, D), identities (B,) int64 -> scalar.

    Corner cases:
        As `BatchHardTriplet`: samples without a positive or without a negative are left out.

    Raises:
        CatalogError: a negative margin, or an unknown distance.
        ShapeError: features and identities do not fit, or the batch is empty.

    Reference:
        Ye, Shen, Lin, Xiang, Shao, Hoi, "Deep Learning for Person Re-identification: A Survey and Outlook",
        TPAMI 2021, arXiv:2001.04193, equations 6 and 7.

    Differs:
        FastReID's negative weights are exp(-d) / (sum + 1e-6), which vanish for distances above some 14, so
        that nothing is pushed; it also counts each sample as its own positive. Here the weights sum to 1 at
        any distance, over other samples alone.
    """

    consumes: ClassVar[str] = "features"

    def __init__(self, *, margin: float | None = None, distance: FeatureDistance = "euclidean") -> None:
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
        rows = distances[pairs.is_anchor]
        pull = rows.masked_fill(~pairs.is_positive[pairs.is_anchor], -torch.inf).softmax(1)
        push = (-rows).masked_fill(~pairs.is_negative[pairs.is_anchor], -torch.inf).softmax(1)
        gaps = (pull * rows).sum(1) - (push * rows).sum(1)
        losses = F.softplus(gaps) if self.margin is None else (gaps + self.margin).clamp_min(0)
        return losses.mean()
