"""P identities with K images each, every identity equally often, however many images it has."""

from collections.abc import Iterable, Sequence

import numpy as np

from reidkit.data.sampling.checks import Integers, check_enough_identities, check_positive
from reidkit.data.sampling.draw import SeededBatches
from reidkit.data.sampling.images_of_identities import group_by_identity
from reidkit.data.sampling.slots import fill_slots


class IdentityBalancedBatches(SeededBatches):
    """P x K batches in which every identity appears equally often, for data of many and of few images each.

    As in `IdentityBatches` a batch has exactly P different identities with K draws of each, side by side,
    and an identity deals its images in turns. But each identity appears A times in an epoch whether it has
    two images or two thousand: those of the first come again and again, most of the second wait.

    Args:
        labels: One integer per training sample, equal for the samples of one identity.
        identities_per_batch: P.
        images_per_identity: K.
        appearances: A, how often each identity appears in an epoch. None: as often as an identity of the
            mean number of images has K new ones, so that an epoch draws about as many images as there are.
        seed: With the epoch, decides everything.

    Corner cases:
        A times the number of identities is no multiple of P: fewer than P identities, others in each epoch,
        appear once more to fill the last batch.

    Raises:
        CatalogError: P, K or A below 1, or a negative seed.
        DatasetError: fewer than P identities.
    """

    def __init__(
        self,
        labels: Sequence[int],
        *,
        identities_per_batch: int,
        images_per_identity: int,
        appearances: int | None = None,
        seed: int,
    ) -> None:
        check_positive("identities_per_batch", identities_per_batch)
        check_positive("images_per_identity", images_per_identity)
        if appearances is not None:
            check_positive("appearances", appearances)
        self._images = group_by_identity(labels)
        found = len(self._images.counts)
        check_enough_identities(found, identities_per_batch, argument=found, place="the train split")
        if appearances is None:
            appearances = max(1, len(labels) // (found * images_per_identity))
        self._wanted: Integers = np.full(found, appearances, np.int64)
        self._identities_per_batch = identities_per_batch
        super().__init__(
            num_batches=-(-found * appearances // identities_per_batch),
            batch_size=identities_per_batch * images_per_identity,
            group_size=images_per_identity,
            seed=seed,
        )

    def _batches(self, generator: np.random.Generator) -> Iterable[Integers]:
        slots = fill_slots(self._wanted, self._identities_per_batch, len(self), generator)
        return self._images.deal(slots, self.group_size, generator)
