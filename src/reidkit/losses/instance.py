"""Instance loss: every sample, or every identity, of a batch is a class of its own."""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reidkit.core.checks import check_batch
from reidkit.core.errors import CatalogError


class Instance(nn.Module):
    """Cross entropy of each sample over the batch, in which it has to find itself by its direction.

    The logits are the scaled cosines of the samples among themselves; the right answer of sample i is i.

    Args:
        scale: Factor of the cosines.
        merges_identities: Whether the samples of an identity first become one, the mean of their directions,
            so that classes are identities. Otherwise samples of one identity are told apart too.

    Shape:
        features (B, D), identities (B,) int64 -> scalar.

    Corner cases:
        A batch with one class has nothing to tell apart; the loss is 0. The loss of samples has a minimum
        above 0, log n for n samples of an identity that coincide.

    Raises:
        CatalogError: a scale that is not positive.
        ShapeError: features and identities do not fit, or the batch is empty.

    Reference:
        Zheng, Zheng, Garrett, Yang, Xu, Shen, "Dual-Path Convolutional Image-Text Embeddings with Instance
        Loss", TOMM 2020, arXiv:1711.05535, for the idea; the form without learned classes is that of the
        first author's baseline.

    Differs:
        pytorch-metric-learning answers a sample by the rank of its identity among the identities of the
        batch, which is no column of the sample: six features at right angles cost 0 where their labels are
        sorted and 27 where they are not. Merged directions have length 1 again here.
    """

    consumes: ClassVar[str] = "features"

    def __init__(self, *, scale: float = 32.0, merges_identities: bool = False) -> None:
        super().__init__()
        if not scale > 0:
            raise CatalogError(f"Instance scale is out of range, got {scale}. Expected above 0.")
        self.scale = scale
        self.merges_identities = merges_identities

    def forward(self, features: Tensor, identities: Tensor) -> Tensor:
        """Return the mean loss over the classes of the batch."""
        check_batch("Features", features, identities)
        directions = F.normalize(features)
        if self.merges_identities:
            present, place = torch.unique(identities, return_inverse=True)
            sums = directions.new_zeros(len(present), directions.shape[1])
            directions = F.normalize(sums.index_add(0, place, directions))
        logits = self.scale * directions @ directions.T
        return F.cross_entropy(logits, torch.arange(len(logits), device=logits.device))
