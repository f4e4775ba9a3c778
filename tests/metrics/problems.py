"""Small ranking problems with many ties, for hypothesis to draw."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from hypothesis import strategies as st

from reidkit.core.types import Protocol
from reidkit.metrics.labels import Labels
from reidkit.metrics.protocols import PROTOCOLS

ALL_PROTOCOLS = [
    replace(protocol, distance=distance)
    for protocol in PROTOCOLS.values()
    for distance in ("cosine", "euclidean", "squared-euclidean")
]
# Rows of length 0, 1 or 2, or 1 and 2 times a power of two: their unit rows are exact in binary, so equal
# cosines are equal floats and the naive ranking is the only right one.
EXACT_ROWS = [
    (0, 0, 0, 0),
    (1, 0, 0, 0),
    (4, 0, 0, 0),
    (-1, 0, 0, 0),
    (0, 1, 0, 0),
    (0, 0, 0, -2),
    (1, 1, 1, 1),
    (2, 2, 2, 2),
    (1, -1, 1, 1),
    (-1, -1, -1, 1),
    (1, 1, -1, -1),
]


@dataclass(frozen=True)
class Problem:
    """Labels of both sides and how the ranking is judged."""

    query: Labels
    gallery: Labels
    protocol: Protocol
    max_rank: int


@st.composite
def labels(draw: st.DrawFn, size: int) -> Labels:
    """Few identities, cameras and samples, some unknown: every rule meets every other."""

    def column(*values: int | None) -> st.SearchStrategy[list[int | None]]:
        return st.lists(st.sampled_from(values), min_size=size, max_size=size)

    return Labels(
        identities=draw(column(0, 1, -1)),
        cameras=draw(st.none() | column(None, 0, 1)),
        keys=draw(st.none() | column(None, 0, 1, 2, 3)),
    )


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """One to four queries, a gallery of one to twelve, any protocol, a CMC of any length."""
    return Problem(
        query=draw(labels(draw(st.integers(1, 4)))),
        gallery=draw(labels(draw(st.integers(1, 12)))),
        protocol=draw(st.sampled_from(ALL_PROTOCOLS)),
        max_rank=draw(st.integers(1, 20)),
    )


@st.composite
def tied_distances(draw: st.DrawFn, problem: Problem) -> np.ndarray:
    """A matrix of distances out of five values, so that most rows tie."""
    shape = (len(problem.query), len(problem.gallery))
    size = shape[0] * shape[1]
    values = draw(st.lists(st.sampled_from([0, 0.5, 1, 2, np.inf]), min_size=size, max_size=size))
    dtype = draw(st.sampled_from([np.float16, np.float32, np.float64]))
    return np.array(values, dtype).reshape(shape)


@st.composite
def exact_descriptors(draw: st.DrawFn, size: int, dtype: torch.dtype) -> torch.Tensor:
    """Descriptors whose distances are exact in floating point."""
    return torch.tensor(
        draw(st.lists(st.sampled_from(EXACT_ROWS), min_size=size, max_size=size)), dtype=dtype
    )
