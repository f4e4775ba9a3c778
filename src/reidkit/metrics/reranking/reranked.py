"""What a re-ranking gives: distances of a few queries at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from reidkit.core.errors import CatalogError
from reidkit.metrics.blocks import cut_rows


@dataclass(frozen=True, eq=False)
class RerankedDistances:
    """Distances between queries and gallery after re-ranking; smaller is more alike.

    Args:
        num_queries: Q.
        num_gallery: G.
        compute: Gives the (rows, G) distances of some queries.
        description: The method and its values, as it is stored with the scores.
    """

    num_queries: int
    num_gallery: int
    compute: Callable[[slice], Tensor]
    description: str

    @property
    def shape(self) -> tuple[int, int]:
        """(Q, G)."""
        return self.num_queries, self.num_gallery

    def key_tensor(self, rows: slice) -> Tensor:
        """Return the distances (rows, G) of some queries, on the device that computes them."""
        return self.compute(rows)

    def keys(self, rows: slice) -> NDArray[np.floating]:
        """Return the distances (rows, G) of some queries for NumPy."""
        return self.compute(rows).cpu().numpy()

    def row_slices(self) -> Iterator[slice]:
        """Cut the queries into blocks of bounded memory."""
        return cut_rows(*self.shape, 4)

    def matrix(self) -> NDArray[np.floating]:
        """Return all (Q, G) distances at once, for small data."""
        return self.keys(slice(0, self.num_queries))


def check_counts(**counts: int) -> None:
    """Refuse numbers of neighbours below 1.

    Args:
        **counts: Each by its name.

    Raises:
        CatalogError: one is too small.
    """
    for name, count in counts.items():
        if count < 1:
            raise CatalogError(f"Number of neighbours {name} is too small, got {count}. Expected at least 1.")


def check_share(name: str, share: float) -> None:
    """Refuse a weight outside [0, 1].

    Raises:
        CatalogError: it is.
    """
    if not 0 <= share <= 1:
        raise CatalogError(f"Weight {name} is out of range, got {share}. Expected 0 to 1.")
