"""From the descriptors of frames to those of tracklets, over any image model."""

from collections.abc import Sequence
from typing import cast, get_args

import torch
from torch import Tensor, nn

from reidkit.core.errors import CatalogError, ShapeError
from reidkit.core.types import Temporal, TrainingOutputs


class AttentionPooling(nn.Module):
    """Average of the frames of a tracklet by weights that a learned score gives each of them.

    It starts as the plain average, since its scores start equal.

    Args:
        descriptor_dim: Numbers per descriptor.

    Reference:
        Attention over frames as one of several ways to pool them: Gao, Nevatia, "Revisiting Temporal Modeling
        for Video-based Person ReID", 2018, arXiv:1805.02104, section 3.

    Differs:
        The score is one linear map of the descriptor, where the paper convolves over maps and time.
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
        weights = self.weights(descriptors, is_there)
        if is_there is not None:
            descriptors = descriptors.masked_fill(~is_there[:, :, None], 0.0)
        pooled: Tensor = torch.einsum("nt,ntd->nd", weights, descriptors)
        return pooled

    def weights(self, descriptors: Tensor, is_there: Tensor | None = None) -> Tensor:
        """Return the weights of the frames, which add up to 1 in each tracklet.

        Args:
            descriptors: Of the frames.
            is_there: As above.

        Shape:
            (N, T, D) and (N, T), to (N, T).
        """
        scores = self.scores(descriptors)
        if is_there is not None:
            scores = scores.masked_fill(~is_there, float("-inf"))
        return scores.softmax(1)

    def scores(self, descriptors: Tensor) -> Tensor:
        """Return the scores (...) of frames (..., D), whose softmax the weights are."""
        scores: Tensor = self.score(descriptors).squeeze(-1)
        return scores


class TrackletPool:
    """Collects the descriptors of frames in any order and number, and gives those of their tracklets.

    Memory depends on the number of tracklets alone.

    Args:
        num_tracklets: N.
        how: "average", "max" of each number over the frames, or "attention".
        attention: What scores the frames, with "attention" only.

    Raises:
        CatalogError: ``how`` is unknown, or there is no attention to weigh by.
    """

    def __init__(
        self, num_tracklets: int, how: Temporal = "average", attention: AttentionPooling | None = None
    ) -> None:
        _check(how, attention)
        self.how = how
        self.attention = attention if how == "attention" else None
        self.totals: Tensor | None = None
        self.mass = torch.zeros(num_tracklets)
        """Frames of each tracklet, or their weights by attention, relative to the greatest of them."""
        self.peak = torch.full((num_tracklets,), float("-inf"))

    def add(self, tracklets: Tensor, descriptors: Tensor) -> None:
        """Take frames.

        Args:
            tracklets: int64 (B,), which tracklet each frame belongs to, on the CPU.
            descriptors: (B, D), on any device.
        """
        scores = None if self.attention is None else self.attention.scores(descriptors).float().cpu()
        descriptors = descriptors.float().cpu()
        if self.totals is None:
            start = float("-inf") if self.how == "max" else 0.0
            self.totals = torch.full((len(self.mass), descriptors.shape[1]), start)
        if self.how == "max":
            self.totals.scatter_reduce_(
                0, tracklets[:, None].expand_as(descriptors), descriptors, "amax", include_self=True
            )
        weights = torch.ones(len(tracklets)) if scores is None else self._weights(tracklets, scores)
        if self.how != "max":
            self.totals.index_add_(0, tracklets, weights[:, None] * descriptors)
        self.mass.index_add_(0, tracklets, weights)

    def pooled(self) -> Tensor:
        """Return the descriptors (N, D); NaN for a tracklet without frames."""
        totals = torch.zeros(len(self.mass), 1) if self.totals is None else self.totals
        if self.how == "max":
            return totals.masked_fill(self.mass[:, None] == 0, float("nan"))
        return totals / self.mass[:, None]  # 0 / 0 is NaN

    def _weights(self, tracklets: Tensor, scores: Tensor) -> Tensor:
        """Return weights relative to the greatest score so far; what is there is brought to a new one."""
        touched = torch.unique(tracklets)
        before = self.peak[touched]
        self.peak.scatter_reduce_(0, tracklets, scores, "amax")
        shrink = (before - self.peak[touched]).exp()
        cast(Tensor, self.totals)[touched] *= shrink[:, None]
        self.mass[touched] *= shrink
        return (scores - self.peak[tracklets]).exp()


def _check(how: str, attention: AttentionPooling | None) -> None:
    if how not in get_args(Temporal):
        raise CatalogError(
            f"Temporal pooling is unknown, got '{how}'. Expected one of: {get_args(Temporal)}."
        )
    if how == "attention" and attention is None:
        raise CatalogError(
            "Temporal pooling 'attention' needs a model that learned to weigh frames, got none. Expected "
            "average or max; or a model trained with sampling.temporal=attention."
        )


def pool_frames(
    descriptors: Tensor,
    lengths: Sequence[int],
    how: Temporal = "average",
    attention: AttentionPooling | None = None,
) -> Tensor:
    """Return one descriptor per tracklet.

    Args:
        descriptors: Of the frames, one tracklet after the other.
        lengths: Frames of each tracklet, at least one.
        how: "average", "max" of each number over the frames, or "attention".
        attention: What scores the frames, with "attention": ``model.frame_attention`` of a model that learned
            it.

    Shape:
        (T, D) with T the sum of the N lengths, to (N, D).

    Raises:
        CatalogError: ``how`` is unknown, or there is no attention to weigh by.
        ShapeError: the lengths do not fit the frames.
    """
    _check(how, attention)
    if descriptors.ndim != 2 or sum(lengths) != len(descriptors) or any(length < 1 for length in lengths):
        raise ShapeError(
            f"Lengths of tracklets do not fit their frames, got {list(lengths)} for descriptors of shape "
            f"{tuple(descriptors.shape)}. Expected (T, D) and lengths of at least 1 whose sum is T."
        )
    if not lengths:
        return descriptors.new_zeros(0, descriptors.shape[1])
    parts = torch.split(descriptors, list(lengths))
    if how == "attention":
        return torch.stack([cast(AttentionPooling, attention)(part[None])[0] for part in parts])
    return torch.stack([part.mean(0) if how == "average" else part.amax(0) for part in parts])


def pool_training_outputs(
    outputs: TrainingOutputs, frames_per_tracklet: int, attention: AttentionPooling | None = None
) -> TrainingOutputs:
    """Make one training example of the frames of each tracklet: features and logits averaged over them.

    Args:
        outputs: Of B * S frames, those of a tracklet side by side.
        frames_per_tracklet: S.
        attention: Weighs the frames by their descriptors; None weighs all alike.

    Raises:
        CatalogError: the model does not say its descriptors, which attention needs.

    Differs:
        Logits are averaged as the features are, by the same weights: behind a linear classifier they are
        those of the averaged input of the classifier. Behind one of cosines they are mean cosines.
    """
    if attention is not None and outputs.descriptors is None:
        raise CatalogError(
            "Attention over frames needs the descriptors of a model, got training outputs without any. "
            "Expected TrainingOutputs(..., descriptors=...)."
        )

    def grouped(values: Tensor) -> Tensor:
        return values.float().reshape(-1, frames_per_tracklet, values.shape[1])

    if attention is None:
        some = grouped((*outputs.features, *outputs.logits)[0])
        weights = torch.full(some.shape[:2], 1 / frames_per_tracklet, device=some.device)
    else:
        weights = attention.weights(grouped(cast(Tensor, outputs.descriptors)))

    def pooled(values: Tensor) -> Tensor:
        return torch.einsum("nt,ntd->nd", weights, grouped(values))

    return TrainingOutputs(
        tuple(map(pooled, outputs.features)),
        tuple(map(pooled, outputs.logits)),
        outputs.branch_weights,
        None if outputs.descriptors is None else pooled(outputs.descriptors),
    )
