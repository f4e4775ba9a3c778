"""P identities with K images each: the batches of losses that compare images."""

from collections.abc import Iterable, Sequence

import numpy as np

from reidkit.data.sampling.checks import Integers, check_enough_identities, check_positive
from reidkit.data.sampling.draw import SeededBatches
from reidkit.data.sampling.images_of_identities import group_by_identity
from reidkit.data.sampling.slots import count_batches, fill_slots


class IdentityBatches(SeededBatches):
    """Batches of exactly P identities with exactly K images of each (P x K), for losses that compare.

    The draws of an identity lie side by side in a batch: K of the first, K of the second, and so on.

    Every epoch has the same number of batches and holds every identity at least once. An identity of n
    images appears about n / K times, each time in another batch. Its images are dealt in random order, in
    turns: none is dealt again before all others were. So with n >= K the K images differ, and with n < K
    each of them comes floor(K / n) or ceil(K / n) times.

    Args:
        labels: One integer per training sample, equal for the samples of one identity.
        identities_per_batch: P.
        images_per_identity: K.
        seed: With the epoch, decides everything.

    Corner cases:
        - n is no multiple of K: up to K - 1 images of the identity wait for another epoch.
        - An identity would appear in more batches than there are: its images beyond wait for another
          epoch. With few more than P identities those with few images bound the length of the epoch, so
          that no small identity is repeated over and over; with exactly P, the smallest one bounds it.
        - The identities do not fill the last batch: some appear once more, which deals their images anew.

    Reference:
        Hermans, Beyer, Leibe, "In Defense of the Triplet Loss for Person Re-Identification", 2017,
        arXiv:1703.07737, section 2.

    Differs:
        The paper draws the identities of each batch anew; here an epoch covers all of them.

    Raises:
        CatalogError: P or K below 1, or a negative seed.
        DatasetError: fewer than P identities.
    """

    def __init__(
        self, labels: Sequence[int], *, identities_per_batch: int, images_per_identity: int, seed: int
    ) -> None:
        check_positive("identities_per_batch", identities_per_batch)
        check_positive("images_per_identity", images_per_identity)
        self._images = group_by_identity(labels)
        found = len(self._images.counts)
        check_enough_identities(found, identities_per_batch, argument=found, place="the train split")
        self._wanted = self._images.groups(images_per_identity)
        self._identities_per_batch = identities_per_batch
        super().__init__(
            num_batches=count_batches(self._wanted, identities_per_batch),
            batch_size=identities_per_batch * images_per_identity,
            group_size=images_per_identity,
            seed=seed,
        )

    def _batches(self, generator: np.random.Generator) -> Iterable[Integers]:
        slots = fill_slots(self._wanted, self._identities_per_batch, len(self), generator)
        return self._images.deal(slots, self.group_size, generator)
