"""Focal loss."""

from typing import ClassVar

from torch import Tensor, nn

from reidkit.core.checks import check_batch
from reidkit.core.errors import CatalogError


class Focal(nn.Module):
    """Cross entropy that counts a sample the less the surer its identity is: -alpha (1 - p)^gamma log p.

    Args:
        gamma: How fast sure samples fade; 0 leaves alpha times the cross entropy.
        alpha: Factor of all samples.

    Shape:
        logits (B, C), identities (B,) int64 in [0, C) -> scalar.

    Raises:
        CatalogError: a gamma that lies between 0 and 1 or below, or an alpha that is not positive.
        ShapeError: logits and identities do not fit, or the batch is empty.

    Reference:
        Lin, Goyal, Girshick, He, Dollar, "Focal Loss for Dense Object Detection", ICCV 2017, equation 5.

    Differs:
        The paper has two classes, each with an alpha of its own; among identities one alpha is a scale.
        A gamma between 0 and 1 is refused, for its gradient is infinite where p is 1.
    """

    consumes: ClassVar[str] = "logits"

    def __init__(self, *, gamma: float = 2.0, alpha: float = 0.25) -> None:
        super().__init__()
        if not (gamma == 0 or gamma >= 1):
            raise CatalogError(f"Focal gamma is out of range, got {gamma}. Expected 0, or at least 1.")
        if not alpha > 0:
            raise CatalogError(f"Focal alpha is out of range, got {alpha}. Expected above 0.")
        self.gamma = gamma
        self.alpha = alpha

    def forward(self, logits: Tensor, identities: Tensor) -> Tensor:
        """Return the mean loss over the batch."""
        check_batch("Logits", logits, identities)
        right = logits.log_softmax(1).gather(1, identities[:, None])[:, 0]
        # -expm1 keeps 1 - p exact where p is next to 1.
        return -(self.alpha * (-right.expm1()).clamp_min(0) ** self.gamma * right).mean()
