"""Pairs of a batch: which are of one identity, and how far or alike their features are."""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from reidkit.core.errors import CatalogError

FeatureDistance = Literal["euclidean", "normalised_euclidean", "normalised_squared"]


@dataclass(frozen=True)
class Pairs:
    """Which samples of a batch make pairs.

    Args:
        is_positive: (B, B), whether two different samples are of one identity.
        is_negative: (B, B), whether they are of different identities.
        is_anchor: (B,), whether a sample has both kinds of partners.
    """

    is_positive: Tensor
    is_negative: Tensor
    is_anchor: Tensor


def find_pairs(identities: Tensor) -> Pairs:
    """Return the pairs of identities (B,)."""
    is_same = identities[:, None] == identities[None]
    is_positive = is_same & ~torch.eye(len(identities), dtype=torch.bool, device=identities.device)
    return Pairs(is_positive, ~is_same, is_positive.any(1) & (~is_same).any(1))


def check_feature_distance(distance: str) -> None:
    """Refuse an unknown distance.

    Raises:
        CatalogError: it is none of `FeatureDistance`.
    """
    if distance not in get_args(FeatureDistance):
        raise CatalogError(
            f"Feature distance is unknown, got '{distance}'. Expected one of: {get_args(FeatureDistance)}."
        )


def feature_distances(features: Tensor, distance: FeatureDistance = "euclidean") -> Tensor:
    """Return the distances (B, B) of features (B, D) among themselves.

    Args:
        features: Half precision counts as float32.
        distance: "euclidean" of the features as they are, "normalised_euclidean" of those at length 1, or
            "normalised_squared", the square of the latter: 2 - 2 cos.

    Corner cases:
        The gradient of a distance of 0, infinite in the formula, is 0.
    """
    if distance == "normalised_squared":
        return 2 - 2 * feature_cosines(features)
    features = _single(features)
    features = F.normalize(features) if distance == "normalised_euclidean" else features
    # Not by |a|^2 + |b|^2 - 2ab, which cancels for near samples, the ones that matter most here.
    return torch.cdist(features, features, compute_mode="donot_use_mm_for_euclid_dist")


def feature_cosines(features: Tensor) -> Tensor:
    """Return the cosines (B, B) of features (B, D) among themselves, in float32 for half precision."""
    features = F.normalize(_single(features))
    with torch.autocast(features.device.type, enabled=False):
        return features @ features.T


def _single(features: Tensor) -> Tensor:
    return features.float() if features.dtype in (torch.float16, torch.bfloat16) else features


def log_sum_exp(values: Tensor, is_counted: Tensor) -> Tensor:
    """Return log of the sum of exp of the counted values (B, B) of each row, which has at least one."""
    return values.masked_fill(~is_counted, -torch.inf).logsumexp(1)
