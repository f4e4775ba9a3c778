"""Plain random batches."""

from collections.abc import Iterable, Sequence

import numpy as np

from reidkit.core.errors import DatasetError
from reidkit.data.sampling.checks import Integers, check_positive
from reidkit.data.sampling.draw import SeededBatches


class ShuffledBatches(SeededBatches):
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
        check_positive("batch_size", batch_size)
        self._count = labels if isinstance(labels, int) else len(labels)
        needed = batch_size if drop_last else 1
        if self._count < needed:
            raise DatasetError(
                f"Shuffled batches are not possible, got batch_size={batch_size} but the train split has "
                f"{self._count} samples. Expected at least {needed}. Set batch_size to "
                f"{max(self._count, 1)} or less, or add images."
            )
        self._step = batch_size
        has_smaller_last = not drop_last and self._count % batch_size > 0
        super().__init__(
            num_batches=self._count // batch_size + has_smaller_last,
            batch_size=None if has_smaller_last else batch_size,
            group_size=1,
            seed=seed,
        )

    def _batches(self, generator: np.random.Generator) -> Iterable[Integers]:
        order: Integers = generator.permutation(self._count)
        return [order[number * self._step : (number + 1) * self._step] for number in range(len(self))]
