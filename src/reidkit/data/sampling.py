"""Which images form a training batch. All randomness of an item travels with it, from (seed, epoch) alone.

A sampler yields lists of `Draw`: the sample, and the seed of everything random that happens to it. So an
epoch is the same with any number of workers, whatever else draws random numbers, and after a resume. (NumPy
does not promise the same random streams in every version: resume with the one of the start.)
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from reidkit.core.errors import CatalogError, DatasetError

Integers = NDArray[np.int64]


class Draw(NamedTuple):
    """One item of a batch.

    Args:
        index: Position of the sample in the training split.
        seed: Seed of its augmentation and, for a tracklet, of its frame; in [0, 2^63).
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    seed: int


class BatchSampler(Protocol):
    """What a sampler can do: say how many batches an epoch has, be told the epoch, yield its batches."""

    def __len__(self) -> int:
        """Return the number of batches of every epoch."""

    def __iter__(self) -> Iterator[list[Draw]]:
        """Yield the batches of the current epoch, the same ones at each call."""

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, counted from 0, that the next iteration yields."""


class IdentityBatches:
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
        _check_positive("identities_per_batch", identities_per_batch)
        _check_positive("images_per_identity", images_per_identity)
        _check_seed(seed)
        values, identities, counts = np.unique(
            np.asarray(labels, np.int64), return_inverse=True, return_counts=True
        )
        if len(values) < identities_per_batch:
            raise DatasetError(
                f"Identity batches are not possible, got P={identities_per_batch} identities per batch but "
                f"the train split has {len(values)}. Expected at most {len(values)}. Set "
                f"identities_per_batch to {max(len(values), 1)} or less, or add identities."
            )
        self._identities: Integers = identities.astype(np.int64)
        self._counts: Integers = counts.astype(np.int64)
        self._starts: Integers = np.cumsum(self._counts) - self._counts
        self._groups: Integers = np.maximum(self._counts // images_per_identity, 1)
        self._identities_per_batch = identities_per_batch
        self._images_per_identity = images_per_identity
        self._num_batches = _count_batches(self._groups, identities_per_batch)
        self._seed = seed
        self._epoch = 0

    def __len__(self) -> int:
        """Return the number of batches of every epoch."""
        return self._num_batches

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, counted from 0, that the next iteration yields."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[list[Draw]]:
        """Yield the batches of the current epoch."""
        generator = np.random.default_rng([self._seed, self._epoch])
        slots = self._fill_slots(generator)
        yield from _draws(self._deal_images(slots, generator), generator)

    def _fill_slots(self, generator: np.random.Generator) -> Integers:
        """Return (B, P) identities, each at most once in a row.

        Identities in random order, repeated in a row, are cut into P columns of B. Each column is dealt to
        the B batches in an order of its own, so that who meets whom is random. No identity fills more than
        B slots, so it lies in one column, or at the end of one and the start of the next; in the second
        case its slots in the second column go to batches that it is not in yet.
        """
        appearances = self._choose_appearances(generator)
        order = generator.permutation(len(appearances))
        columns = np.repeat(order, appearances[order]).reshape(self._identities_per_batch, -1)
        batches = np.empty((self._num_batches, self._identities_per_batch), np.int64)
        last, taken = -1, np.empty(0, np.int64)
        for place, identities in enumerate(columns):
            target = generator.permutation(self._num_batches)
            shared = int((identities == last).sum())
            if shared:
                first = target[~np.isin(target, taken)][:shared]
                target = np.concatenate([first, target[~np.isin(target, first)]])
            batches[target, place] = identities
            last = int(identities[-1])
            taken = target[identities == last]
        return batches

    def _choose_appearances(self, generator: np.random.Generator) -> Integers:
        """Return how often each identity appears: 1 to B times, P * B in all."""
        appearances = np.minimum(self._groups, self._num_batches)
        excess = int(appearances.sum()) - self._identities_per_batch * self._num_batches
        if excess > 0:
            spare = np.repeat(np.arange(len(appearances)), appearances - 1)
            dropped = generator.choice(spare, excess, replace=False)
            appearances = appearances - np.bincount(dropped, minlength=len(appearances))
        elif excess < 0:
            # Less than one batch is missing, and at least as many identities have room for one more.
            repeated = generator.choice(
                np.flatnonzero(appearances < self._num_batches), -excess, replace=False
            )
            appearances[repeated] += 1
        return appearances

    def _deal_images(self, slots: Integers, generator: np.random.Generator) -> Integers:
        """Return (B, P * K) sample indices: each identity deals its shuffled images in turns."""
        shuffled = np.lexsort((generator.random(len(self._identities)), self._identities))
        flat = slots.ravel()
        by_identity = np.argsort(flat, kind="stable")  # stable: the batches of an identity stay in order
        appearances = np.bincount(flat, minlength=len(self._counts))
        turn = np.empty(len(flat), np.int64)
        turn[by_identity] = np.arange(len(flat)) - np.repeat(
            np.cumsum(appearances) - appearances, appearances
        )
        deal = turn[:, None] * self._images_per_identity + np.arange(self._images_per_identity)
        indices = shuffled[self._starts[flat][:, None] + deal % self._counts[flat][:, None]]
        return indices.reshape(self._num_batches, -1)


class ShuffledBatches:
    """Plain random batches: every sample once per epoch, in random order.

    Args:
        labels: Of the training samples, only their number counts; or that number.
        batch_size: Samples per batch.
        seed: With the epoch, decides everything.
        drop_last: Whether the samples that do not fill a batch wait for another epoch; else they form a
            smaller last batch, with which a batch normalisation may fail or drift.

    Raises:
        CatalogError: ``batch_size`` below 1, or a negative seed.
        DatasetError: no sample; or fewer than fill one batch, with ``drop_last``.
    """

    def __init__(
        self, labels: Sequence[int] | int, *, batch_size: int, seed: int, drop_last: bool = True
    ) -> None:
        _check_positive("batch_size", batch_size)
        _check_seed(seed)
        self._count = labels if isinstance(labels, int) else len(labels)
        needed = batch_size if drop_last else 1
        if self._count < needed:
            raise DatasetError(
                f"Shuffled batches are not possible, got batch_size={batch_size} but the train split has "
                f"{self._count} samples. Expected at least {needed}. Set batch_size to "
                f"{max(self._count, 1)} or less, or add images."
            )
        self._batch_size = batch_size
        self._drop_last = drop_last
        self._seed = seed
        self._epoch = 0

    def __len__(self) -> int:
        """Return the number of batches of every epoch."""
        return self._count // self._batch_size if self._drop_last else -(-self._count // self._batch_size)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, counted from 0, that the next iteration yields."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[list[Draw]]:
        """Yield the batches of the current epoch."""
        generator = np.random.default_rng([self._seed, self._epoch])
        order: Integers = generator.permutation(self._count)
        batches = [
            order[start : start + self._batch_size] for start in range(0, self._count, self._batch_size)
        ]
        yield from _draws(batches[: len(self)], generator)


SAMPLERS: dict[str, Callable[..., BatchSampler]] = {
    "identity": IdentityBatches,
    "shuffled": ShuffledBatches,
}
"""Every sampler takes ``labels`` (of the training split) and ``seed``; the rest is the recipe's to give."""


def _draws(batches: Integers | Sequence[Integers], generator: np.random.Generator) -> Iterator[list[Draw]]:
    for batch in batches:
        seeds = generator.integers(0, 2**63 - 1, len(batch), endpoint=True)
        yield [Draw(index, seed) for index, seed in zip(batch.tolist(), seeds.tolist(), strict=True)]


def _count_batches(groups: Integers, identities_per_batch: int) -> int:
    """Return the most batches for which all identities have enough groups, or what it takes to hold all.

    Args:
        groups: Per identity, how many groups of K different images it has, at least 1.
        identities_per_batch: P, at most the number of identities.
    """
    low, high = 1, int(groups.sum()) // identities_per_batch
    # sum(min(g, B)) - P * B is concave in B and not negative at 1: it stays so up to one largest B.
    while low < high:
        middle = (low + high + 1) // 2
        if int(np.minimum(groups, middle).sum()) >= identities_per_batch * middle:
            low = middle
        else:
            high = middle - 1
    return max(low, -(-len(groups) // identities_per_batch))


def _check_positive(name: str, value: int) -> None:
    if value < 1:
        raise CatalogError(f"{name} is too small, got {value}. Expected at least 1.")


def _check_seed(seed: int) -> None:
    if seed < 0:
        raise CatalogError(f"seed is negative, got {seed}. Expected at least 0.")
