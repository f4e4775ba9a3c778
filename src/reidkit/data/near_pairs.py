"""Find all pairs of codes that differ in few bits, without comparing each with each."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from reidkit.data.fingerprints import count_bits

Codes = NDArray[np.uint64]
Rows = NDArray[np.int64]

MIXED = -1
"""The group of a code that belongs to several groups."""

_KEPT_BANDS = 3
_MOST_PAIRS = 1 << 20  # compared at once: about 50 MB


def near_pairs(
    codes: Codes, groups: Rows, *, first_word_bits: int, all_bits: int
) -> Iterator[tuple[Rows, Rows, Rows]]:
    """Find the pairs of codes that differ in few bits of their first word, and in few of all.

    The first word is cut into ``first_word_bits + 3`` bands. Differences in n bits spoil n bands at most,
    so three bands are equal, and sorting the codes by each choice of three brings such pairs together
    (multi-index hashing, after Norouzi, Punjani, Fleet, Fast Search in Hamming Space with Multi-Index
    Hashing, CVPR 2012). No pair is missed. Memory is that of a few arrays of N numbers.

    Args:
        codes: (N, W).
        groups: (N,); two codes of one group are no pair, unless the group is `MIXED`.
        first_word_bits: Most bits that may differ in ``codes[:, 0]``.
        all_bits: Most bits that may differ in all words.

    Yields:
        Three arrays of equal length: the lower row, the higher row, and the bits that differ. A pair may
        come several times.
    """
    bands = np.array_split(np.arange(64, dtype=np.uint64), first_word_bits + _KEPT_BANDS)
    masks = [np.bitwise_or.reduce(np.uint64(1) << band) for band in bands]
    for kept in combinations(masks, min(_KEPT_BANDS, len(masks))):
        keys = codes[:, 0] & np.bitwise_or.reduce(np.array(kept))
        order = np.argsort(keys, kind="stable")
        for first, second in _equal_pairs(keys[order]):
            yield from _compare(codes, groups, order[first], order[second], first_word_bits, all_bits)


def _equal_pairs(keys: Codes) -> Iterator[tuple[Rows, Rows]]:
    """Yield all pairs of places with equal keys in a sorted array, by their distance in it."""
    places = np.arange(len(keys), dtype=np.int64)
    for step in range(1, len(keys)):
        places = places[places < len(keys) - step]
        # Keys are sorted: a place that differs from the one a step ahead differs from all beyond it too.
        places = places[keys[places] == keys[places + step]]
        if not len(places):
            return
        for start in range(0, len(places), _MOST_PAIRS):
            part = places[start : start + _MOST_PAIRS]
            yield part, part + step


def _compare(
    codes: Codes, groups: Rows, one: Rows, other: Rows, first_word_bits: int, all_bits: int
) -> Iterator[tuple[Rows, Rows, Rows]]:
    keep = (groups[one] != groups[other]) | (groups[one] == MIXED)
    one, other = one[keep], other[keep]
    near = count_bits(codes[one, 0] ^ codes[other, 0]) <= first_word_bits
    one, other = one[near], other[near]
    bits = count_bits(codes[one] ^ codes[other]).sum(axis=1, dtype=np.int64)
    near = bits <= all_bits
    if near.any():
        one, other = one[near], other[near]
        yield np.minimum(one, other), np.maximum(one, other), bits[near]
