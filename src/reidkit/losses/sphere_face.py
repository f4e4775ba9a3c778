"""Softmax with a multiple of the angle."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from reidkit.core.errors import CatalogError
from reidkit.losses.cross_entropy import SmoothedOver
from reidkit.losses.norm_softmax import NormSoftmax


class SphereFace(NormSoftmax):
    """The angle to the direction of the identity is multiplied by a margin.

    The cosine of the identity becomes (-1)^k cos(margin * angle) - 2k with k = floor(margin * angle / pi),
    which falls along the whole range of the angle.

    Args:
        scale: Factor of the cosines.
        margin: Factor of the angle, a whole number.
        label_smoothing: See `CrossEntropy`.
        smoothed_over: See `CrossEntropy`.

    Shape:
        cosines (B, C) in [-1, 1], identities (B,) int64 in [0, C) -> scalar.

    Corner cases:
        Cosines beyond [-1, 1] by rounding count as -1 and 1.

    Raises:
        CatalogError: an argument out of range.
        ShapeError: cosines and identities do not fit, or the batch is empty.

    Reference:
        Liu, Wen, Yu, Li, Raj, Song, "SphereFace: Deep Hypersphere Embedding for Face Recognition", CVPR
        2017, equation 7.

    Differs:
        The scale stands for the length of the feature, which cosines do not know. The paper starts with a
        mixture of both softmaxes; here a smaller margin is the gentle start.
    """

    def __init__(
        self,
        *,
        scale: float = 30.0,
        margin: int = 4,
        label_smoothing: float = 0.0,
        smoothed_over: SmoothedOver = "all",
    ) -> None:
        super().__init__(scale=scale, label_smoothing=label_smoothing, smoothed_over=smoothed_over)
        if not (isinstance(margin, int) and margin >= 1):
            raise CatalogError(
                f"SphereFace margin is out of range, got {margin}. Expected a whole number from 1."
            )
        self.margin = margin

    def shift(self, cosines: Tensor, identities: Tensor) -> Tensor:
        """Return the cosines (B, C), that of the identity with its angle multiplied."""
        own = cosines.gather(1, identities[:, None]).clamp(-1, 1)
        with torch.no_grad():
            turns = (self.margin * own.acos() / math.pi).floor().clamp(0, self.margin - 1)
        # cos(n * angle) is a polynomial of the cosine, whose gradient is finite everywhere.
        before, multiple = torch.ones_like(own), own
        for _ in range(self.margin - 1):
            before, multiple = multiple, 2 * own * multiple - before
        moved = (1 - 2 * (turns % 2)) * multiple - 2 * turns
        is_own = F.one_hot(identities, cosines.shape[1]).bool()
        return torch.where(is_own, moved, cosines)
