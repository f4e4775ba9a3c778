import json
from pathlib import Path

import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import Sample, SplitCounts
from reidkit.data.duplicates import Duplicate
from reidkit.data.failures import ReadFailure
from reidkit.data.file_checks import Picture
from reidkit.data.findings import DoctorReport, Finding, count_images, count_split
from reidkit.data.histogram import HistogramBar
from reidkit.data.odd_pictures import OddPicture


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


def test_report_as_text_draws_the_histogram_on_request():
    summary = {"train": SplitCounts(2, 3)}
    drawn = DoctorReport(
        "zoo", "/data", "p", summary, (NOTE,), histograms={"train": (HistogramBar(1, 2, 2),)}
    )
    assert drawn.as_text(histogram=True) == "\n".join(
        [
            drawn.as_text(),
            "images per identity in train, and how many identities have so many:",
            "  1-2  2  " + 40 * "#",
        ]
    )


def test_report_as_json_holds_all_of_the_evidence():
    odd_name = Path("caf\udce9.jpg")  # a byte that is no text
    sample = Sample((odd_name,), ("herd", 3), 2, (0.0, 1.0, 5.0, 6.0))
    content = DoctorReport(
        "zoo",
        "/data",
        "p",
        {"train": SplitCounts(1, 1)},
        (NOTE,),
        published={"train": SplitCounts(2, 3, 4)},
        histograms={"train": (HistogramBar(1, 2, 5),)},
        duplicates=(Duplicate("within-split", sample, sample, ("train", "train"), 3, False),),
        failures=(ReadFailure(odd_name, f"Image {odd_name} is empty."),),
        odd_pictures=(OddPicture("tiny", Picture(odd_name, None), 3, 4),),
    ).as_json()
    json.dumps(content, ensure_ascii=False).encode()
    place = {
        "split": "train",
        "path": "caf\\udce9.jpg",
        "box": (0.0, 1.0, 5.0, 6.0),
        "identity": "('herd', 3)",
        "camera": 2,
    }
    assert content["published"] == {"train": {"identities": 2, "images": 3, "cameras": 4}}
    assert content["images_per_identity"] == {"train": [{"least": 1, "most": 2, "identities": 5}]}
    assert content["duplicates"] == [
        {"kind": "within-split", "files": [place, place], "differing_bits": 3, "is_identical": False}
    ]
    assert content["unreadable"] == [{"path": "caf\\udce9.jpg", "reason": "Image caf\\udce9.jpg is empty."}]
    assert content["odd_images"] == [
        {"kind": "tiny", "path": "caf\\udce9.jpg", "box": None, "width": 3, "height": 4}
    ]


def test_report_sorts_out_one_level():
    assert report(ERROR, NOTE).of_level("note") == (NOTE,)
    assert report(ERROR, NOTE).of_level("warning") == ()


def test_count_split_ignores_unknown_cameras():
    samples = [Sample((), 1, 1), Sample((), 1, None), Sample((), 2, 1)]
    assert count_split(samples) == SplitCounts(2, 3, 1)
    assert count_split([Sample((), 1)]) == SplitCounts(1, 1, None)
    assert count_split([]) == SplitCounts(0, 0, None)
    assert count_images(samples) == {1: 2, 2: 1}
