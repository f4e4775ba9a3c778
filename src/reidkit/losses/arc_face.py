"""Softmax with a margin between angles."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from reidkit.core.errors import CatalogError
from reidkit.losses.cross_entropy import SmoothedOver
from reidkit.losses.norm_softmax import NormSoftmax


class ArcFace(NormSoftmax):
    """The angle to the direction of the identity is widened by a margin.

    Args:
        scale: Factor of the cosines.
        margin: Added to the angle, in radians.
        label_smoothing: See `CrossEntropy`.
        smoothed_over: See `CrossEntropy`.

    Shape:
        cosines (B, C) in [-1, 1], identities (B,) int64 in [0, C) -> scalar.

    Corner cases:
        Cosines beyond [-1, 1] by rounding count as -1 and 1. At these two the angle has an infinite slope;
        there the gradient is that of cos(margin) times the cosine. Where angle and margin exceed pi together,
        the cosine less margin * sin(margin) takes over, so that a worse angle never costs less.

    Raises:
        CatalogError: an argument out of range.
        ShapeError: cosines and identities do not fit, or the batch is empty.

    Reference:
        Deng, Guo, Xue, Zafeiriou, "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", CVPR
        2019, equation 3; its published code for angles beyond pi.

    Differs:
        FastReID neither clamps, so that rounding gives NaN, nor heeds angles beyond pi, where its loss
        falls again.
    """

    def __init__(
        self,
        *,
        scale: float = 64.0,
        margin: float = 0.5,
        label_smoothing: float = 0.0,
        smoothed_over: SmoothedOver = "all",
    ) -> None:
        super().__init__(scale=scale, label_smoothing=label_smoothing, smoothed_over=smoothed_over)
        if not 0 <= margin < math.pi / 2:
            raise CatalogError(
                f"ArcFace margin is out of range, got {margin}. Expected [0, pi / 2), in radians."
            )
        self.margin = margin

    def shift(self, cosines: Tensor, identities: Tensor) -> Tensor:
        """Return the cosines (B, C), that of the identity with its angle widened."""
        own = cosines.gather(1, identities[:, None]).clamp(-1, 1)
        square = 1 - own**2
        # The inner one keeps the infinite slope of the root at 0 out of the backward pass.
        sine = torch.where(square > 0, torch.where(square > 0, square, 1.0).sqrt(), 0.0)
        widened = math.cos(self.margin) * own - math.sin(self.margin) * sine
        beyond = own - self.margin * math.sin(self.margin)
        moved = torch.where(own > -math.cos(self.margin), widened, beyond)
        is_own = F.one_hot(identities, cosines.shape[1]).bool()
        return torch.where(is_own, moved, cosines)
