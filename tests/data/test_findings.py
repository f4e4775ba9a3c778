import json

import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import Sample, SplitCounts
from reidkit.data.findings import DoctorReport, Finding, count_images, count_split


def report(*findings):
    summary = {"train": SplitCounts(751, 12936, 6), "query": SplitCounts(0, 0, None)}
    return DoctorReport("zoo", "/data/zoo", "market1501", summary, findings)


ERROR, WARNING, NOTE = (
    Finding("error", "a", "Bad."),
    Finding("warning", "b", "Odd."),
    Finding("note", "c", "So."),
)


def test_report_without_errors_passes():
    report(WARNING, NOTE).raise_on_error()
    report().raise_on_error()


def test_report_raises_its_error():
    with pytest.raises(DatasetError, match=r"^Bad\.$"):
        report(ERROR, WARNING).raise_on_error()


def test_report_raises_all_of_its_errors():
    with pytest.raises(DatasetError, match=r"^Data set 'zoo' has 2 errors:\n- Bad\.\n- Worse\.$"):
        report(ERROR, Finding("error", "d", "Worse."), NOTE).raise_on_error()


def test_report_as_text_is_a_table_and_the_findings():
    assert report(ERROR, WARNING, NOTE).as_text().splitlines() == [
        "zoo (/data/zoo), protocol market1501",
        "split  identities  images  cameras",
        "train         751   12936        6",
        "query           0       0  unknown",
        "error: Bad.",
        "warning: Odd.",
        "note: So.",
    ]


def test_report_as_text_of_some_levels():
    lines = report(ERROR, WARNING, NOTE).as_text(levels=("warning", "note")).splitlines()
    assert lines[4:] == ["warning: Odd.", "note: So."]


def test_report_as_json_survives_the_round():
    content = report(ERROR, NOTE).as_json()
    assert json.loads(json.dumps(content)) == content
    assert content["summary"]["train"] == {"identities": 751, "images": 12936, "cameras": 6}
    assert content["findings"][0] == {"level": "error", "code": "a", "message": "Bad."}


def test_report_sorts_out_one_level():
    assert report(ERROR, NOTE).of_level("note") == (NOTE,)
    assert report(ERROR, NOTE).of_level("warning") == ()


def test_count_split_ignores_unknown_cameras():
    samples = [Sample((), 1, 1), Sample((), 1, None), Sample((), 2, 1)]
    assert count_split(samples) == SplitCounts(2, 3, 1)
    assert count_split([Sample((), 1)]) == SplitCounts(1, 1, None)
    assert count_split([]) == SplitCounts(0, 0, None)
    assert count_images(samples) == {1: 2, 2: 1}
