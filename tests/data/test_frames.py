import random
import re
from collections import Counter
from fractions import Fraction
from math import floor

import numpy as np
import pytest

from reidkit.core.errors import CatalogError
from reidkit.data.frames import (
    EVALUATION_WAYS,
    FRAME_SAMPLING,
    TRAINING_WAYS,
    check_frame_count,
    find_frame_sampling,
    sample_all,
    sample_evenly,
    sample_in_chunks,
    sample_randomly,
)

SIZES = [(n, length) for n in (*range(1, 14), 100, 9324) for length in (*range(1, 10), 64)]


@pytest.mark.parametrize("way", sorted(FRAME_SAMPLING))
def test_every_way_gives_positions_in_temporal_order(way):
    for n, length in SIZES:
        positions = FRAME_SAMPLING[way](n, length, 5)
        assert positions.dtype == np.int64
        assert positions.ndim == 1
        assert positions.min() >= 0
        assert positions.max() < n
        assert (np.diff(positions) >= 0).all()


@pytest.mark.parametrize("way", sorted(FRAME_SAMPLING))
@pytest.mark.parametrize("n", [0, -1, 2.0, True, None, "3"])
def test_every_way_refuses_a_tracklet_without_frames(way, n):
    with pytest.raises(CatalogError, match=r"num_frames is out of range, got .*whole number of at least 1"):
        FRAME_SAMPLING[way](n, 3, 0)


@pytest.mark.parametrize("way", ["chunked", "evenly", "random"])
@pytest.mark.parametrize("length", [0, -2, 1.5, True, None, "4"])
def test_bad_length_is_refused(way, length):
    with pytest.raises(CatalogError, match=r"^length is out of range, got .* at least 1"):
        FRAME_SAMPLING[way](5, length, 0)


@pytest.mark.parametrize(
    ("n", "length", "positions"),
    [
        (7, 3, [1, 3, 5]),  # parts of 2 1/3 frames, middles 1.17, 3.5, 5.83
        (9, 3, [1, 4, 7]),
        (4, 4, [0, 1, 2, 3]),
        (10, 1, [5]),
        (2, 3, [0, 1, 1]),
        (2, 4, [0, 0, 1, 1]),
        (1, 3, [0, 0, 0]),
    ],
)
def test_evenly_by_hand(n, length, positions):
    assert sample_evenly(n, length).tolist() == positions


def test_evenly_is_the_middle_of_each_part_whatever_the_seed():
    for n, length in SIZES:
        middles = [floor((part + Fraction(1, 2)) * n / length) for part in range(length)]
        assert sample_evenly(n, length, 3).tolist() == sample_evenly(n, length, 4).tolist() == middles


def test_evenly_reaches_the_tail_as_far_as_the_head():
    for n, length in SIZES:
        positions = sample_evenly(n, length)
        assert abs(int(positions[0]) - (n - 1 - int(positions[-1]))) <= 1


def test_evenly_repeats_frames_of_short_tracklets_equally_and_no_others():
    for n, length in SIZES:
        times = Counter(sample_evenly(n, length).tolist())
        if n >= length:
            assert set(times.values()) == {1}
        else:
            assert len(times) == n
            assert set(times.values()) <= {length // n, -(-length // n)}


def test_random_of_long_tracklets_takes_different_frames():
    for n, length in SIZES:
        times = Counter(sample_randomly(n, length, 7).tolist())
        assert sum(times.values()) == length
        if n >= length:
            assert set(times.values()) == {1}
        else:
            assert len(times) == n
            assert set(times.values()) <= {length // n, -(-length // n)}


def test_random_follows_the_seed_alone():
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - the global one must not matter
    first = sample_randomly(50, 8, 2**63 - 1).tolist()
    random.seed(1)
    state = random.getstate()
    assert sample_randomly(50, 8, 2**63 - 1).tolist() == first
    assert random.getstate() == state
    assert len({tuple(sample_randomly(50, 8, seed)) for seed in range(100)}) > 95


def test_random_takes_every_frame_about_equally_often():
    times = Counter(frame for seed in range(2000) for frame in sample_randomly(10, 3, seed).tolist())
    assert set(times) == set(range(10))
    assert 500 < min(times.values()) <= max(times.values()) < 700  # 600 expected, deviation 20


def test_random_of_one_frame_is_the_frame_that_training_always_took():
    for seed in range(200):
        for n in (2, 5, 60):
            assert sample_randomly(n, 1, seed).tolist() == [random.Random(seed).randrange(n)]


def test_all_is_every_frame_and_needs_no_length():
    assert sample_all(4).tolist() == [0, 1, 2, 3]
    assert sample_all(3, 7, 1).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("n", "length", "chunks"),
    [
        (6, 3, [[0, 1, 2], [3, 4, 5]]),
        (5, 3, [[0, 1, 2], [3, 4, 4]]),
        (5, 4, [[0, 1, 2, 3], [4, 4, 4, 4]]),
        (2, 4, [[0, 0, 1, 1]]),
        (3, 1, [[0], [1], [2]]),
    ],
)
def test_chunks_by_hand(n, length, chunks):
    assert sample_in_chunks(n, length).reshape(-1, length).tolist() == chunks


def test_chunks_hold_every_frame_and_repeat_those_of_the_last_chunk_alone():
    for n, length in SIZES:
        positions = sample_in_chunks(n, length)
        assert len(positions) == -(-n // length) * length
        times = Counter(positions.tolist())
        assert set(times) == set(range(n))
        repeated = {frame for frame, count in times.items() if count > 1}
        assert all(frame >= n - n % length for frame in repeated)


def test_ways_are_found_by_key_where_they_fit():
    assert find_frame_sampling("random", TRAINING_WAYS) is sample_randomly
    assert find_frame_sampling("all", EVALUATION_WAYS) is sample_all
    assert {*TRAINING_WAYS, *EVALUATION_WAYS} <= set(FRAME_SAMPLING)


@pytest.mark.parametrize(
    ("way", "allowed", "hint"),
    [("random", EVALUATION_WAYS, ""), ("evenyl", EVALUATION_WAYS, " Did you mean 'evenly'?")],
)
def test_way_that_does_not_fit_is_refused(way, allowed, hint):
    message = f"Frame sampling does not fit here, got '{way}'.{hint} Expected one of: all, evenly."
    with pytest.raises(CatalogError, match=f"^{re.escape(message)}$"):
        find_frame_sampling(way, allowed)


def test_frame_count_is_a_whole_number_of_at_least_1():
    check_frame_count(1)
    for wrong in (0, -3, 2.5, True):
        with pytest.raises(CatalogError, match=r"^frames_per_tracklet is out of range"):
            check_frame_count(wrong)
