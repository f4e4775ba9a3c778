"""One sampler for several processes that train together: each takes its part of the same global batches."""

from collections.abc import Iterator

from reidkit.core.errors import CatalogError
from reidkit.data.sampling.draw import BatchSampler, Draw, SeededBatches


class ShardedBatches:
    """The part of every batch that one of several processes takes; see `shard`.

    Args:
        sampler: Of the global batches.
        rank: Number of the process, from 0.
        num_ranks: How many processes there are.
    """

    def __init__(self, sampler: SeededBatches, *, rank: int, num_ranks: int) -> None:
        self._sampler = sampler
        self._rank = rank
        self._num_ranks = num_ranks

    def __len__(self) -> int:
        """Return the number of batches of every epoch, on every rank that of the global ones."""
        return len(self._sampler)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, counted from 0, that the next iteration yields; the sampler is told."""
        self._sampler.set_epoch(epoch)

    def __iter__(self) -> Iterator[list[Draw]]:
        """Yield this rank's part of the batches of the current epoch."""
        size = self._sampler.group_size
        for batch in self._sampler:
            yield [
                draw
                for start in range(self._rank * size, len(batch), self._num_ranks * size)
                for draw in batch[start : start + size]
            ]


def shard(sampler: BatchSampler, rank: int, num_ranks: int) -> ShardedBatches:
    """Return the batches that one of several processes trains on.

    The global batch is the one that a single process would have: together the ranks hold exactly its draws,
    with the same seeds. Rank r takes identities r, r + R, r + 2R, ... of each batch, whole, so that all ranks
    have equally many; and with `DomainBalancedBatches` each has an equal part of every domain, where P / M is
    a multiple of R.

    Args:
        sampler: Of the global batches; it is not copied, and learns the epoch through the result.
        rank: Number of this process, 0 to R - 1.
        num_ranks: R, how many processes there are.

    Raises:
        CatalogError: no such rank, a sampler that is none of ours, P (or the batch size, where no identities
            are grouped) no multiple of R, or a smaller last batch.
    """
    if num_ranks < 1 or not 0 <= rank < num_ranks:
        raise CatalogError(
            f"rank is unknown, got {rank} of {num_ranks} processes. Expected 0 to one less than their number."
        )
    if not isinstance(sampler, SeededBatches):
        raise CatalogError(
            f"Sampler cannot be shared among processes, got {type(sampler).__name__}. Expected a "
            f"SeededBatches, which knows what draws belong together. Derive yours from it."
        )
    if sampler.batch_size is None:
        raise CatalogError(
            "Batches cannot be shared among processes, got a last batch that is smaller than the others. "
            "Expected batches of one size. Set drop_last to true."
        )
    groups = sampler.batch_size // sampler.group_size
    if groups % num_ranks:
        noun = "identities_per_batch" if sampler.group_size > 1 else "Size of the batches"
        raise CatalogError(
            f"{noun} cannot be shared among {num_ranks} processes, got {groups}. Expected a multiple of "
            f"{num_ranks}, such as {-(-groups // num_ranks) * num_ranks}."
        )
    return ShardedBatches(sampler, rank=rank, num_ranks=num_ranks)
