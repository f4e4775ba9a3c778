"""Embed, compare, search over HTTP: the same answers as in Python."""

import json
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from reidkit.deploy.embedder import Embedder
from tests.serve.conftest import Place, id_of, photo


def sent(*paths: Path, field: str = "images") -> list[tuple[str, tuple[str, bytes]]]:
    return [(field, (path.name, path.read_bytes())) for path in paths]


def test_descriptors_are_those_of_the_model(client: TestClient, embedder: Embedder, place: Place):
    answer = client.post("/v1/embed", files=sent(*place.people[:2]))
    assert answer.status_code == 200, answer.text
    assert answer.json()["model"] == place.gallery.about.model
    np.testing.assert_allclose(answer.json()["descriptors"], embedder.embed(place.people[:2]), atol=1e-6)


def test_a_comparison_is_that_of_the_model(client: TestClient, embedder: Embedder, place: Place):
    first, second = place.people[0], place.people[4]
    answer = client.post("/v1/compare", files=[*sent(first, field="first"), *sent(second, field="second")])
    expected = embedder.compare(first, second)
    body = answer.json()
    assert body["distance"] == pytest.approx(expected.distance, abs=1e-6)
    assert body["verdict"] == expected.verdict
    assert expected.decision is not None
    assert body["probability"] == pytest.approx(expected.decision.probability)


def test_a_search_is_that_of_the_gallery(client: TestClient, embedder: Embedder, place: Place):
    answer = client.post("/v1/search", files=sent(place.people[3]), data={"top": "4"})
    (body,) = answer.json()
    (expected,) = place.gallery.search(embedder.embed(place.people[3]), top=4)
    assert body["decision"] == expected.decision == "same"
    assert body["identity"] == place.people[3].parent.name
    assert body["probability"] == pytest.approx(0.99)
    assert body["query_id"] == id_of(place.people[3].read_bytes())
    for hit, wanted in zip(body["hits"], expected.hits, strict=True):
        assert hit["distance"] == pytest.approx(wanted.distance, abs=1e-6)
        assert hit["probability"] == pytest.approx(wanted.probability, abs=1e-4)
        assert hit["template"]["template_id"] == wanted.template.template_id
        assert hit["template"]["has_picture"] is True


def test_a_filter_and_several_images(client: TestClient, place: Place):
    answer = client.post("/v1/search", files=sent(*place.people[:3]), data={"where": "camera = '2'"})
    cameras = {hit["template"]["camera"] for body in answer.json() for hit in body["hits"]}
    assert len(answer.json()) == 3
    assert cameras == {"2"}
    wrong = client.post("/v1/search", files=sent(place.people[0]), data={"where": "colour = 'red'"})
    assert wrong.status_code == 422
    assert "filter is not understood" in wrong.json()["detail"]


def test_a_box_is_searched_for(client: TestClient, embedder: Embedder, place: Place):
    from PIL import Image

    frame = Image.new("RGB", (200, 150), "gray")
    frame.paste(Image.open(place.people[2]), (100, 40))
    stream = Path(place.gallery.store.uri).parent / "frame.png"
    frame.save(stream)
    answer = client.post("/v1/search", files=sent(stream), data={"box": "100,40,132,104"})
    assert answer.json()[0]["hits"][0]["template"]["template_id"] == "t2"
    assert answer.json()[0]["hits"][0]["distance"] < 1e-5
    for box, detail in (("1,2,3", "Box is not understood"), ("900,0,950,50", "has nothing inside its box")):
        wrong = client.post("/v1/search", files=sent(stream), data={"box": box})
        assert wrong.status_code == 422
        assert detail in wrong.json()["detail"]


def test_similar_ones_leave_the_template_itself_out(client: TestClient):
    hits = client.get("/v1/similar", params={"template_id": "t0", "top": 3}).json()["hits"]
    assert len(hits) == 3
    assert "t0" not in {hit["template"]["template_id"] for hit in hits}
    some = client.get("/v1/similar", params={"template_id": "t0", "where": "camera = '1' or camera = '9'"})
    assert {hit["template"]["template_id"] for hit in some.json()["hits"]} == {"t2", "t4"}
    assert client.get("/v1/similar", params={"template_id": "o'dd"}).status_code == 404


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF"])
def test_formats_that_are_read(client: TestClient, kind: str):
    answer = client.post("/v1/embed", files={"images": ("a", photo(kind=kind))})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "content",
    [b"", b"no image", b"%PDF-1.4", photo()[:60], b"\x89PNG\r\n\x1a\n" + b"\0" * 99],
    ids=["empty", "text", "pdf", "cut", "zeros"],
)
def test_what_is_no_image_is_a_problem(client: TestClient, content: bytes):
    answer = client.post("/v1/embed", files={"images": ("a.png", content)})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail"}
    assert body["detail"].startswith("Image 'a.png' is")


def test_postscript_which_runs_programs_is_not_opened(client: TestClient):
    stream = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
    answer = client.post("/v1/embed", files={"images": ("a.eps", stream)})
    assert answer.status_code == 422
    assert "Expected one of JPEG, PNG" in answer.json()["detail"]


def test_missing_and_wrong_fields_are_named(client: TestClient):
    answer = client.post("/v1/search", data={"top": "many"})
    assert answer.status_code == 422
    assert "body.images" in answer.json()["detail"]
    assert json.loads(answer.text)["title"] == "The request does not fit"
