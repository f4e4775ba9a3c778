"""The catalog of losses. A row says by ``consumes`` whether it takes logits, cosines or features.

A row whose ``targets`` is "attributes" learns those of the samples in place of their identities.
"""

from torch import nn

from reidkit.losses.arc_face import ArcFace
from reidkit.losses.attribute_classification import AttributeClassification
from reidkit.losses.center import Center
from reidkit.losses.circle_softmax import CircleSoftmax
from reidkit.losses.contrastive import Contrastive
from reidkit.losses.cos_face import CosFace
from reidkit.losses.cross_batch_memory import CrossBatchMemory
from reidkit.losses.cross_entropy import CrossEntropy
from reidkit.losses.focal import Focal
from reidkit.losses.instance import Instance
from reidkit.losses.lifted_structure import LiftedStructure
from reidkit.losses.multi_similarity import MultiSimilarity
from reidkit.losses.norm_softmax import NormSoftmax
from reidkit.losses.pairwise_circle import PairwiseCircle
from reidkit.losses.pairwise_cos_face import PairwiseCosFace
from reidkit.losses.proxy_anchor import ProxyAnchor
from reidkit.losses.sphere_face import SphereFace
from reidkit.losses.supervised_contrastive import SupervisedContrastive
from reidkit.losses.triplet import BatchHardTriplet
from reidkit.losses.weighted_triplet import WeightedTriplet

LOSSES: dict[str, type[nn.Module]] = {
    "cross_entropy": CrossEntropy,
    "focal": Focal,
    "norm_softmax": NormSoftmax,
    "cos_face": CosFace,
    "arc_face": ArcFace,
    "sphere_face": SphereFace,
    "circle_softmax": CircleSoftmax,
    "batch_hard_triplet": BatchHardTriplet,
    "weighted_triplet": WeightedTriplet,
    "pairwise_circle": PairwiseCircle,
    "pairwise_cos_face": PairwiseCosFace,
    "contrastive": Contrastive,
    "lifted_structure": LiftedStructure,
    "supervised_contrastive": SupervisedContrastive,
    "multi_similarity": MultiSimilarity,
    "center": Center,
    "proxy_anchor": ProxyAnchor,
    "instance": Instance,
    "cross_batch_memory": CrossBatchMemory,
    "attribute_classification": AttributeClassification,
}
