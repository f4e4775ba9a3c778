import time

import numpy as np
import pytest

from reidkit.data import near_groups as module
from reidkit.data.fingerprints import FINGERPRINT
from reidkit.data.near_groups import NEAR_BITS, NEAR_COLOUR, NOBODY, SEARCHED_BITS, nearest_of_other_group
from tests.data.test_near_pairs import related_codes


def fingerprints_of(codes, colours=None):
    numbers = np.zeros(len(codes), FINGERPRINT)
    numbers["width"] = numbers["height"] = 64
    numbers["code"] = codes
    if colours is not None:
        numbers["colour"] = colours
    return numbers


def brute_force(numbers, groups):
    """The nearest of another group, by comparing each with each; of equally near ones the first."""
    rows, distances = [], []
    values = numbers["code"].tolist()
    for i, one in enumerate(values):
        best = (NEAR_BITS + 1, NOBODY)
        for j, other in enumerate(values):
            bits = [(a ^ b).bit_count() for a, b in zip(one, other, strict=True)]
            colour = abs(numbers["colour"][i].astype(int) - numbers["colour"][j]).max()
            shown = not (numbers["is_flat"][i] or numbers["is_flat"][j])
            if groups[i] != groups[j] and bits[0] <= SEARCHED_BITS and colour <= NEAR_COLOUR and shown:
                best = min(best, (sum(bits), j))
        rows.append(best[1] if best[0] <= NEAR_BITS else NOBODY)
        distances.append(best[0] if best[0] <= NEAR_BITS else 0)
    return rows, distances


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("held", [1 << 20, 0])
def test_nearest_is_the_nearest_of_comparing_each_with_each(seed, held, monkeypatch):
    monkeypatch.setattr(module, "_HELD_AT_ONCE", held)
    codes, groups = related_codes(seed)
    codes[::5] = codes[1::5][: len(codes[::5])]  # equal ones too
    generator = np.random.default_rng(seed)
    numbers = fingerprints_of(codes, generator.integers(100, 130, (len(codes), 3)))
    numbers["is_flat"] = generator.random(len(codes)) < 0.1
    groups = groups + 1
    rows, bits = brute_force(numbers, groups)
    nearest = nearest_of_other_group(numbers, groups)
    assert nearest.row.tolist() == rows
    assert nearest.bits.tolist() == bits
    assert sum(row != NOBODY for row in rows) > 10


def test_equal_pictures_of_one_group_are_nothing():
    nearest = nearest_of_other_group(fingerprints_of(np.ones((4, 4), np.uint64)), np.zeros(4, np.int64))
    assert nearest.row.tolist() == [NOBODY] * 4


def test_other_colour_is_another_picture():
    codes = np.ones((2, 4), np.uint64)
    groups = np.array([0, 1])
    near = fingerprints_of(codes, [(100, 100, 100), (100, 100 + NEAR_COLOUR, 100)])
    far = fingerprints_of(codes, [(100, 100, 100), (100, 100 + NEAR_COLOUR + 1, 100)])
    assert nearest_of_other_group(near, groups).row.tolist() == [1, 0]
    assert nearest_of_other_group(far, groups).row.tolist() == [NOBODY, NOBODY]


@pytest.mark.parametrize("field", ["width", "height"])
def test_tiny_pictures_are_equal_to_none(field):
    numbers = fingerprints_of(np.ones((2, 4), np.uint64))
    numbers[field] = 7
    assert nearest_of_other_group(numbers, np.array([0, 1])).row.tolist() == [NOBODY, NOBODY]


def test_no_picture_at_all():
    assert nearest_of_other_group(np.zeros(0, FINGERPRINT), np.zeros(0, np.int64)).row.shape == (0,)


def test_a_placeholder_for_everybody_costs_no_more_than_one_picture():
    """Each with each would be 8e8 pairs, for every one of 35 sorted orders."""
    count = 40_000
    started = time.perf_counter()
    nearest = nearest_of_other_group(fingerprints_of(np.ones((count, 4), np.uint64)), np.arange(count))
    assert time.perf_counter() - started < 20
    assert nearest.row.tolist() == [1] + [0] * (count - 1)
