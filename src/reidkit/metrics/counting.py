"""How many gallery rows a stable sort puts before a row: its rank, without sorting anything along."""

from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reidkit.metrics.matches import Rows

MANY_ROWS = 8
"""From so many rows of interest on, sorting the keys of a query costs less than one pass for each of them."""


def count_before(keys: NDArray[np.floating], queries: Rows, rows: Rows) -> Rows:
    """Count, for single gallery rows of some queries, all rows that a stable sort puts before them.

    Args:
        keys: (n, G) ordering keys; the lower row of two equal keys comes first.
        queries: (P,) ascending rows of ``keys``.
        rows: (P,) columns of ``keys``.

    Returns:
        (P,) counts.
    """
    own = keys[queries, rows]
    before, upto = np.zeros((2, len(own)), np.int64)
    bounds = queries.searchsorted(np.arange(len(keys) + 1)).tolist()
    for query, (start, stop) in enumerate(pairwise(bounds)):
        if stop - start >= MANY_ROWS:
            ordered = np.sort(keys[query])  # other threads go on meanwhile
            before[start:stop] = ordered.searchsorted(own[start:stop])
            upto[start:stop] = ordered.searchsorted(own[start:stop], "right")
        else:
            for place in range(start, stop):
                before[place] = _count_in_one_pass(keys[query], rows[place])
    for place in np.flatnonzero(upto > before + 1).tolist():  # ties, which are rare
        before[place] += np.count_nonzero(keys[queries[place], : rows[place]] == own[place])
    return before


def _count_in_one_pass(keys: NDArray[np.floating], row: np.int64) -> int:
    key = keys[row]
    return int(np.count_nonzero(keys[:row] <= key) + np.count_nonzero(keys[row + 1 :] < key))


def count_before_on_device(keys: Tensor, queries: Rows, rows: Rows) -> Rows:
    """Count as `count_before` does, where the keys are: only the counts come back.

    Args:
        keys: (n, G) on any device.
        queries: (P,) rows of ``keys``.
        rows: (P,) columns of ``keys``.
    """
    order = keys.sort(dim=1, stable=True).indices
    places = torch.arange(keys.shape[1], device=keys.device).expand_as(order)
    ranks = torch.empty_like(order).scatter_(1, order, places)
    wanted = tuple(torch.from_numpy(index).to(keys.device) for index in (queries, rows))
    counts: Rows = ranks[wanted].cpu().numpy()
    return counts
