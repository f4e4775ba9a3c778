"""Batch-hard triplets."""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reidkit.core.checks import check_batch
from reidkit.core.errors import CatalogError


class BatchHardTriplet(nn.Module):
    """Pull each sample to its farthest positive and push it from its nearest negative.

    Args:
        margin: Gap wanted between the two Euclidean distances, in units of the features; None takes the
            soft margin, log(1 + exp(d_positive - d_negative)), which has none.

    Shape:
        features (B, D), identities (B,) int64 -> scalar.

    Corner cases:
        The mean runs over the samples that have another sample of their identity and one of another
        identity in the batch; where none has, the loss is 0 and so is its gradient. Samples that
        coincide get a finite gradient.

    Raises:
        CatalogError: a negative margin.
        ShapeError: features and identities do not fit, or the batch is empty.

    Reference:
        Hermans, Beyer, Leibe, "In Defense of the Triplet Loss for Person Re-Identification", 2017,
        arXiv:1703.07737, equation 5 and section 2.

    Differs:
        The gradient of a distance of 0, infinite in the formula, is 0. A sample alone in its
        identity is left out; other implementations count its distance to itself.
    """

    consumes: ClassVar[str] = "features"

    def __init__(self, *, margin: float | None = 0.3) -> None:
        super().__init__()
        if margin is not None and not margin >= 0:  # NaN too
            raise CatalogError(f"Triplet margin is negative, got {margin}. Expected at least 0, or null.")
        self.margin = margin

    def forward(self, features: Tensor, identities: Tensor) -> Tensor:
        """Return the mean loss over the samples that have a positive and a negative."""
        check_batch("Features", features, identities)
        features = features.float() if features.dtype in (torch.float16, torch.bfloat16) else features
        # Not by |a|^2 + |b|^2 - 2ab, which cancels for near samples, the ones that matter most here.
        distances = torch.cdist(features, features, compute_mode="donot_use_mm_for_euclid_dist")  # (B, B)
        is_same = identities[:, None] == identities[None]
        is_positive = is_same & ~torch.eye(len(features), dtype=torch.bool, device=features.device)
        farthest_positive = distances.masked_fill(~is_positive, -torch.inf).amax(1)
        nearest_negative = distances.masked_fill(is_same, torch.inf).amin(1)
        is_anchor = is_positive.any(1) & (~is_same).any(1)
        if not bool(is_anchor.any()):
            return features.sum() * 0
        gaps = farthest_positive[is_anchor] - nearest_negative[is_anchor]
        losses = F.softplus(gaps) if self.margin is None else (gaps + self.margin).clamp_min(0)
        return losses.mean()
