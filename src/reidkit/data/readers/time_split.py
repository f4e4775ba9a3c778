"""Divide samples by time: what was seen before a moment, and what was seen from then on.

Pictures of one encounter look alike in weather, light and wear. A division by identity or by chance puts them
on both sides and measures how well the encounter is recognised; a division by time does not.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import Sample
from reidkit.data.wording import examples, quantity

Moment = str | float | date
"""A number, or a day or time of ISO 8601; whatever it is, the times of the samples are of its kind."""

_EXIF_DAY = re.compile(r"(\d{4}):(\d{2}):(\d{2})(?= |$)")


class Clock:
    """Understands times of the kind of one moment, and says on which side of it they are.

    Args:
        moment: A number, whose unit is that of the times; or a day or time of ISO 8601 such as
            ``2024-05-01``, ``2024-05-01T18:30``, ``2024-05-01 18:30:00+02:00``. Days may be written as in
            EXIF data, ``2024:05:01``. A day alone means its first second.
        option: Which option gave it, for messages.

    Raises:
        CatalogError: the moment is neither.
    """

    def __init__(self, moment: Moment, *, option: str = "moment") -> None:
        self.text = str(moment).strip()
        self.option = option
        self._number = _as_number(self.text)
        self._day = _as_datetime(self.text) if self._number is None else None
        if self._number is None and self._day is None:
            raise CatalogError(
                f"{option} is no moment, got '{moment}'. Expected a number, or a day or time such as "
                f"2024-05-01 or 2024-05-01T18:30."
            )

    def seconds_after(self, text: str) -> float:
        """Return how long after the moment a time is: in seconds, or in the unit of the numbers.

        Negative is before; a time that equals the moment is 0.

        Raises:
            ValueError: the time is of another kind; the message is part of a sentence.
        """
        text = text.strip()
        if not text:
            raise ValueError("empty time")
        if self._number is not None:
            number = _as_number(text)
            if number is None:
                raise ValueError(f"bad time '{text}', expected a number like {self.option}={self.text}")
            return number - self._number
        day = _as_datetime(text)
        if day is None or self._day is None:
            raise ValueError(f"bad time '{text}', expected a day or time like {self.option}={self.text}")
        if (day.utcoffset() is None) != (self._day.utcoffset() is None):
            has = "no time zone" if day.utcoffset() is None else "a time zone"
            raise ValueError(f"time '{text}' has {has}, unlike {self.option}={self.text}")
        return (_in_utc(day) - _in_utc(self._day)).total_seconds()


def split_by_time(
    samples: Sequence[Sample], clock: Clock, *, attribute: str = "time"
) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """Divide samples into those before a moment and those from then on; both keep their order.

    A tracklet is never torn: the time of its sample counts, in a manifest that of its first frame.

    Args:
        samples: Each with a time among its attributes.
        clock: Of the moment.
        attribute: Name of the attribute that is the time.

    Raises:
        DatasetError: samples without a time, or with one of another kind; or all of them are on one side of
            the moment.
    """
    after: list[float] = []
    faults = []
    for sample in samples:
        try:
            after.append(clock.seconds_after(str(sample.attributes.get(attribute, ""))))
        except ValueError as error:
            faults.append(f"{sample.path.name}: {error}")
    if faults:
        raise DatasetError(
            f"Samples cannot be divided by time, got {quantity(len(faults), 'fault')}: {examples(faults)}. "
            f"Expected the attribute '{attribute}' of every sample to be a time like {clock.text}."
        )
    timed = list(zip(after, samples, strict=True))
    earlier = tuple(sample for seconds, sample in timed if seconds < 0)
    later = tuple(sample for seconds, sample in timed if seconds >= 0)
    if not (earlier and later):
        raise DatasetError(_one_sided(samples, after, clock, attribute))
    return earlier, later


@dataclass(frozen=True, slots=True)
class TimeDivision:
    """What of a data set is divided by time, each None where it is not.

    Args:
        column: Name of the attribute that is the time.
        train: What is before it is learned from, and the rest tested.
        query: Tested samples before it are queries, the others the gallery.
        gallery: Tested samples before it are the gallery, the others queries.
    """

    column: str
    train: Clock | None
    query: Clock | None
    gallery: Clock | None

    def clocks(self) -> tuple[Clock, ...]:
        """Return the moments that are given."""
        return tuple(clock for clock in (self.train, self.query, self.gallery) if clock is not None)


def read_time_division(
    train_before: Moment | None, query_before: Moment | None, gallery_before: Moment | None, *, column: str
) -> TimeDivision:
    """Understand the options of a reader whose data can be divided by time.

    Raises:
        CatalogError: a moment cannot be understood, or queries and gallery are divided twice.
    """
    if query_before is not None and gallery_before is not None:
        raise CatalogError(
            f"Division by time is not clear, got query_before={query_before} and "
            f"gallery_before={gallery_before}. Expected one of them. Leave the other out."
        )
    given = {"train_before": train_before, "query_before": query_before, "gallery_before": gallery_before}
    clocks = [None if moment is None else Clock(moment, option=option) for option, moment in given.items()]
    return TimeDivision(column, *clocks)


def divide_by_time(
    by_split: Mapping[str, tuple[Sample, ...]], times: TimeDivision
) -> tuple[dict[str, tuple[Sample, ...]], tuple[str, ...]]:
    """Return the splits with the samples of "test" where their time puts them, and notes about it.

    Raises:
        DatasetError: as in `split_by_time`.
    """
    divided = dict(by_split)
    notes: tuple[str, ...] = ()
    if times.train is not None:
        train, test = split_by_time(divided["test"], times.train, attribute=times.column)
        divided |= {"train": train, "test": test}
        notes += (_about_training(train, test, times.train.text),)
    if times.query is not None:
        query, gallery = split_by_time(divided["test"], times.query, attribute=times.column)
        divided |= {"query": query, "gallery": gallery, "test": ()}
        counts = (
            f"{len(query)} queries before {times.query.text}, {len(gallery)} gallery samples from then on"
        )
        notes += (f"Divided by time: {counts}.",)
    if times.gallery is not None:
        gallery, query = split_by_time(divided["test"], times.gallery, attribute=times.column)
        divided |= {"query": query, "gallery": gallery, "test": ()}
        counts = (
            f"{len(gallery)} gallery samples before {times.gallery.text}, {len(query)} queries from then on"
        )
        notes += (f"Divided by time: {counts}.",)
    return divided, notes


def _about_training(train: Sequence[Sample], test: Sequence[Sample], moment: str) -> str:
    known = {sample.identity for sample in train}
    tested = {sample.identity for sample in test}
    return (
        f"Divided by time: {quantity(len(train), 'sample')} before {moment} to learn from, {len(test)} from "
        f"then on to test. {len(tested & known)} of "
        f"{quantity(len(tested), 'tested identity', 'tested identities')} were learned from as well."
    )


def _one_sided(samples: Sequence[Sample], after: Sequence[float], clock: Clock, attribute: str) -> str:
    found = quantity(len(samples), "sample")
    if samples:
        order = sorted(range(len(samples)), key=lambda index: after[index])
        first, last = (samples[index].attributes[attribute] for index in (order[0], order[-1]))
        found += f" from {first} to {last}"
    return (
        f"{clock.option}={clock.text} leaves one side empty, got {found}. Expected samples before it and "
        f"from then on. Choose a moment after the first and not after the last."
    )


def _as_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _as_datetime(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(_EXIF_DAY.sub(r"\1-\2-\3", text, count=1))
    except ValueError:
        return None


def _in_utc(moment: datetime) -> datetime:
    """Return a time that can be subtracted from others; without a zone it counts as UTC, like all others."""
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)
