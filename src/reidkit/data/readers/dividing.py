"""Divide identities by a seed: the same on every platform and version, under any order of the data."""

import hashlib
from collections.abc import Hashable, Iterable
from typing import TypeVar

from reidkit.core.errors import CatalogError

Item = TypeVar("Item", bound=Hashable)


def seeded_order(items: Iterable[Item], *, seed: int | str) -> list[Item]:
    """Return different items in an order that depends on them and the seed alone.

    A hash and no generator: NumPy's and Python's random numbers may change between versions, and the order
    of a set changes between processes.

    Example:
        >>> seeded_order(["a", "b", "c"], seed=0) == seeded_order(["c", "a", "b"], seed=0)
        True
    """
    unique = dict.fromkeys(items)
    return sorted(unique, key=lambda item: hashlib.sha256(f"{seed}:{item}".encode()).digest())


def choose(items: Iterable[Item], count: int, *, seed: int | str) -> set[Item]:
    """Return so many of the items, chosen by the seed; all of them where there are fewer."""
    return set(seeded_order(items, seed=seed)[:count])


def check_split(split: int, num_splits: int) -> None:
    """Refuse the number of a split that does not exist.

    Raises:
        CatalogError: ``split`` is not 0 to ``num_splits`` - 1.
    """
    if not 0 <= split < num_splits:
        raise CatalogError(
            f"split is unknown, got {split}. Expected 0 to {num_splits - 1}; the published scores are means "
            f"over all {num_splits}."
        )
