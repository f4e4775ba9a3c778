"""Pairs of a batch with what earlier batches left behind."""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reidkit.core.checks import check_batch
from reidkit.core.errors import CatalogError
from reidkit.losses.center import check_width
from reidkit.losses.pairs import find_pairs, log_sum_exp


class CrossBatchMemory(nn.Module):
    """Each cosine to a positive ahead of each to a negative, in the batch and among the last features.

    log(1 + sum over p of exp(-g s_p) * sum over n of exp(g (s_n + m))) of each sample, as
    `PairwiseCosFace`; p and n run over the other samples of the batch and over the memory, which no gradient
    goes to. ``remember`` puts a batch into the memory in place of the oldest; training calls it after each
    step, so that a loss alone changes nothing.

    Args:
        feature_dim: Dimension of the features.
        size: How many features the memory holds.
        scale: Factor of the cosines, g.
        margin: What positives have to be ahead, m.

    Shape:
        features (B, feature_dim), identities (B,) int64 -> scalar.

    Corner cases:
        The mean runs over the samples with a positive and a negative; without any the loss is 0. An empty
        memory leaves the pairs of the batch.

    Raises:
        CatalogError: an argument out of range.
        ShapeError: features do not fit the identities or the memory, or the batch is empty.

    Reference:
        Wang, Zhang, Huang, Scott, "Cross-Batch Memory for Embedding Learning", CVPR 2020; the loss of pairs
        and the size: FastReID's MoCo, which has no momentum encoder.

    Differs:
        FastReID fills its memory with drawn features of identity 0 and leaves out the wrong columns as the
        sample itself from the second batch on; here a memory begins empty, and a sample is never its own
        positive. Its gradient stops at the batch itself as well as at the memory.
    """

    consumes: ClassVar[str] = "features"

    def __init__(
        self, *, feature_dim: int, size: int = 8192, scale: float = 32.0, margin: float = 0.25
    ) -> None:
        super().__init__()
        if size < 1:
            raise CatalogError(f"Cross-batch memory size is too small, got {size}. Expected at least 1.")
        if not scale > 0:
            raise CatalogError(f"Cross-batch memory scale is out of range, got {scale}. Expected above 0.")
        if not 0 <= margin < 1:
            raise CatalogError(f"Cross-batch memory margin is out of range, got {margin}. Expected [0, 1).")
        self.size = size
        self.scale = scale
        self.margin = margin
        self.directions: Tensor
        self.identities: Tensor
        self.count: Tensor
        self.register_buffer("directions", torch.zeros(size, feature_dim))
        self.register_buffer("identities", torch.full((size,), -1))
        self.register_buffer("count", torch.tensor(0))

    def forward(self, features: Tensor, identities: Tensor) -> Tensor:
        """Return the mean loss over the samples that have a positive and a negative."""
        check_batch("Features", features, identities)
        check_width(features, self.directions)
        batch = F.normalize(features)
        known = min(int(self.count), self.size)
        candidates = torch.cat([batch, self.directions[:known].to(batch.dtype)])
        pairs = find_pairs(identities)
        is_same = identities[:, None] == self.identities[:known]
        is_positive = torch.cat([pairs.is_positive, is_same], dim=1)
        is_negative = torch.cat([pairs.is_negative, ~is_same], dim=1)
        is_anchor = is_positive.any(1) & is_negative.any(1)
        cosines = batch @ candidates.T
        if not bool(is_anchor.any()):
            return cosines.sum() * 0
        pull = log_sum_exp(-self.scale * cosines[is_anchor], is_positive[is_anchor])
        push = log_sum_exp(self.scale * (cosines[is_anchor] + self.margin), is_negative[is_anchor])
        return F.softplus(pull + push).mean()

    @torch.no_grad()
    def remember(self, features: Tensor, identities: Tensor) -> None:
        """Put a batch into the memory in place of the oldest; of more than it holds, the last ones."""
        features, identities = features[-self.size :], identities[-self.size :]
        places = (self.count + torch.arange(len(features), device=self.directions.device)) % self.size
        self.directions[places] = F.normalize(features).to(self.directions.dtype)
        self.identities[places] = identities
        self.count += len(features)
