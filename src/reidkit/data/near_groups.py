"""For each picture the most alike one of another group: of another split, or of another identity."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reidkit.data.fingerprints import CODE_WORDS, Fingerprint, is_comparable
from reidkit.data.near_pairs import MIXED, Rows, near_pairs

SEARCHED_BITS = 4
"""Of the signs of the 64 lowest frequencies so many may differ between two copies of a picture."""

NEAR_BITS = 24
"""Of all 256 signs so many may differ; two pictures that differ in more are different ones."""

NEAR_COLOUR = 24
"""Grey levels of 255 by which mean red, green and blue may each differ: a bag that is sold in red and in
blue is two products."""

NOBODY = -1
_HELD_AT_ONCE = 1 << 20
_KIND, _BITS, _ROW, _GROUP = range(4)


class Nearest(NamedTuple):
    """The most alike picture of another group, for each of N pictures.

    ``row`` is (N,), `NOBODY` where no picture of another group is a near-duplicate; ``bits`` (N,) says how
    many signs differ, 0 where there is none.
    """

    row: Rows
    bits: Rows


def nearest_of_other_group(fingerprints: Fingerprint, groups: Rows) -> Nearest:
    """Find for each picture its nearest near-duplicate of another group; of equally near ones the first.

    Flat and tiny pictures are near-duplicates of nothing. Equal pictures are taken together as one kind,
    so a placeholder that stands in for ten thousand pictures costs no more than one.

    Args:
        fingerprints: (N,) of type `FINGERPRINT`.
        groups: (N,) numbers, 0 or more.
    """
    nearest = Nearest(np.full(len(fingerprints), NOBODY, np.int64), np.zeros(len(fingerprints), np.int64))
    rows = np.flatnonzero(is_comparable(fingerprints)).astype(np.int64)
    if not len(rows):
        return nearest
    keys = np.column_stack([fingerprints["code"][rows], fingerprints["colour"][rows].astype(np.uint64)])
    kinds, kind = np.unique(keys, axis=0, return_inverse=True)
    kind = kind.reshape(-1).astype(np.int64)  # numpy 2.0.0 gave it a second axis
    own = _nearest_two(np.column_stack([kind, np.zeros_like(kind), rows, groups[rows]]))
    best = _search(kinds, own)
    chosen = best[kind, 0]
    is_own_group = chosen[:, _GROUP] == groups[rows]
    chosen[is_own_group] = best[kind[is_own_group], 1]
    nearest.row[rows], nearest.bits[rows] = chosen[:, _ROW], chosen[:, _BITS]
    return nearest


def _search(kinds: NDArray[np.uint64], own: Rows) -> Rows:
    """Return the two nearest pictures of different groups for each of K kinds, its own ones included.

    Two are enough: whoever asks is of another group than one of them.
    """
    members = _by_kind(own, len(kinds))
    kind_groups = np.where(members[:, 1, _ROW] == NOBODY, members[:, 0, _GROUP], MIXED)
    codes, colours = kinds[:, :CODE_WORDS], kinds[:, CODE_WORDS:].astype(np.int64)
    found = [own]
    for one, other, bits in near_pairs(codes, kind_groups, first_word_bits=SEARCHED_BITS, all_bits=NEAR_BITS):
        is_near = (abs(colours[one] - colours[other]) <= NEAR_COLOUR).all(axis=1)
        for asking, asked in ((one[is_near], other[is_near]), (other[is_near], one[is_near])):
            for member in (members[asked, 0], members[asked, 1]):
                candidates = np.column_stack([asking, bits[is_near], member[:, _ROW:]])
                found.append(candidates[member[:, _ROW] != NOBODY])
        if sum(map(len, found)) > _HELD_AT_ONCE + 2 * len(kinds):
            found = [_nearest_two(np.concatenate(found))]
    return _by_kind(_nearest_two(np.concatenate(found)), len(kinds))


def _nearest_two(candidates: Rows) -> Rows:
    """Return the nearest candidate of each kind, and the nearest one of another group than that one.

    Args:
        candidates: (M, 4) of kind, bits, row and group.

    Returns:
        Rows of the same form, sorted by kind, the nearest first.
    """
    table = candidates[np.lexsort((candidates[:, _ROW], candidates[:, _BITS], candidates[:, _KIND]))]
    starts = np.flatnonzero(np.diff(table[:, _KIND], prepend=NOBODY))
    lengths = np.diff(starts, append=len(table))
    of_other_group = np.flatnonzero(table[:, _GROUP] != np.repeat(table[starts, _GROUP], lengths))
    seconds = of_other_group[np.unique(table[of_other_group, _KIND], return_index=True)[1]]
    nearest: Rows = table[np.sort(np.concatenate([starts, seconds]))]
    return nearest


def _by_kind(nearest: Rows, num_kinds: int) -> Rows:
    """Return (num_kinds, 2, 4) from what `_nearest_two` gave; rows that are missing are `NOBODY`."""
    table = np.full((num_kinds, 2, 4), NOBODY, np.int64)
    table[..., _BITS] = 0
    is_second = np.diff(nearest[:, _KIND], prepend=NOBODY) == 0
    table[nearest[:, _KIND], is_second.astype(np.int64)] = nearest
    return table
