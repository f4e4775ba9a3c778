"""From the descriptors of frames to those of tracklets, over any image model."""

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from reidkit.core.errors import CatalogError, ShapeError

Temporal = Literal["average", "max"]


def check_temporal(how: str) -> None:
    """Refuse a way to pool frames that is not there.

    Raises:
        CatalogError: it is neither "average" nor "max".
    """
    if how not in get_args(Temporal):
        raise CatalogError(
            f"Temporal pooling is unknown, got '{how}'. Expected one of: {get_args(Temporal)}."
        )


def pool_frames(descriptors: Tensor, lengths: Sequence[int], how: Temporal = "average") -> Tensor:
    """Return one descriptor per tracklet.

    Args:
        descriptors: Of the frames, one tracklet after the other.
        lengths: Frames of each tracklet, at least one.
        how: "average", or "max" of each number over the frames.

    Shape:
        (T, D) with T the sum of the N lengths, to (N, D).

    Raises:
        CatalogError: ``how`` is unknown.
        ShapeError: the lengths do not fit the frames.
    """
    check_temporal(how)
    if descriptors.ndim != 2 or sum(lengths) != len(descriptors) or any(length < 1 for length in lengths):
        raise ShapeError(
            f"Lengths of tracklets do not fit their frames, got {list(lengths)} for descriptors of shape "
            f"{tuple(descriptors.shape)}. Expected (T, D) and lengths of at least 1 whose sum is T."
        )
    if not lengths:
        return descriptors.new_zeros(0, descriptors.shape[1])
    parts = torch.split(descriptors, list(lengths))
    return torch.stack([part.mean(0) if how == "average" else part.amax(0) for part in parts])


class AttentionPooling(nn.Module):
    """Average of the frames of a tracklet by weights that a learned score gives each of them.

    It starts as the plain average, since its scores start equal.

    Args:
        descriptor_dim: Numbers per descriptor.
    """

    def __init__(self, descriptor_dim: int) -> None:
        super().__init__()
        self.score = nn.Linear(descriptor_dim, 1, bias=False)  # a bias would weigh all frames alike
        nn.init.zeros_(self.score.weight)

    def forward(self, descriptors: Tensor, is_there: Tensor | None = None) -> Tensor:
        """Return one descriptor per tracklet.

        Args:
            descriptors: Of the frames.
            is_there: False for places without a frame, where tracklets are of several lengths; None where
                all places are taken. Each tracklet has at least one frame.

        Shape:
            (N, T, D) and (N, T), to (N, D).
        """
        scores = self.score(descriptors).squeeze(2)
        if is_there is not None:
            scores = scores.masked_fill(~is_there, float("-inf"))
            descriptors = descriptors.masked_fill(~is_there[:, :, None], 0.0)
        pooled: Tensor = torch.einsum("nt,ntd->nd", scores.softmax(1), descriptors)
        return pooled
