"""Searches by the index find what exact ones find, nearly always, and say how nearly."""

from pathlib import Path

import numpy as np
import pytest

from reidkit.core.errors import GalleryError
from reidkit.core.types import DistanceName
from reidkit.gallery.gallery import Gallery, create_gallery
from reidkit.gallery.records import Template

DIM = 32


def people(count: int, seed: int) -> tuple[list[Template], np.ndarray]:
    generator = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((200, DIM))
    who = generator.integers(0, len(centres), count)
    rows = centres[who] + 0.5 * generator.standard_normal((count, DIM))
    names = [
        Template(f"p{person}", f"{seed}-{number}", camera=str(number % 3))
        for number, person in enumerate(who)
    ]
    return names, rows.astype(np.float32)


@pytest.fixture(scope="module", params=["cosine", "euclidean"])
def indexed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    distance: DistanceName = request.param
    gallery = create_gallery(
        tmp_path_factory.mktemp("g") / "g", model="m", descriptor_dim=DIM, distance=distance
    )
    gallery.add(*people(2000, 1))
    about = gallery.build_index()
    assert about.recall >= 0.95
    assert (about.num_templates, about.num_parts) == (2000, 11)
    return Gallery(gallery.store.uri)  # as another process sees it


def test_the_index_finds_what_the_exact_search_finds(indexed: Gallery):
    _, queries = people(50, 7)
    near = indexed.search(queries, top=10)
    exact = indexed.search(queries, top=10, is_exact=True)
    right = 0
    for found, wanted in zip(near, exact, strict=True):
        distances = {hit.template.template_id: hit.distance for hit in wanted.hits}
        right += len(distances.keys() & {hit.template.template_id for hit in found.hits})
        for hit in found.hits:
            assert hit.distance == pytest.approx(
                distances.get(hit.template.template_id, hit.distance), abs=1e-5
            )
        assert [hit.rank for hit in found.hits] == list(range(1, 11))
        assert found.identity == found.hits[0].template.identity
    assert right >= 0.9 * 500


def test_filters_hold_and_later_edits_are_seen(indexed: Gallery):
    _, queries = people(5, 8)
    for answer in indexed.search(queries, where="camera = '2'"):
        assert {hit.template.camera for hit in answer.hits} == {"2"}
    with pytest.raises(GalleryError, match=r"filter is not understood, got \"cam = 3\""):
        indexed.search(queries, where="cam = 3")
    indexed.add([Template("late", "late")], queries[:1])
    assert indexed.search(queries[:1])[0].hits[0].template.template_id == "late"
    assert indexed.search(queries[:1])[0].hits[0].distance == pytest.approx(0, abs=1e-5)
    indexed.remove("template_id = 'late'")
    assert indexed.search(queries[:1])[0].hits[0].template.template_id != "late"


def test_an_index_that_cannot_be_had_is_refused(tmp_path: Path):
    gallery = create_gallery(tmp_path / "g", model="m", descriptor_dim=DIM)
    gallery.add(*people(100, 1))
    with pytest.raises(
        GalleryError, match=r"too small for an index, got 100 templates\. Expected at least 1000"
    ):
        gallery.build_index()
    with pytest.raises(
        GalleryError, match=r"Recall is out of range, got 2\. Expected more than 0, at most 1"
    ):
        gallery.build_index(least_recall=2)
    with pytest.raises(GalleryError, match=r"has no index, got is_exact=False\. Expected one"):
        gallery.search(np.ones((1, DIM)), is_exact=False)
    assert Gallery(gallery.store.uri).about.index is None


def test_an_index_that_finds_too_little_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    gallery = create_gallery(tmp_path / "g", model="m", descriptor_dim=DIM)
    gallery.add(*people(1000, 1))
    monkeypatch.setattr("reidkit.gallery.vector_index._recall", lambda *_: 0.5)
    with pytest.raises(GalleryError, match=r"finds too little, got a recall of 0\.500 with all of its parts"):
        gallery.build_index()
    assert gallery.store._templates.list_indices() == []
    assert len(gallery.search(np.ones((1, DIM)))[0].hits) == 10
