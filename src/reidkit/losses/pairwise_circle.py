"""Circle loss over the pairs of a batch."""

from torch import Tensor

from reidkit.losses.pairwise_cos_face import PairwiseCosFace


class PairwiseCircle(PairwiseCosFace):
    """Pairs by their cosine, each weighted by its distance to its optimum, 1 + m or -m.

    log(1 + sum over p of exp(-g a_p (s_p - 1 + m)) * sum over n of exp(g a_n (s_n - m))) of each sample,
    with a_p = max(1 + m - s_p, 0) and a_n = max(s_n + m, 0).

    Args:
        scale: Factor g.
        margin: How far from its optimum a cosine may stay, m.

    Shape:
        features (B, D), identities (B,) int64 -> scalar.

    Corner cases:
        The mean runs over the samples with a positive and a negative; without any the loss is 0. No gradient
        goes through the weights, as in the paper; finite differences do not equal it.

    Raises:
        CatalogError: an argument out of range.
        ShapeError: features and identities do not fit, or the batch is empty.

    Reference:
        Sun et al., "Circle Loss: A Unified Perspective of Pair Similarity Optimization", CVPR 2020,
        equation 7 with pairwise labels.

    Differs:
        FastReID divides by all samples, those without a positive included.
    """

    def weigh(self, cosines: Tensor) -> tuple[Tensor, Tensor]:
        """Return what cosines (A, B) come to as positives and as negatives, before the scale."""
        still = cosines.detach()
        positive = -(1 + self.margin - still).clamp_min(0) * (cosines - (1 - self.margin))
        return positive, (still + self.margin).clamp_min(0) * (cosines - self.margin)
