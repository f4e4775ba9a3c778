"""The images of every identity, and how they are dealt to the slots that the identity has in an epoch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reidkit.data.sampling.checks import Integers


@dataclass(frozen=True)
class ImagesOfIdentities:
    """Which samples belong together, by consecutive numbers of identities.

    Args:
        identities: Per sample, the number of its identity, 0 to C - 1.
        counts: Per identity, how many samples it has.
        starts: Per identity, how many samples the identities before it have.
    """

    identities: Integers
    counts: Integers
    starts: Integers

    def deal(self, slots: Integers, images_per_identity: int, generator: np.random.Generator) -> Integers:
        """Return (B, P * K) samples: each identity deals its shuffled images in turns.

        Args:
            slots: (B, P) identities.
            images_per_identity: K.
            generator: Where random numbers come from.
        """
        shuffled = np.lexsort((generator.random(len(self.identities)), self.identities))
        flat = slots.ravel()
        by_identity = np.argsort(flat, kind="stable")  # stable: the batches of an identity stay in order
        appearances = np.bincount(flat, minlength=len(self.counts))
        turn = np.empty(len(flat), np.int64)
        turn[by_identity] = np.arange(len(flat)) - np.repeat(
            np.cumsum(appearances) - appearances, appearances
        )
        position = turn[:, None] * images_per_identity + np.arange(images_per_identity)
        indices: Integers = shuffled[self.starts[flat][:, None] + position % self.counts[flat][:, None]]
        return indices.reshape(len(slots), -1)

    def groups(self, images_per_identity: int) -> Integers:
        """Return per identity how many groups of K different images it has, at least 1."""
        return np.maximum(self.counts // images_per_identity, 1)


def group_by_identity(labels: Sequence[int] | Integers) -> ImagesOfIdentities:
    """Return which samples belong together.

    Args:
        labels: One integer per sample, equal for the samples of one identity.
    """
    _, identities, counts = np.unique(np.asarray(labels, np.int64), return_inverse=True, return_counts=True)
    return ImagesOfIdentities(identities, counts, np.cumsum(counts) - counts)
