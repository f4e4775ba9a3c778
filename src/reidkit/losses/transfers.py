"""The catalog of transfers: losses between what two networks say of one batch.

A row says by ``consumes`` whether it takes logits, features, or the maps of stages before their activation.
"""

from torch import nn

from reidkit.losses.feature_overhaul import FeatureOverhaul
from reidkit.losses.kl_divergence import KlDivergence, SymmetricKl
from reidkit.losses.logit_difference import LogitDifference
from reidkit.losses.similarity_transfer import SimilarityTransfer

TRANSFERS: dict[str, type[nn.Module]] = {
    "logit_difference": LogitDifference,
    "kl_divergence": KlDivergence,
    "symmetric_kl": SymmetricKl,
    "similarity_transfer": SimilarityTransfer,
    "feature_overhaul": FeatureOverhaul,
}
