from datetime import date, datetime
from pathlib import Path

import pytest

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import Sample
from reidkit.data.readers.time_split import Clock, split_by_time


def samples(*times, attribute="time"):
    return [
        Sample((Path(f"{number}.jpg"),), number, attributes={} if time is None else {attribute: time})
        for number, time in enumerate(times)
    ]


def identities(side):
    return [sample.identity for sample in side]


@pytest.mark.parametrize(
    ("moment", "time", "after"),
    [
        ("10", "12.5", 2.5),
        (2019, "2018", -1),
        ("1e3", "1000", 0),
        ("2024-05-01", "2024-05-01", 0),
        ("2024-05-01", "2024-04-30T23:59:59", -1),
        ("2024-05-01T00:00:01", "2024-05-02", 86399),
        ("2024-05-01 12:00", "2024-05-01T12:00:00.5", 0.5),
        ("2024-05-01", "2024:05:01 00:01:00", 60),
        ("2024:05:01", "20240502", 86400),
        ("2024-05-01T12:00Z", "2024-05-01T13:00+02:00", -3600),
        (date(2024, 5, 1), "2024-05-02", 86400),
        (datetime(2024, 5, 1, 12), "2024-05-01 13:00", 3600),
    ],
)
def test_clock_says_how_long_after_the_moment_a_time_is(moment, time, after):
    assert Clock(moment).seconds_after(time) == after


@pytest.mark.parametrize(
    ("moment", "time", "message"),
    [
        ("10", "", "empty time"),
        ("10", "2024-05-01", "bad time '2024-05-01', expected a number like query_before=10"),
        ("10", "nan", "bad time 'nan'"),
        ("2024-05-01", "  ", "empty time"),
        (
            "2024-05-01",
            "1714521600",
            "bad time '1714521600', expected a day or time like query_before=2024-05-01",
        ),
        ("2024-05-01", "01.05.2024", "bad time '01.05.2024'"),
        ("2024-05-01", "2024-05-01T12:00Z", "has a time zone, unlike query_before=2024-05-01"),
        ("2024-05-01T12:00Z", "2024-05-01", "has no time zone, unlike"),
    ],
)
def test_clock_refuses_times_of_another_kind(moment, time, message):
    with pytest.raises(ValueError, match=message):
        Clock(moment, option="query_before").seconds_after(time)


@pytest.mark.parametrize("moment", ["", "spring", "nan", "inf", "2024-13-01", "01.05.2024", None])
def test_moment_that_is_none_is_refused(moment):
    with pytest.raises(CatalogError, match="train_before is no moment, got"):
        Clock(moment, option="train_before")


def test_split_puts_the_moment_itself_on_the_later_side_and_keeps_the_order():
    earlier, later = split_by_time(samples("3", "1", "2", "0", "2.5"), Clock("2"))
    assert identities(earlier) == [1, 3]
    assert identities(later) == [0, 2, 4]


def test_split_compares_numbers_and_no_texts():
    earlier, later = split_by_time(samples("9", "10"), Clock(9.5))
    assert (identities(earlier), identities(later)) == ([0], [1])


def test_split_takes_the_attribute_that_is_named_and_values_that_are_no_text():
    earlier, later = split_by_time(samples(1, 2.5, attribute="year"), Clock(2), attribute="year")
    assert (identities(earlier), identities(later)) == ([0], [1])


def test_split_names_the_samples_without_a_time():
    with pytest.raises(
        DatasetError, match=r"got 2 faults: 1\.jpg: empty time, 2\.jpg: bad time 'x', .*attribute 'time'"
    ):
        split_by_time(samples("1", None, "x"), Clock(1))


@pytest.mark.parametrize("moment", ["2024-01-01", "2025-01-01"])
def test_split_that_leaves_one_side_empty_is_refused_with_the_range(moment):
    with pytest.raises(
        DatasetError,
        match=rf"moment={moment} leaves one side empty, got 3 samples from 2024-02-01 to 2024-04-01\.",
    ):
        split_by_time(samples("2024-04-01", "2024-02-01", "2024-03-01"), Clock(moment))


def test_split_of_nothing_is_refused():
    with pytest.raises(DatasetError, match=r"got 0 samples\. Expected"):
        split_by_time([], Clock(1))
