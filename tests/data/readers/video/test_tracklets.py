from pathlib import Path

import numpy as np
import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import Sample
from reidkit.data.readers.video.tracklets import (
    check_positions,
    check_present,
    in_temporal_order,
    note_on_queries,
    take_queries,
)

TEST = (Sample((Path("a"),), 1), None, Sample((Path("b"),), 1), Sample((Path("c"),), 0))


@pytest.mark.parametrize(
    "names",
    [
        ("1.png", "2.png", "10.png", "100.png"),
        ("cam1_person001_00099.png", "cam1_person001_00317.png", "cam1_person001_01000.png"),
        ("0001C1T0001F009.jpg", "0001C1T0001F999.jpg", "0001C1T0001F1000.jpg"),
        ("0001_C6_F0099_X9.jpg", "0001_C6_F0099_X30823.jpg", "0001_C6_F0100_X1.jpg"),
        ("a.png", "b.png", "b1.png"),
    ],
)
def test_temporal_order_is_that_of_the_numbers(names):
    frames = tuple(Path("12") / name for name in names)
    assert in_temporal_order(frames[::-1]) == frames


def test_temporal_order_of_equal_numbers_is_that_of_the_names():
    frames = (Path("frame_01.png"), Path("frame_1.png"))
    assert in_temporal_order(frames[::-1]) == in_temporal_order(frames) == frames


def test_positions_count_from_0():
    assert check_positions("X", "they are", np.array([[3, 1]]), 3) == [2, 0]


@pytest.mark.parametrize("wrong", [0, -1, 4])
def test_position_out_of_range_is_refused(wrong):
    with pytest.raises(DatasetError, match=f"^X: queries are out of range, got {wrong}. Expected 1 to 3"):
        check_positions("X", "queries are", np.array([1, wrong]), 3)


def test_position_that_comes_again_is_refused_unless_it_may():
    with pytest.raises(DatasetError, match=r"^X: queries are not different, got 2 more than once"):
        check_positions("X", "queries are", np.array([2, 1, 2]), 3)
    assert check_positions("X", "frames are", np.array([2, 1, 2]), 3, once=False) == [1, 0, 1]


def test_queries_are_left_out_of_the_gallery():
    assert take_queries(TEST, [2], queries_in_gallery=False) == ((TEST[2],), (TEST[0], TEST[3]))


def test_queries_are_in_the_gallery_too_when_asked_for():
    query, gallery = take_queries(TEST, [2, 0], queries_in_gallery=True)
    assert query == (TEST[0], TEST[2])
    assert gallery == (TEST[0], TEST[2], TEST[3])


def test_junk_is_in_neither_even_as_a_query():
    assert take_queries(TEST, [1, 3], queries_in_gallery=True)[0] == (TEST[3],)
    assert None not in take_queries(TEST, [], queries_in_gallery=False)[1]


def test_notes_tell_the_two_galleries_apart():
    assert "queries_in_gallery=True" in note_on_queries(True)
    assert "are not comparable" in note_on_queries(False)


def test_missing_files_are_counted_and_named():
    check_present("X", [], 3, "frame", Path("/data"))
    with pytest.raises(
        DatasetError, match=r"^X is incomplete, got 2 frames of 3 missing under /data: a, b\."
    ):
        check_present("X", ["a", "b"], 3, "frame", Path("/data"))
