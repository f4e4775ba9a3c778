"""Softmax with a margin between cosines."""

from torch import Tensor
from torch.nn import functional as F

from reidkit.core.errors import CatalogError
from reidkit.losses.cross_entropy import SmoothedOver
from reidkit.losses.norm_softmax import NormSoftmax


class CosFace(NormSoftmax):
    """The cosine of the identity is lowered by a margin; also known as AM-softmax.

    Args:
        scale: Factor of the cosines.
        margin: What the identity has to be ahead, in cosine.
        label_smoothing: See `CrossEntropy`.
        smoothed_over: See `CrossEntropy`.

    Shape:
        cosines (B, C) in [-1, 1], identities (B,) int64 in [0, C) -> scalar.

    Raises:
        CatalogError: an argument out of range.
        ShapeError: cosines and identities do not fit, or the batch is empty.

    Reference:
        Wang et al., "CosFace: Large Margin Cosine Loss for Deep Face Recognition", CVPR 2018, equation 4;
        Wang, Cheng, Liu, Liu, "Additive Margin Softmax for Face Verification", 2018, arXiv:1801.05599.
    """

    def __init__(
        self,
        *,
        scale: float = 64.0,
        margin: float = 0.35,
        label_smoothing: float = 0.0,
        smoothed_over: SmoothedOver = "all",
    ) -> None:
        super().__init__(scale=scale, label_smoothing=label_smoothing, smoothed_over=smoothed_over)
        if not 0 <= margin < 2:
            raise CatalogError(f"CosFace margin is out of range, got {margin}. Expected [0, 2).")
        self.margin = margin

    def shift(self, cosines: Tensor, identities: Tensor) -> Tensor:
        """Return the cosines (B, C), that of the identity lowered."""
        return cosines - self.margin * F.one_hot(identities, cosines.shape[1])
