"""Checks of what samplers are given."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.data.wording import quantity

Integers = NDArray[np.int64]


def check_positive(name: str, value: int) -> None:
    """Refuse a number below 1.

    Raises:
        CatalogError: it is.
    """
    if value < 1:
        raise CatalogError(f"{name} is too small, got {value}. Expected at least 1.")


def check_not_negative(name: str, value: int) -> None:
    """Refuse a number below 0.

    Raises:
        CatalogError: it is.
    """
    if value < 0:
        raise CatalogError(f"{name} is negative, got {value}. Expected at least 0.")


def one_per_sample(values: Sequence[int] | None, count: int, *, noun: str, sampler: str) -> Integers:
    """Return what a sampler must know of every sample.

    Args:
        values: One integer per training sample; None where the data set does not say.
        count: Number of training samples.
        noun: What the integers number, such as ``"camera"``.
        sampler: Key of the sampler that needs them.

    Raises:
        DatasetError: None, or not one per sample.
    """
    if values is None:
        raise DatasetError(
            f"Sampler '{sampler}' needs the {noun} of every training image, got none. Expected a data set "
            f"that says its {noun}s. Set sampling.name to 'identity', or give every sample a {noun}."
        )
    if len(values) != count:
        raise DatasetError(
            f"Sampler '{sampler}' got {quantity(len(values), noun)} for {quantity(count, 'sample')}. "
            f"Expected one {noun} per training sample."
        )
    return np.asarray(values, np.int64)


def check_enough_identities(found: int, needed: int, *, argument: int, place: str) -> None:
    """Refuse a batch of more identities than there are.

    Args:
        found: Identities of the place.
        needed: Different identities that a batch takes from it.
        argument: Largest ``identities_per_batch`` that would do.
        place: Where they were looked for, such as ``"the train split"``.

    Raises:
        DatasetError: fewer were found than are needed.
    """
    if found < needed:
        raise DatasetError(
            f"Identity batches are not possible, got P={needed} identities per batch but {place} has "
            f"{found}. Expected at most {found}. Set identities_per_batch to {max(argument, 1)} or less, or "
            f"add identities."
        )
