"""Proxy-anchor loss."""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reidkit.core.checks import check_batch
from reidkit.core.errors import CatalogError
from reidkit.losses.center import check_width


class ProxyAnchor(nn.Module):
    """A learned direction per identity pulls its samples and pushes all others, hard ones most.

    The mean over the identities in the batch of log(1 + sum of exp(-scale (c - margin))) over their own
    samples, and over all identities of log(1 + sum of exp(scale (c + margin))) over samples of others.

    Args:
        num_identities: Proxies.
        feature_dim: Dimension of the features.
        scale: Factor of the cosines.
        margin: Own samples are to be above it, others below its negative, in cosine.
        learning_rate_factor: What the learning rate of the proxies is multiplied by.

    Shape:
        features (B, feature_dim), identities (B,) int64 in [0, num_identities) -> scalar.

    Raises:
        CatalogError: an argument out of range.
        ShapeError: features do not fit the identities or the proxies, or the batch is empty.

    Reference:
        Kim, Kim, Cho, Kwak, "Proxy Anchor Loss for Deep Metric Learning", CVPR 2020, equation 4; scale,
        margin and the factor 100 are its settings.
    """

    consumes: ClassVar[str] = "features"

    def __init__(
        self,
        *,
        num_identities: int,
        feature_dim: int,
        scale: float = 32.0,
        margin: float = 0.1,
        learning_rate_factor: float = 100.0,
    ) -> None:
        super().__init__()
        for name, value in (("scale", scale), ("learning_rate_factor", learning_rate_factor)):
            if not value > 0:
                raise CatalogError(f"ProxyAnchor {name} is out of range, got {value}. Expected above 0.")
        if not 0 <= margin < 1:
            raise CatalogError(f"ProxyAnchor margin is out of range, got {margin}. Expected [0, 1).")
        self.scale = scale
        self.margin = margin
        self.learning_rate_factor = learning_rate_factor
        self.proxies = nn.Parameter(torch.empty(num_identities, feature_dim))
        nn.init.kaiming_normal_(self.proxies, mode="fan_out")

    def forward(self, features: Tensor, identities: Tensor) -> Tensor:
        """Return the loss of the batch."""
        check_batch("Features", features, identities)
        check_width(features, self.proxies)
        with torch.autocast(features.device.type, enabled=False):
            features = features.float() if features.dtype in (torch.float16, torch.bfloat16) else features
            cosines = F.normalize(features) @ F.normalize(self.proxies.to(features.dtype)).T
        is_own = F.one_hot(identities, len(self.proxies)).bool()
        pull = _log_one_plus_sum(-self.scale * (cosines - self.margin), is_own)
        push = _log_one_plus_sum(self.scale * (cosines + self.margin), ~is_own)
        return pull.sum() / is_own.any(0).sum() + push.mean()


def _log_one_plus_sum(values: Tensor, is_counted: Tensor) -> Tensor:
    counted = values.masked_fill(~is_counted, -torch.inf)
    return torch.cat([counted, torch.zeros_like(counted[:1])]).logsumexp(0)
