"""The catalog of losses. A row says by ``consumes`` whether it takes logits, cosines or features."""

from torch import nn

from reidkit.losses.arc_face import ArcFace
from reidkit.losses.circle_softmax import CircleSoftmax
from reidkit.losses.cos_face import CosFace
from reidkit.losses.cross_entropy import CrossEntropy
from reidkit.losses.focal import Focal
from reidkit.losses.norm_softmax import NormSoftmax
from reidkit.losses.sphere_face import SphereFace
from reidkit.losses.triplet import BatchHardTriplet

LOSSES: dict[str, type[nn.Module]] = {
    "cross_entropy": CrossEntropy,
    "focal": Focal,
    "norm_softmax": NormSoftmax,
    "cos_face": CosFace,
    "arc_face": ArcFace,
    "sphere_face": SphereFace,
    "circle_softmax": CircleSoftmax,
    "batch_hard_triplet": BatchHardTriplet,
}
