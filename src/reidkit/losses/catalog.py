"""The catalog of losses. A row says by ``consumes`` whether it takes logits or features."""

from torch import nn

from reidkit.losses.cross_entropy import CrossEntropy
from reidkit.losses.triplet import BatchHardTriplet

LOSSES: dict[str, type[nn.Module]] = {
    "cross_entropy": CrossEntropy,
    "batch_hard_triplet": BatchHardTriplet,
}
