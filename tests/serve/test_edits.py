"""The gallery changed over HTTP."""

from datetime import timedelta
from pathlib import Path

from fastapi.testclient import TestClient

from tests.serve.conftest import NOON, Connect, Place, id_of, photo


def test_images_are_added_found_and_replaced(client: TestClient, place: Place):
    red = photo()
    data = {"identity": "O'Neil", "camera": "9", "time": NOON.isoformat(), "notes": "hat"}
    added = client.post("/v1/templates", files=[("images", ("a", red)), ("images", ("b", red))], data=data)
    assert added.status_code == 201, added.text
    assert added.json()["changed"] == 1
    assert added.json()["template_ids"] == [id_of(red)]
    (template,) = place.gallery.templates("camera = '9'")
    assert (template.identity, template.notes, template.time) == ("O'Neil", "hat", NOON)
    assert template.source is None
    again = client.post("/v1/templates", files={"images": ("a", red)}, data={"identity": "other"})
    assert again.json()["changed"] == 1
    assert place.gallery.stats().templates == 7
    (found,) = client.post("/v1/search", files={"images": ("a", red)}).json()
    assert found["identity"] == "other"


def test_kept_uploads_can_be_shown(connect: Connect, tmp_path: Path):
    client = connect(uploads=tmp_path / "uploads")
    assert client.get("/v1/about").json()["keeps_uploads"] is True
    frame = photo((100, 80), kind="JPEG")
    added = client.post(
        "/v1/templates",
        files={"images": ("../../x.jpg", frame)},
        data={"identity": "anna", "box": "0,0,32,64"},
    )
    (template_id,) = added.json()["template_ids"]
    assert template_id != id_of(frame)  # the box is part of it
    assert [path.name for path in (tmp_path / "uploads").iterdir()] == [f"{template_id}.jpg"]
    shown = client.get("/v1/picture", params={"template_id": template_id})
    assert shown.status_code == 200
    assert shown.headers["content-type"] == "image/jpeg"


def test_templates_are_updated_removed_and_expire(client: TestClient, place: Place):
    updated = client.post(
        "/v1/templates/update", json={"template_ids": ["t0", "t1"], "notes": "x", "camera": None}
    )
    assert updated.json()["changed"] == 2
    first = place.gallery.find(["t0"])[0]
    assert (first.notes, first.camera, first.time) == ("x", None, NOON)
    later = (NOON + timedelta(hours=1)).isoformat()
    assert (
        client.post("/v1/templates/update", json={"where": "camera = '2'", "expires_at": later}).json()[
            "changed"
        ]
        == 2
    )
    assert client.post("/v1/templates/expire").json()["changed"] == 2
    assert client.post("/v1/templates/remove", json={"template_ids": ["t0", "no"]}).json()["changed"] == 1
    assert {template.template_id for template in place.gallery.templates()} == {"t1", "t2", "t4"}
    for body in ({}, {"template_ids": ["t1"], "where": "true"}, {"where": "true", "identity": "x"}):
        assert client.post("/v1/templates/update", json=body).status_code == 422


def test_identities_are_merged_split_and_listed(client: TestClient, place: Place):
    names = sorted({path.parent.name for path in place.people})
    listed = client.get("/v1/identities").json()
    assert [item["identity"] for item in listed["identities"]] == names
    assert listed["identities"][0]["cameras"] == ["1", "2"]
    assert listed["identities"][0]["num_templates"] == 2
    assert (
        client.post("/v1/identities/merge", json={"identities": names[:2], "into": "both"}).json()["changed"]
        == 4
    )
    assert (
        client.post("/v1/identities/split", json={"template_ids": ["t3"], "into": "alone"}).json()["changed"]
        == 1
    )
    page = client.get("/v1/identities", params={"contains": "BO", "limit": 1}).json()
    assert [(item["identity"], item["num_templates"]) for item in page["identities"]] == [("both", 3)]
    assert client.get("/v1/identities", params={"limit": 1, "offset": 1}).json()["total"] == 3
    wrong = client.post("/v1/identities/merge", json={"identities": ["nobody"], "into": "x"})
    assert wrong.status_code == 422
    assert "Identities are not in the gallery, got ['nobody']" in wrong.json()["detail"]


def test_a_timeline_is_in_order_of_time(client: TestClient, place: Place):
    name = place.people[0].parent.name
    client.post(
        "/v1/templates/update", json={"template_ids": ["t0"], "time": (NOON + timedelta(days=1)).isoformat()}
    )
    client.post("/v1/templates", files={"images": ("a", photo())}, data={"identity": name})
    shown = client.get("/v1/templates", params={"identity": name}).json()
    assert shown["total"] == 3
    assert [item["template_id"] for item in shown["templates"]] == ["t1", "t0", id_of(photo())]
    some = client.get(
        "/v1/templates", params={"identity": name, "where": "camera = '2' or camera = '7'"}
    ).json()
    assert [item["template_id"] for item in some["templates"]] == ["t1"]


def test_pairs_are_judged_and_remembered(client: TestClient, place: Place):
    query = place.people[0].read_bytes()
    for is_same in (True, False):  # the last word counts
        said = client.post("/v1/judgements", json={"first": id_of(query), "second": "t2", "is_same": is_same})
        assert said.status_code == 201
    assert len(client.get("/v1/judgements").json()) == 1
    (found,) = client.post("/v1/search", files={"images": ("a", query)}).json()
    judged = {hit["template"]["template_id"]: hit["judged_same"] for hit in found["hits"]}
    assert judged == {"t0": None, "t1": None, "t2": False, "t3": None, "t4": None, "t5": None}
    alone = client.post("/v1/judgements", json={"first": "t1", "second": "t1", "is_same": True})
    assert alone.status_code == 422
    assert "A pair needs two images" in alone.json()["detail"]
