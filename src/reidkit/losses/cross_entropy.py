"""Identity classification."""

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reidkit.core.checks import check_batch
from reidkit.core.errors import CatalogError

SmoothedOver = Literal["all", "others"]


class CrossEntropy(nn.Module):
    """Cross entropy over the training identities, with label smoothing.

    Args:
        label_smoothing: Share e of the target that is spread over the identities.
        smoothed_over: "all" gives each of the C identities e / C, so that the right one has 1 - e + e / C,
            as in the paper; "others" gives the C - 1 wrong ones e / (C - 1) and the right one 1 - e.
        is_adaptive: Of each sample only the share label_smoothing times the probability of its identity is
            spread, a number that no gradient goes through: what is not learned yet is not smoothed.

    Shape:
        logits (B, C), identities (B,) int64 in [0, C) -> scalar.

    Corner cases:
        A single identity has no others; there is nothing to smooth and the loss is 0.

    Raises:
        CatalogError: label_smoothing is not in [0, 1), or smoothed_over is unknown.
        ShapeError: logits and identities do not fit, or the batch is empty.

    Reference:
        Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, "Rethinking the Inception Architecture for Computer
        Vision", CVPR 2016, section 7. The adaptive share: FastReID.

    Differs:
        FastReID divides by the samples whose loss is not exactly 0; this one by all.
    """

    consumes: ClassVar[str] = "logits"

    def __init__(
        self,
        *,
        label_smoothing: float = 0.0,
        smoothed_over: SmoothedOver = "all",
        is_adaptive: bool = False,
    ) -> None:
        super().__init__()
        check_smoothing(label_smoothing, smoothed_over)
        self.label_smoothing = label_smoothing
        self.smoothed_over: SmoothedOver = smoothed_over
        self.is_adaptive = is_adaptive

    def forward(self, logits: Tensor, identities: Tensor) -> Tensor:
        """Return the mean loss over the batch."""
        check_batch("Logits", logits, identities)
        if not self.is_adaptive:
            return smoothed_cross_entropy(logits, identities, self.label_smoothing, self.smoothed_over)
        with torch.no_grad():
            probabilities = logits.softmax(1).gather(1, identities[:, None])[:, 0]
        return smoothed_cross_entropy(
            logits, identities, self.label_smoothing * probabilities, self.smoothed_over
        )


def check_smoothing(label_smoothing: float, smoothed_over: str) -> None:
    """Refuse a share out of range and an unknown way to spread it.

    Raises:
        CatalogError: label_smoothing is not in [0, 1), or smoothed_over is unknown.
    """
    if not 0 <= label_smoothing < 1:
        raise CatalogError(f"label_smoothing is out of range, got {label_smoothing}. Expected [0, 1).")
    if smoothed_over not in ("all", "others"):
        raise CatalogError(f"smoothed_over is unknown, got '{smoothed_over}'. Expected 'all' or 'others'.")


def smoothed_cross_entropy(
    logits: Tensor, identities: Tensor, smoothing: float | Tensor, smoothed_over: SmoothedOver
) -> Tensor:
    """Return the mean cross entropy (scalar) of logits (B, C) with smoothed targets; see `CrossEntropy`.

    Args:
        logits: (B, C).
        identities: (B,) columns.
        smoothing: Share that is spread, one for all or (B,).
        smoothed_over: What it is spread over.
    """
    if isinstance(smoothing, float | int) and smoothed_over == "all":
        return F.cross_entropy(logits, identities, label_smoothing=smoothing)
    logarithms = logits.log_softmax(1)
    right = logarithms.gather(1, identities[:, None])[:, 0]
    if smoothed_over == "all":
        spread = logarithms.mean(1)
    else:
        spread = (logarithms.sum(1) - right) / max(logits.shape[1] - 1, 1)
    return -((1 - smoothing) * right + smoothing * spread).mean()
