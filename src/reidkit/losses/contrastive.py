"""Contrastive loss."""

from typing import ClassVar

from torch import Tensor, nn

from reidkit.core.checks import check_batch
from reidkit.core.errors import CatalogError
from reidkit.losses.pairs import FeatureDistance, check_feature_distance, feature_distances, find_pairs


class Contrastive(nn.Module):
    """Pull positives together and push negatives a margin apart: d^2 / 2 and max(margin - d, 0)^2 / 2.

    Args:
        margin: Distance from which negatives are left alone.
        distance: See `BatchHardTriplet`.

    Shape:
        features (B, D), identities (B,) int64 -> scalar.

    Corner cases:
        The mean runs over all pairs of different samples; a single sample gives 0.

    Raises:
        CatalogError: a margin that is not positive, or an unknown distance.
        ShapeError: features and identities do not fit, or the batch is empty.

    Reference:
        Hadsell, Chopra, LeCun, "Dimensionality Reduction by Learning an Invariant Mapping", CVPR 2006,
        equation 4.
    """

    consumes: ClassVar[str] = "features"

    def __init__(self, *, margin: float = 1.0, distance: FeatureDistance = "normalised_euclidean") -> None:
        super().__init__()
        if not margin > 0:
            raise CatalogError(f"Contrastive margin is out of range, got {margin}. Expected above 0.")
        check_feature_distance(distance)
        self.margin = margin
        self.distance: FeatureDistance = distance

    def forward(self, features: Tensor, identities: Tensor) -> Tensor:
        """Return the mean loss over the pairs of different samples."""
        check_batch("Features", features, identities)
        pairs = find_pairs(identities)
        distances = feature_distances(features, self.distance)
        pull = distances**2 * pairs.is_positive
        push = (self.margin - distances).clamp_min(0) ** 2 * pairs.is_negative
        return (pull + push).sum() / 2 / max(len(features) * (len(features) - 1), 1)
