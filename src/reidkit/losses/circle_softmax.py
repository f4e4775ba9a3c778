"""Circle loss over identities."""

from torch import Tensor
from torch.nn import functional as F

from reidkit.core.errors import CatalogError
from reidkit.losses.cross_entropy import SmoothedOver
from reidkit.losses.norm_softmax import NormSoftmax


class CircleSoftmax(NormSoftmax):
    """Each cosine is weighted by how far it is from its best: 1 + margin for the identity, -margin else.

    The identity gives max(1 + m - c, 0) (c - 1 + m), each other max(c + m, 0) (c - m).

    Args:
        scale: Factor of the weighted cosines.
        margin: How far from its optimum a cosine may stay, m.
        label_smoothing: See `CrossEntropy`.
        smoothed_over: See `CrossEntropy`.

    Shape:
        cosines (B, C) in [-1, 1], identities (B,) int64 in [0, C) -> scalar.

    Corner cases:
        No gradient goes through the weights, as in the paper; finite differences do not equal it.

    Raises:
        CatalogError: an argument out of range.
        ShapeError: cosines and identities do not fit, or the batch is empty.

    Reference:
        Sun et al., "Circle Loss: A Unified Perspective of Pair Similarity Optimization", CVPR 2020,
        equation 7 with class-level labels; scale 256 and margin 0.25 are its setting for faces.
    """

    def __init__(
        self,
        *,
        scale: float = 256.0,
        margin: float = 0.25,
        label_smoothing: float = 0.0,
        smoothed_over: SmoothedOver = "all",
    ) -> None:
        super().__init__(scale=scale, label_smoothing=label_smoothing, smoothed_over=smoothed_over)
        if not 0 <= margin < 1:
            raise CatalogError(f"CircleSoftmax margin is out of range, got {margin}. Expected [0, 1).")
        self.margin = margin

    def shift(self, cosines: Tensor, identities: Tensor) -> Tensor:
        """Return the weighted cosines (B, C)."""
        still = cosines.detach()
        own = (1 + self.margin - still).clamp_min(0) * (cosines - (1 - self.margin))
        others = (still + self.margin).clamp_min(0) * (cosines - self.margin)
        is_own = F.one_hot(identities, cosines.shape[1]).bool()
        return own.where(is_own, others)
