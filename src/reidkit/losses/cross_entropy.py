"""Identity classification."""

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from reidkit.core.checks import check_batch
from reidkit.core.errors import CatalogError


class CrossEntropy(nn.Module):
    """Cross entropy over the training identities, with label smoothing.

    Args:
        label_smoothing: The smoothed target is 1 - e + e / C for the identity and e / C for the others.

    Shape:
        logits (B, C), identities (B,) int64 in [0, C) -> scalar.

    Raises:
        CatalogError: label_smoothing is not in [0, 1).
        ShapeError: logits and identities do not fit, or the batch is empty.

    Reference:
        Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, "Rethinking the Inception Architecture for Computer
        Vision", CVPR 2016, section 7.
    """

    consumes: ClassVar[str] = "logits"

    def __init__(self, *, label_smoothing: float = 0.0) -> None:
        super().__init__()
        if not 0 <= label_smoothing < 1:
            raise CatalogError(f"label_smoothing is out of range, got {label_smoothing}. Expected [0, 1).")
        self.label_smoothing = label_smoothing

    def forward(self, logits: Tensor, identities: Tensor) -> Tensor:
        """Return the mean loss over the batch."""
        check_batch("Logits", logits, identities)
        return F.cross_entropy(logits, identities, label_smoothing=self.label_smoothing)
