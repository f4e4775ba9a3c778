"""Bounds: size, pixels, number, time, room; who may call, from where, and what may be seen."""

import asyncio
import io
import os
import struct
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from reidkit.core.errors import CatalogError
from reidkit.deploy.embedder import Embedder
from reidkit.gallery.records import Template
from reidkit.serve.app import create_app
from reidkit.serve.settings import ServiceSettings
from tests.serve.conftest import Connect, Place, photo

ROUTES = [("POST", "/v1/embed"), ("POST", "/v1/compare"), ("POST", "/v1/search"), ("GET", "/v1/similar"),
          ("GET", "/v1/identities"), ("GET", "/v1/templates"), ("POST", "/v1/templates"),
          ("POST", "/v1/templates/update"), ("POST", "/v1/templates/remove"), ("POST", "/v1/templates/expire"),
          ("POST", "/v1/identities/merge"), ("POST", "/v1/identities/split"), ("POST", "/v1/judgements"),
          ("GET", "/v1/judgements"), ("GET", "/v1/picture"), ("GET", "/v1/reports"), ("GET", "/v1/report"),
          ("GET", "/v1/about"), ("GET", "/metrics")]  # fmt: skip
OPEN = {("GET", "/health"), ("POST", "/v1/session"), ("DELETE", "/v1/session")}


def bomb(width: int, height: int) -> bytes:
    """Return a PNG of few bytes that claims many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


def test_every_route_but_the_open_ones_needs_the_token(connect: Connect):
    client = connect(token="s3cret")
    paths = client.get("/openapi.json").json()["paths"]
    known = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert known == {*ROUTES, *OPEN}
    for method, path in ROUTES:
        answer = client.request(method, path)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"
        wrong = client.request(method, path, headers={"Authorization": "Bearer s3creT"})
        assert wrong.status_code == 401
    assert client.get("/v1/about", headers={"Authorization": "Bearer s3cret"}).status_code == 200
    assert client.get("/health").json()["needs_token"] is True


def test_the_page_signs_in_with_a_cookie_that_is_not_the_token(connect: Connect):
    client = connect(token="s3cret")
    assert client.post("/v1/session", json={"token": "x"}).status_code == 401
    client.cookies.set("reidkit_session", "s3cret")
    assert client.get("/v1/about").status_code == 401
    client.cookies.clear()
    answer = client.post("/v1/session", json={"token": "s3cret"})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "s3cret" not in cookie
    assert client.get("/v1/about").status_code == 200
    client.delete("/v1/session")
    assert client.get("/v1/about").status_code == 401


def test_large_bodies_are_refused_with_and_without_a_stated_length(connect: Connect):
    client = connect(max_bytes=1000)
    large = client.post("/v1/embed", files={"images": ("a", b"x" * 2000)})
    assert large.status_code == 413
    assert "Expected at most 1000 bytes" in large.json()["detail"]

    def parts():
        yield b'--b\r\nContent-Disposition: form-data; name="images"; filename="a"\r\n\r\n'
        for _ in range(100):
            yield b"x" * 100
        yield b"\r\n--b--\r\n"

    streamed = client.post(
        "/v1/embed", content=parts(), headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert streamed.status_code == 413
    assert client.post("/v1/embed", headers={"Content-Length": "many"}).status_code == 413


def test_many_pixels_are_refused_before_they_are_decoded(connect: Connect):
    client = connect(max_pixels=10_000)
    fits = client.post("/v1/embed", files={"images": ("a", photo((100, 100)))})
    assert fits.status_code == 200
    for size in ((101, 100), (20_000, 20_000), (60_000, 60_000)):
        answer = client.post("/v1/embed", files={"images": ("a.png", bomb(*size))})
        assert answer.status_code == 413, answer.text
        assert "too many pixels" in answer.json()["detail"]


def test_many_images_are_refused(connect: Connect):
    client = connect(max_images=2)
    answer = client.post("/v1/embed", files=[("images", ("a", photo()))] * 3)
    assert answer.status_code == 413
    assert answer.json()["detail"] == "3 images at once. Expected at most 2."


class SlowEmbedder:
    """Waits until it is told to go on."""

    descriptor_dim = 512

    def __init__(self, embedder: Embedder) -> None:
        self.inner = embedder
        self.go_on = threading.Event()
        self.began = threading.Event()

    def embed(self, images):
        self.began.set()
        assert self.go_on.wait(20)
        return self.inner.embed(images)

    def compare(self, first, second):
        raise RuntimeError("secret detail")


def test_what_is_too_much_is_told_to_come_again(embedder: Embedder, place: Place):
    slow = SlowEmbedder(embedder)
    app = create_app(slow, place.gallery, ServiceSettings(max_waiting=2))
    with TestClient(app) as client, ThreadPoolExecutor(4) as pool:

        def ask() -> int:
            return client.post("/v1/embed", files={"images": ("a", photo())}).status_code

        waiting = [pool.submit(ask) for _ in range(2)]
        assert slow.began.wait(20)
        deadline = time.monotonic() + 20
        while app.state.service._model_work.num_waiting < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        refused = client.post("/v1/embed", files={"images": ("a", photo())})
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        assert client.get("/health").status_code == 200  # it still lives
        slow.go_on.set()
        assert [future.result() for future in waiting] == [200, 200]
        assert ask() == 200


def test_work_that_takes_too_long_is_answered(embedder: Embedder, place: Place):
    slow = SlowEmbedder(embedder)
    with TestClient(create_app(slow, place.gallery, ServiceSettings(timeout_seconds=0.3))) as client:
        late = client.post("/v1/embed", files={"images": ("a", photo())})
        slow.go_on.set()
        assert late.status_code == 503
        assert "did not answer within 0.3 s" in late.json()["detail"]


def test_slow_senders_are_cut_off(connect: Connect):
    client = connect(timeout_seconds=0.1)
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": "/v1/embed",
        "raw_path": b"/v1/embed", "root_path": "", "scheme": "http", "query_string": b"", "client": None,
        "server": None, "headers": [(b"host", b"x"), (b"content-type", b"multipart/form-data; boundary=b")],
    }  # fmt: skip
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        await asyncio.sleep(0.06)  # each part in time, the whole not
        return {"type": "http.request", "body": b"--b\r\n", "more_body": True}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    asyncio.run(client.app(scope, receive, send))
    assert sent[0]["status"] == 408
    assert b"The request was not there within 0.1 s." in sent[1]["body"]


def test_a_fault_of_ours_tells_nothing_private(embedder: Embedder, place: Place):
    app = create_app(SlowEmbedder(embedder), place.gallery)
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.post("/v1/compare", files={"first": ("a", photo()), "second": ("b", photo())})
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert "secret" not in answer.text


def test_pictures_come_from_registered_folders_only(connect: Connect, place: Place, tmp_path: Path):
    client = connect()
    shown = client.get("/v1/picture", params={"template_id": "t0", "height": 16})
    assert Image.open(io.BytesIO(shown.content)).size == (8, 16)
    outside = tmp_path / "outside.png"
    outside.write_bytes(photo())
    link = place.root / "train" / f"link-{os.getpid()}.png"
    link.symlink_to(outside)
    try:
        sources = {
            "outside": str(outside),
            "dots": f"{place.root}/../{outside.relative_to(tmp_path.parent)}",
            "climb": str(place.root / ".." / ".." / "etc" / "passwd"),
            "link": str(link),
            "folder": str(place.root),
            "passwd": "/etc/passwd",
            "nothing": None,
            "zero": "a\0b",
            "gone": str(place.root / "gone.png"),
            "relative": "train",
        }
        rows = place.gallery.descriptors(["t0"]).repeat(len(sources), axis=0)
        place.gallery.add([Template("x", name, source=source) for name, source in sources.items()], rows)
        for name in (*sources, "unknown"):
            answer = client.get("/v1/picture", params={"template_id": name})
            assert answer.status_code == 404, name
            assert answer.json()["detail"] == f"There is no picture of template '{name}'."
    finally:
        link.unlink()
    assert connect(roots=()).get("/v1/picture", params={"template_id": "t0"}).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/page/../app.py", "/page/%2e%2e%2fapp.py", "/page/..%5capp.py", "/page//etc/passwd", "/etc/passwd"],
)
def test_the_page_has_no_way_to_other_files(client: TestClient, path: str):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_reports_are_listed_and_may_run_nothing(connect: Connect, tmp_path: Path):
    runs = tmp_path / "runs"
    (runs / "a" / "deep").mkdir(parents=True)
    (runs / "a" / "report.html").write_text("<h1>a</h1>")
    (runs / "a" / "scores.json").write_text('{"summary": {"mean_ap": 0.5, "rank_1": 0.75}}')
    (runs / "a" / "deep" / "comparison.html").write_text("<h1>b</h1>")
    outside = tmp_path / "report.html"
    outside.write_text("private")
    (runs / "link").mkdir()
    (runs / "link" / "report.html").symlink_to(outside)
    client = connect(reports=(runs,))
    listed = {item["name"]: item for item in client.get("/v1/reports").json()}
    assert set(listed) == {"a", "a/deep: comparison"}
    assert (listed["a"]["mean_ap"], listed["a"]["rank_1"]) == (0.5, 0.75)
    shown = client.get("/v1/report", params={"report_id": listed["a"]["report_id"]})
    assert shown.text == "<h1>a</h1>"
    assert "sandbox" in shown.headers["content-security-policy"]
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert client.get("/v1/report", params={"report_id": "../a"}).status_code == 404


def test_other_hosts_and_other_pages_are_refused(connect: Connect):
    client = connect(hosts=("localhost", "[::1]"))
    for host, status in (("localhost:8000", 200), ("[::1]:8000", 200), ("evil.example", 421), ("", 421)):
        assert client.get("/v1/about", headers={"Host": host}).status_code == status, host
    headers = {"Host": "localhost:8000", "Origin": "http://evil.example"}
    assert client.post("/v1/templates/expire", headers=headers).status_code == 403
    headers["Origin"] = "http://localhost:8000"
    assert client.post("/v1/templates/expire", headers=headers).status_code == 200


def test_metrics_count_routes_and_not_paths(client: TestClient):
    client.get("/v1/about")
    client.post("/v1/search", files={"images": ("a", photo())})
    for number in range(3):
        client.get(f"/nothing/{number}")
    text = client.get("/metrics").text
    assert 'reidkit_requests_total{method="POST",route="/v1/search",status="200"} 1.0' in text
    assert 'reidkit_requests_total{method="other",route="other",status="404"} 3.0' in text
    assert "reidkit_images_embedded_total 1.0" in text
    assert "reidkit_decisions_total" in text
    assert "reidkit_model_waiting 0.0" in text


def test_answers_carry_headers_for_safety(client: TestClient):
    headers = client.get("/").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in headers["content-security-policy"]


def test_settings_refuse_what_makes_no_sense(tmp_path: Path):
    with pytest.raises(
        CatalogError, match=r"^Bound max_images is out of range, got 0\. Expected more than 0"
    ):
        ServiceSettings(max_images=0)
    with pytest.raises(CatalogError, match=r"^Folder is not there, got .*gone\. Expected a folder"):
        ServiceSettings(roots=(tmp_path / "gone",))
