import numpy as np
import pytest

from reidkit.data import near_pairs as module
from reidkit.data.near_pairs import MIXED, near_pairs


def related_codes(seed, num_families=12, num_members=6):
    """Codes in families: members differ from their founder in up to 20 random bits."""
    generator = np.random.default_rng(seed)
    founders = generator.integers(0, 2**64, (num_families, 4), np.uint64)
    codes = np.repeat(founders, num_members, axis=0)
    for code in codes:
        for bit in generator.choice(256, int(generator.integers(0, 20)), replace=False).tolist():
            code[bit // 64] ^= np.uint64(1 << (bit % 64))
    return codes, generator.integers(MIXED, 4, len(codes))


def brute_force(codes, groups, first_word_bits, all_bits):
    found = set()
    values = codes.tolist()
    for i, one in enumerate(values):
        for j in range(i + 1, len(values)):
            bits = [(a ^ b).bit_count() for a, b in zip(one, values[j], strict=True)]
            if groups[i] == groups[j] != MIXED:
                continue
            if bits[0] <= first_word_bits and sum(bits) <= all_bits:
                found.add((i, j, sum(bits)))
    return found


def searched(codes, groups, **limits):
    found = set()
    for one, other, bits in near_pairs(codes, groups, **limits):
        assert (one < other).all()
        found |= set(zip(one.tolist(), other.tolist(), bits.tolist(), strict=True))
    return found


@pytest.mark.parametrize(("first_word_bits", "all_bits"), [(0, 256), (1, 12), (3, 24), (4, 24), (6, 256)])
@pytest.mark.parametrize("seed", [0, 1])
def test_search_finds_what_comparing_each_with_each_finds(seed, first_word_bits, all_bits):
    codes, groups = related_codes(seed)
    limits = {"first_word_bits": first_word_bits, "all_bits": all_bits}
    expected = brute_force(codes, groups, first_word_bits, all_bits)
    assert searched(codes, groups, **limits) == expected
    assert len(expected) > 5


def test_differences_in_any_bits_are_found():
    """One pair for each place of four neighbouring and of four scattered bits."""
    base = np.random.default_rng(5).integers(0, 2**64, (1, 4), np.uint64)
    for start in range(0, 64, 3):
        for step in (1, 16):
            other = base.copy()
            for bit in {(start + step * place) % 64 for place in range(4)}:
                other[0, 0] ^= np.uint64(1 << bit)
            codes = np.concatenate([base, other])
            assert searched(codes, np.array([0, 1]), first_word_bits=4, all_bits=24) == {(0, 1, 4)}
            assert searched(codes, np.array([0, 1]), first_word_bits=3, all_bits=24) == set()


def test_codes_of_one_group_are_no_pair():
    codes = np.zeros((3, 4), np.uint64)
    limits = {"first_word_bits": 4, "all_bits": 24}
    assert searched(codes, np.array([7, 7, 7]), **limits) == set()
    assert searched(codes, np.array([7, 8, 7]), **limits) == {(0, 1, 0), (1, 2, 0)}
    assert searched(codes, np.array([MIXED, MIXED, 7]), **limits) == {(0, 1, 0), (0, 2, 0), (1, 2, 0)}


def test_pairs_come_in_blocks(monkeypatch):
    monkeypatch.setattr(module, "_MOST_PAIRS", 5)
    codes = np.zeros((30, 4), np.uint64)
    groups = np.arange(30)
    sizes = [len(one) for one, _, _ in near_pairs(codes, groups, first_word_bits=0, all_bits=0)]
    assert max(sizes) <= 5
    assert len(searched(codes, groups, first_word_bits=0, all_bits=0)) == 30 * 29 // 2


@pytest.mark.parametrize("size", [0, 1])
def test_nothing_to_compare(size):
    codes, groups = np.zeros((size, 4), np.uint64), np.zeros(size, np.int64)
    assert searched(codes, groups, first_word_bits=4, all_bits=24) == set()
