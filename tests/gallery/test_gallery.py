import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reidkit.core.errors import GalleryError
from reidkit.core.types import Calibration, CrossCheck, Threshold
from reidkit.gallery.gallery import Gallery, create_gallery, new_template_id
from reidkit.gallery.records import Template

DIM = 8
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
THRESHOLDS = (Threshold(0.1, 0.001, 0.6), Threshold(0.4, 0.01, 0.9))


def unit(*numbers: int) -> np.ndarray:
    """Return one axis per number: the distance of two different ones is 1."""
    return np.eye(DIM, dtype=np.float32)[list(numbers)]


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    made = create_gallery(tmp_path / "g", model="m1", descriptor_dim=DIM, thresholds=THRESHOLDS)
    made.add(
        [
            Template("anna", "a1", camera="1", time=NOON, source="a1.jpg"),
            Template("anna", "a2", camera="2", time=NOON + timedelta(hours=1)),
            Template("ben", "b1", camera="1", notes="red hat", expires_at=NOON),
        ],
        unit(0, 1, 2),
    )
    return made


def test_what_was_added_comes_back_whole(gallery: Gallery):
    first, second, third = gallery.templates()
    assert first == Template("anna", "a1", camera="1", time=NOON, source="a1.jpg")
    assert second.time == NOON + timedelta(hours=1)
    assert (third.notes, third.expires_at) == ("red hat", NOON)


def test_nearest_templates_come_first_and_ties_in_order_of_adding(gallery: Gallery):
    (answer,) = gallery.search(unit(2))
    assert [hit.template.template_id for hit in answer.hits] == ["b1", "a1", "a2"]
    assert [hit.distance for hit in answer.hits] == [0, 1, 1]
    assert [hit.rank for hit in answer.hits] == [1, 2, 3]


@pytest.mark.parametrize(("cosine", "decision"), [(0.95, "same"), (0.7, "unsure"), (0.5, "new")])
def test_decisions_follow_the_thresholds(gallery: Gallery, cosine: float, decision: str):
    query = cosine * unit(0) + np.sqrt(1 - cosine**2) * unit(7)
    (answer,) = gallery.search(query)
    assert answer.decision == decision
    assert answer.identity == "anna"
    assert answer.hits[0].distance == pytest.approx(1 - cosine, abs=1e-6)


def test_an_empty_gallery_knows_nobody(tmp_path: Path):
    empty = create_gallery(tmp_path / "g", model="m1", descriptor_dim=DIM, thresholds=THRESHOLDS)
    assert empty.search(unit(0))[0].decision == "new"
    assert empty.search(unit(0))[0].hits == ()
    assert empty.search(np.empty((0, DIM), np.float32)) == []


def test_a_gallery_without_thresholds_leaves_the_decision_open(tmp_path: Path):
    gallery = create_gallery(tmp_path / "g", model="m1", descriptor_dim=DIM)
    gallery.add([Template("anna", "a1")], unit(0))
    assert gallery.search(unit(0))[0].decision is None


CALIBRATION = Calibration(
    "isotonic", 0.5, (0.0, 0.2, 0.6), (0.99, 0.5, 0.01), 0.1, 0.4, 0.01, 0.02, 100, 1000, "drawn", ("few",),
    CrossCheck(0.01, (0.0, 0.02), 0.02, (0.01, 0.03), 90, 900),
)  # fmt: skip


@pytest.mark.parametrize(
    ("cosine", "decision", "probability"), [(1.0, "same", 0.99), (0.7, "unsure", 0.3775), (0.4, "new", 0.01)]
)
def test_a_calibration_decides_before_thresholds_and_gives_probabilities(
    tmp_path: Path, cosine: float, decision: str, probability: float
):
    gallery = create_gallery(
        tmp_path / "g", model="m", descriptor_dim=DIM, thresholds=THRESHOLDS, calibration=CALIBRATION
    )
    gallery.add([Template("anna", "a1"), Template("ben", "b1")], unit(0, 1))
    query = cosine * unit(0) + np.sqrt(1 - cosine**2) * unit(7)
    (answer,) = Gallery(gallery.store.uri).search(query)
    assert answer.decision == decision
    assert answer.probability == pytest.approx(probability, abs=1e-5)  # by hand between the knots
    assert [(hit.verdict, hit.probability) for hit in answer.hits] == [
        (decision, answer.probability),
        ("new", pytest.approx(0.01)),  # at distance 1
    ]
    assert Gallery(gallery.store.uri).about.calibration == CALIBRATION
    assert gallery.search(unit(0), where="identity = 'zoe'")[0].decision == "new"


def test_a_gallery_of_before_calibrations_is_read(gallery: Gallery):
    content = dataclasses.asdict(gallery.about)
    del content["calibration"]
    gallery.store._about.update(values={"content": json.dumps(content)})
    assert Gallery(gallery.store.uri).about == gallery.about
    gallery.set_thresholds(THRESHOLDS, CALIBRATION)
    assert Gallery(gallery.store.uri).search(unit(0))[0].probability == pytest.approx(0.99)


def test_filters_leave_templates_out(gallery: Gallery):
    (answer,) = gallery.search(unit(0), where="camera != '1'")
    assert [hit.template.template_id for hit in answer.hits] == ["a2"]
    (later,) = gallery.search(unit(0), where="time > timestamp '2026-01-31 12:30:00'")
    assert [hit.template.template_id for hit in later.hits] == ["a2"]
    (nobody,) = gallery.search(unit(0), where="camera = '9'")
    assert nobody.hits == ()


def test_adding_a_known_id_replaces_it(gallery: Gallery):
    gallery.search(unit(0))
    gallery.add([Template("carl", "a1")], unit(5))
    (answer,) = gallery.search(unit(5))
    assert answer.identity == "carl"
    assert gallery.stats().templates == 3
    assert [hit.distance for hit in gallery.search(unit(0))[0].hits] == [1, 1, 1]


def test_identities_are_merged_and_split(gallery: Gallery):
    assert gallery.merge(["anna", "ben"], into="anna") == 3
    assert gallery.stats().identities == 1
    assert gallery.split(["a2"], into="dora") == 1
    assert gallery.search(unit(1))[0].identity == "dora"
    assert gallery.search(unit(2))[0].identity == "anna"


def test_templates_are_removed_updated_and_expire(gallery: Gallery):
    assert gallery.remove("identity = 'ben'") == 1
    assert gallery.stats().templates == 2
    assert gallery.update("template_id = 'a1'", camera="7", notes="it's her") == 1
    assert gallery.templates("camera = '7'")[0].notes == "it's her"
    assert gallery.update("template_id = 'a1'", expires_at=NOON) == 1
    assert gallery.expire(NOON - timedelta(seconds=1)) == 0
    assert gallery.expire(NOON) == 1
    assert [template.template_id for template in gallery.templates()] == ["a2"]


def test_versions_are_kept_and_restored(gallery: Gallery):
    version = gallery.stats().version
    gallery.remove("identity = 'anna'")
    assert gallery.search(unit(0))[0].identity == "ben"
    gallery.store.restore(version)
    assert gallery.search(unit(0))[0].identity == "anna"
    with pytest.raises(GalleryError, match=r"^Gallery version is unknown, got 99\. Expected one of \["):
        gallery.store.restore(99)


def test_another_process_sees_what_was_written(gallery: Gallery):
    other = Gallery(gallery.store.uri, model="m1")
    assert other.search(unit(0))[0].hits[0].distance == 0
    gallery.add([Template("emil", new_template_id())], unit(6))
    assert other.search(unit(6))[0].identity == "emil"
    other.merge(["emil"], into="ben")
    assert gallery.search(unit(6))[0].identity == "ben"
    other.set_thresholds(THRESHOLDS[:1])
    assert Gallery(gallery.store.uri).about.thresholds == THRESHOLDS[:1]


def test_names_with_quotes_are_names(gallery: Gallery):
    gallery.add([Template("O'Neil", "o'1")], unit(4))
    assert gallery.merge(["O'Neil"], into="D'Arcy") == 1
    assert gallery.split(["o'1"], into="O'Neil") == 1
    assert gallery.search(unit(4))[0].identity == "O'Neil"


def test_euclidean_galleries_keep_lengths(tmp_path: Path):
    gallery = create_gallery(tmp_path / "g", model="m1", descriptor_dim=DIM, distance="euclidean")
    gallery.add([Template("far", "f"), Template("near", "n")], np.stack([5 * unit(0)[0], 2 * unit(0)[0]]))
    (answer,) = gallery.search(unit(0))
    assert [(hit.template.identity, hit.distance) for hit in answer.hits] == [("near", 1), ("far", 4)]


@pytest.mark.parametrize(
    ("templates", "rows", "message"),
    [
        ([Template("x", "1")], unit(0, 1), r"do not fit, got 1 and 2\. Expected one descriptor per template"),
        ([Template("x", "1")] * 2, unit(0, 1), r"stands 2 times in one call, got '1'\. Expected once"),
        ([Template("", "1")], unit(0), r"has no identity or no id"),
        ([Template("x", "1")], np.full((1, DIM), np.nan), r"not finite in 1 of 1 rows, the first is row 0\."),
        ([Template("x", "1")], np.zeros((1, 3)), r"wrong form, got shape \(1, 3\)\. Expected \(N, 8\)"),
        ([Template("x", "1", time=datetime(2026, 1, 1))], unit(0), r"Time has no time zone"),
    ],
)  # fmt: skip
def test_what_cannot_be_added_is_refused_and_changes_nothing(
    gallery: Gallery, templates: list[Template], rows: np.ndarray, message: str
):
    version = gallery.stats().version
    with pytest.raises(GalleryError, match=message):
        gallery.add(templates, rows)
    assert gallery.stats().version == version


def test_faulty_requests_are_refused(gallery: Gallery):
    with pytest.raises(
        GalleryError, match=r"filter is not understood, got \"cam = 3\": .*Expected a condition"
    ):
        gallery.search(unit(0), where="cam = 3")
    with pytest.raises(GalleryError, match=r"filter is not understood"):
        gallery.remove("cam = 3")
    with pytest.raises(GalleryError, match=r"hits is too small, got 0\. Expected at least 1"):
        gallery.search(unit(0), top=0)
    with pytest.raises(GalleryError, match=r"columns to change are wrong, got \['identity'\]"):
        gallery.update("camera = '1'", identity="x")
    with pytest.raises(GalleryError, match=r"Identities are not in the gallery, got \['zoe'\]"):
        gallery.merge(["anna", "zoe"], into="anna")
    with pytest.raises(GalleryError, match=r"Templates are not in the gallery, got \['z'\]"):
        gallery.split(["z"], into="anna")
    assert gallery.stats().identities == 2


def test_galleries_are_opened_by_the_model_that_made_them(gallery: Gallery, tmp_path: Path):
    with pytest.raises(GalleryError, match=r"of another model, got model m2\. Expected m1, since"):
        Gallery(gallery.store.uri, model="m2")
    with pytest.raises(GalleryError, match=r"exists already"):
        create_gallery(gallery.store.uri, model="m1", descriptor_dim=DIM)
    with pytest.raises(GalleryError, match=r"^Gallery not found, got .*nothing\. Expected a folder made by"):
        Gallery(tmp_path / "nothing")


@pytest.mark.parametrize("uri", ["s3://bucket/people", "gs://bucket/a/people", "az://box/people"])
def test_addresses_of_object_storage_reach_the_database_as_they_are(
    uri: str, monkeypatch: pytest.MonkeyPatch
):
    asked = []

    def connect(uri: str, **options: object) -> object:
        asked.append((uri, options["storage_options"]))
        raise OSError("no network here")

    monkeypatch.setattr("lancedb.connect", connect)
    for opened in (
        Gallery,
        lambda *args, **named: create_gallery(*args, model="m", descriptor_dim=2, **named),
    ):
        with pytest.raises(
            GalleryError, match=rf"^Gallery {uri} cannot be opened: no network here\. Expected a"
        ):
            opened(uri, storage_options={"region": "eu"})
    assert asked == [(uri, {"region": "eu"})] * 2


def test_a_gallery_of_a_newer_format_is_refused(gallery: Gallery):
    gallery.store.set_about(dataclasses.replace(gallery.about, format_version=2))
    with pytest.raises(GalleryError, match=r"has format 2\. Expected 1\. Update reidkit\."):
        Gallery(gallery.store.uri)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["add", "remove", "merge"]), st.integers(0, 5), st.integers(0, 4)),
        max_size=12,
    )
)
def test_any_edits_leave_what_a_dictionary_would_hold(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, int, int]]
):
    gallery = create_gallery(tmp_path_factory.mktemp("g") / "g", model="m", descriptor_dim=DIM)
    held: dict[str, tuple[str, int]] = {}
    for kind, number, axis in edits:
        identity = f"p{number}"
        if kind == "add":
            gallery.add([Template(identity, f"t{axis}")], unit(axis))
            held[f"t{axis}"] = (identity, axis)
        elif kind == "remove":
            gallery.remove(f"identity = '{identity}'")
            held = {name: value for name, value in held.items() if value[0] != identity}
        elif any(value[0] == identity for value in held.values()):
            gallery.merge([identity], into="p0")
            held = {name: ("p0" if who == identity else who, at) for name, (who, at) in held.items()}
        answers = gallery.search(unit(*range(5)), top=20)
        for at, answer in enumerate(answers):
            assert {hit.template.template_id for hit in answer.hits} == set(held)
            found = {hit.template.template_id: hit for hit in answer.hits}
            for name, (who, axis_of) in held.items():
                assert found[name].template.identity == who
                assert found[name].distance == (0 if axis_of == at else 1)
