"""Test sets of several sizes, of which a person names one."""

from collections.abc import Mapping
from typing import TypeVar

from reidkit.core.errors import CatalogError

Test = TypeVar("Test")


def find_size(sizes: Mapping[str, Test], size: str) -> Test:
    """Return the test set of a size.

    Raises:
        CatalogError: there is none of that size.
    """
    if size not in sizes:
        *others, last = sizes
        raise CatalogError(f"size is unknown, got {size!r}. Expected {', '.join(others)} or {last}.")
    return sizes[size]
