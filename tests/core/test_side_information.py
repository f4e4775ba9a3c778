from pathlib import Path

import pytest

from reidkit.core.side_information import DOMAIN, known_labels, side_label, side_labels
from reidkit.core.types import Sample


def sample(camera: object = None, **attributes: object) -> Sample:
    return Sample((Path("a.jpg"),), "ann", camera, attributes=attributes)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("camera", ["city/3", None, "city/4"]),
        ("view", ["city/front", "city/back", None]),
        ("camera_view", ["city/3/front", None, None]),
    ],
)
def test_labels_name_the_data_set_and_what_is_known(kind: str, expected: list[str | None]):
    samples = [sample(3, view="front"), sample(None, view="back"), sample(4)]
    assert side_labels(samples, kind, "city") == expected


def test_mixed_samples_know_their_own_data_set():
    mixed = sample(("town", 3), **{DOMAIN: "town", "view": "front"})
    assert side_labels([mixed], "camera", "city+town") == ["town/3"]
    assert side_labels([mixed], "view", "city+town") == ["town/front"]
    assert side_labels([sample(None, **{DOMAIN: "town"})], "camera", "city+town") == [None]


def test_known_labels_come_once_and_in_the_order_of_their_numbers():
    samples = [sample(10), sample(9), sample("gate"), sample(9), sample(None)]
    assert known_labels(samples, "camera", "city") == ["city/9", "city/10", "city/gate"]


def test_a_label_survives_json():
    assert side_label(("city", 3)) == side_label(["city", 3]) == "city/3"
