"""What a sampler yields, and what every sampler of ours shares: batches that (seed, epoch) alone decide."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

import numpy as np

from reidkit.data.sampling.checks import Integers, check_not_negative


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


class SeededBatches(ABC):
    """A sampler whose epochs all have the same length and depend on (seed, epoch) alone.

    Args:
        num_batches: Batches of every epoch.
        batch_size: Draws of every batch; None where one batch is smaller than the others.
        group_size: So many draws lie side by side and belong together: the K images of an identity. 1 where
            every draw stands for itself.
        seed: With the epoch, decides everything.

    Raises:
        CatalogError: a negative seed or epoch.
    """

    def __init__(self, *, num_batches: int, batch_size: int | None, group_size: int, seed: int) -> None:
        check_not_negative("seed", seed)
        self.batch_size = batch_size
        self.group_size = group_size
        self._num_batches = num_batches
        self._seed = seed
        self._epoch = 0

    def __len__(self) -> int:
        """Return the number of batches of every epoch."""
        return self._num_batches

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, counted from 0, that the next iteration yields."""
        check_not_negative("epoch", epoch)
        self._epoch = epoch

    def __iter__(self) -> Iterator[list[Draw]]:
        """Yield the batches of the current epoch."""
        generator = np.random.default_rng([self._seed, self._epoch])
        for indices in self._batches(generator):
            seeds = generator.integers(0, 2**63 - 1, len(indices), endpoint=True)
            yield [Draw(index, seed) for index, seed in zip(indices.tolist(), seeds.tolist(), strict=True)]

    @abstractmethod
    def _batches(self, generator: np.random.Generator) -> Iterable[Integers]:
        """Return the sample indices of every batch of an epoch."""
