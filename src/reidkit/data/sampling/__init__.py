"""Which images form a training batch. All randomness of an item travels with it, from (seed, epoch) alone.

A sampler yields lists of `Draw`: the sample, and the seed of everything random that happens to it. So an
epoch is the same with any number of workers, whatever else draws random numbers, and after a resume. (NumPy
does not promise the same random streams in every version: resume with the one of the start.)
"""

from collections.abc import Callable

from reidkit.data.sampling.camera_diverse import CameraDiverseBatches
from reidkit.data.sampling.domain_balanced import DomainBalancedBatches
from reidkit.data.sampling.draw import BatchSampler, Draw, SeededBatches
from reidkit.data.sampling.identity import IdentityBatches
from reidkit.data.sampling.identity_balanced import IdentityBalancedBatches
from reidkit.data.sampling.sharding import ShardedBatches, shard
from reidkit.data.sampling.shuffled import ShuffledBatches

SAMPLERS: dict[str, Callable[..., BatchSampler]] = {
    "identity": IdentityBatches,
    "identity_balanced": IdentityBalancedBatches,
    "camera_diverse": CameraDiverseBatches,
    "domain_balanced": DomainBalancedBatches,
    "shuffled": ShuffledBatches,
}
"""Every sampler takes ``labels`` (of the training split) and ``seed``. One that needs to know more of the
samples takes ``cameras`` or ``domains`` (one integer each, or None where the data does not say). The rest is
the recipe's to give."""

__all__ = [
    "SAMPLERS",
    "BatchSampler",
    "CameraDiverseBatches",
    "DomainBalancedBatches",
    "Draw",
    "IdentityBalancedBatches",
    "IdentityBatches",
    "SeededBatches",
    "ShardedBatches",
    "ShuffledBatches",
    "shard",
]
