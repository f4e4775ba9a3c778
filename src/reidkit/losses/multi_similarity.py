"""Multi-similarity loss."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from reidkit.core.checks import check_batch
from reidkit.core.errors import CatalogError
from reidkit.losses.pairs import feature_cosines, find_pairs


class MultiSimilarity(nn.Module):
    """Mines the informative pairs by their cosine and weighs each against the others.

    log(1 + sum over p of exp(-alpha (s_p - base))) / alpha + log(1 + sum over n of exp(beta (s_n - base))) /
    beta of each sample, over the mined pairs: negatives with s_n > min s_p - epsilon, positives with
    s_p < max s_n + epsilon.

    Args:
        alpha: How much hard positives outweigh others.
        beta: How much hard negatives outweigh others.
        base: The cosine that positives should be above and negatives below.
        epsilon: How far the mining reaches.

    Shape:
        features (B, D), identities (B,) int64 -> scalar.

    Corner cases:
        The mean runs over all samples, those without mined pairs included with 0, as in the paper.

    Raises:
        CatalogError: an argument out of range.
        ShapeError: features and identities do not fit, or the batch is empty.

    Reference:
        Wang, Han, Huang, Dong, Scott, "Multi-Similarity Loss with General Pair Weighting for Deep Metric
        Learning", CVPR 2019, equations 11 to 13; its settings are the defaults.
    """

    consumes: ClassVar[str] = "features"

    def __init__(
        self, *, alpha: float = 2.0, beta: float = 50.0, base: float = 0.5, epsilon: float = 0.1
    ) -> None:
        super().__init__()
        for name, value in (("alpha", alpha), ("beta", beta)):
            if not value > 0:
                raise CatalogError(f"MultiSimilarity {name} is out of range, got {value}. Expected above 0.")
        if not epsilon >= 0:
            raise CatalogError(f"MultiSimilarity epsilon is negative, got {epsilon}. Expected at least 0.")
        self.alpha = alpha
        self.beta = beta
        self.base = base
        self.epsilon = epsilon

    def forward(self, features: Tensor, identities: Tensor) -> Tensor:
        """Return the mean loss over the batch."""
        check_batch("Features", features, identities)
        pairs = find_pairs(identities)
        cosines = feature_cosines(features)
        least_positive = cosines.detach().masked_fill(~pairs.is_positive, torch.inf).amin(1, keepdim=True)
        greatest_negative = cosines.detach().masked_fill(~pairs.is_negative, -torch.inf).amax(1, keepdim=True)
        positive = pairs.is_positive & (cosines < greatest_negative + self.epsilon)
        negative = pairs.is_negative & (cosines > least_positive - self.epsilon)
        pull = _log_one_plus_sum(-self.alpha * (cosines - self.base), positive) / self.alpha
        push = _log_one_plus_sum(self.beta * (cosines - self.base), negative) / self.beta
        return (pull + push).mean()


def _log_one_plus_sum(values: Tensor, is_counted: Tensor) -> Tensor:
    counted = values.masked_fill(~is_counted, -torch.inf)
    return torch.cat([counted, torch.zeros_like(counted[:, :1])], dim=1).logsumexp(1)
