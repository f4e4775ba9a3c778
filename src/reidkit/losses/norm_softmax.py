"""Cross entropy of scaled cosines."""

from typing import ClassVar

from torch import Tensor, nn

from reidkit.core.checks import check_batch
from reidkit.core.errors import CatalogError
from reidkit.losses.cross_entropy import SmoothedOver, check_smoothing, smoothed_cross_entropy


class NormSoftmax(nn.Module):
    """Cross entropy of scale times cosine; the losses with a margin lower the cosine of the identity first.

    Args:
        scale: Factor of the cosines, the inverse of a temperature.
        label_smoothing: See `CrossEntropy`.
        smoothed_over: See `CrossEntropy`.

    Shape:
        cosines (B, C) in [-1, 1], identities (B,) int64 in [0, C) -> scalar.

    Raises:
        CatalogError: an argument out of range.
        ShapeError: cosines and identities do not fit, or the batch is empty.

    Reference:
        Wang, Xiang, Cheng, Yuille, "NormFace: L2 Hypersphere Embedding for Face Verification", ACM
        Multimedia 2017; Zhai, Wu, "Classification is a Strong Baseline for Deep Metric Learning", BMVC 2019,
        whose temperature 0.05 is the default scale.
    """

    consumes: ClassVar[str] = "cosines"

    def __init__(
        self, *, scale: float = 20.0, label_smoothing: float = 0.0, smoothed_over: SmoothedOver = "all"
    ) -> None:
        super().__init__()
        if not scale > 0:
            raise CatalogError(f"{type(self).__name__} scale is out of range, got {scale}. Expected above 0.")
        check_smoothing(label_smoothing, smoothed_over)
        self.scale = scale
        self.label_smoothing = label_smoothing
        self.smoothed_over: SmoothedOver = smoothed_over

    def shift(self, cosines: Tensor, identities: Tensor) -> Tensor:
        """Return what is scaled (B, C): here the cosines as they are."""
        del identities
        return cosines

    def forward(self, cosines: Tensor, identities: Tensor) -> Tensor:
        """Return the mean loss over the batch."""
        check_batch("Cosines", cosines, identities)
        shifted = self.shift(cosines, identities)
        return smoothed_cross_entropy(
            self.scale * shifted, identities, self.label_smoothing, self.smoothed_over
        )
