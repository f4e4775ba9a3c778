"""CosFace over the pairs of a batch."""

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from reidkit.core.checks import check_batch
from reidkit.core.errors import CatalogError
from reidkit.losses.pairs import feature_cosines, find_pairs, log_sum_exp


class PairwiseCosFace(nn.Module):
    """Each cosine to a positive is to be ahead of each cosine to a negative by a margin.

    log(1 + sum over p of exp(-g s_p) * sum over n of exp(g (s_n + m))) of each sample.

    Args:
        scale: Factor of the cosines, g.
        margin: What positives have to be ahead, m.

    Shape:
        features (B, D), identities (B,) int64 -> scalar.

    Corner cases:
        The mean runs over the samples with a positive and a negative; without any the loss is 0.

    Raises:
        CatalogError: an argument out of range.
        ShapeError: features and identities do not fit, or the batch is empty.

    Reference:
        Sun et al., "Circle Loss: A Unified Perspective of Pair Similarity Optimization", CVPR 2020,
        equation 1 over pairs.

    Differs:
        FastReID divides by all samples, those without a positive included.
    """

    consumes: ClassVar[str] = "features"

    def __init__(self, *, scale: float = 128.0, margin: float = 0.25) -> None:
        super().__init__()
        if not scale > 0:
            raise CatalogError(f"{type(self).__name__} scale is out of range, got {scale}. Expected above 0.")
        if not 0 <= margin < 1:
            raise CatalogError(
                f"{type(self).__name__} margin is out of range, got {margin}. Expected [0, 1)."
            )
        self.scale = scale
        self.margin = margin

    def weigh(self, cosines: Tensor) -> tuple[Tensor, Tensor]:
        """Return what cosines (A, B) come to as positives and as negatives, before the scale."""
        return -cosines, cosines + self.margin

    def forward(self, features: Tensor, identities: Tensor) -> Tensor:
        """Return the mean loss over the samples that have a positive and a negative."""
        check_batch("Features", features, identities)
        pairs = find_pairs(identities)
        cosines = feature_cosines(features)
        if not bool(pairs.is_anchor.any()):
            return cosines.sum() * 0
        positive, negative = self.weigh(cosines[pairs.is_anchor])
        pull = log_sum_exp(self.scale * positive, pairs.is_positive[pairs.is_anchor])
        push = log_sum_exp(self.scale * negative, pairs.is_negative[pairs.is_anchor])
        return F.softplus(pull + push).mean()
