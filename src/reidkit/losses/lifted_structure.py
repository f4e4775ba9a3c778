"""Lifted structure loss."""

from typing import ClassVar

from torch import Tensor, nn

from reidkit.core.checks import check_batch
from reidkit.core.errors import CatalogError
from reidkit.losses.pairs import (
    FeatureDistance,
    check_feature_distance,
    feature_distances,
    find_pairs,
    log_sum_exp,
)


class LiftedStructure(nn.Module):
    """Soft farthest positive less soft nearest negative, all pairs of a sample taking part.

    max(log sum over p of exp(d_p) + log sum over n of exp(margin - d_n), 0) of each sample.

    Args:
        margin: Gap wanted between the distances.
        distance: See `BatchHardTriplet`.

    Shape:
        features (B, D), identities (B,) int64 -> scalar.

    Corner cases:
        The mean runs over the samples with a positive and a negative; without any the loss is 0.

    Raises:
        CatalogError: a negative margin, or an unknown distance.
        ShapeError: features and identities do not fit, or the batch is empty.

    Reference:
        Hermans, Beyer, Leibe, "In Defense of the Triplet Loss for Person Re-Identification", 2017,
        arXiv:1703.07737, the generalised lifted embedding loss of section 2; after Song, Xiang, Jegelka,
        Savarese, "Deep Metric Learning via Lifted Structured Feature Embedding", CVPR 2016.
    """

    consumes: ClassVar[str] = "features"

    def __init__(self, *, margin: float = 1.0, distance: FeatureDistance = "euclidean") -> None:
        super().__init__()
        if not margin >= 0:
            raise CatalogError(f"LiftedStructure margin is negative, got {margin}. Expected at least 0.")
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
        pull = log_sum_exp(rows, pairs.is_positive[pairs.is_anchor])
        push = log_sum_exp(self.margin - rows, pairs.is_negative[pairs.is_anchor])
        return (pull + push).clamp_min(0).mean()
