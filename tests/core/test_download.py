import hashlib
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from reidkit.core import download as module
from reidkit.core.download import download, is_offline
from reidkit.core.errors import WeightsError
from tests.core.file_server import FileServer, serve

CONTENT = np.random.default_rng(0).bytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()

Serve = Callable[..., FileServer]


@pytest.fixture(autouse=True)
def connections_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "WAITS", (0.0, 0.0))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("REIDKIT_OFFLINE", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda **facts: stack.enter_context(serve(FileServer(**{"content": CONTENT, **facts})))


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("sha256", ["", SHA256[:8], SHA256, SHA256.upper()])
def test_a_file_arrives_whole_and_is_fetched_once(server: Serve, tmp_path: Path, sha256: str):
    file, seen = server(), []
    path = tmp_path / "deep" / "weights.pth"
    for _ in range(2):
        assert download(file.url, path, sha256=sha256, report=lambda *pair: seen.append(pair)) == path
    assert path.read_bytes() == CONTENT
    assert names_in(path.parent) == ["weights.pth"]
    assert file.asked == [""]
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_a_broken_connection_goes_on_where_it_broke(server: Serve, tmp_path: Path):
    file = server(breaks=[100_000, 50_000, None])
    download(file.url, tmp_path / "weights.pth")
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT
    assert file.asked == ["", "bytes=100000-", "bytes=150000-"]
    assert file.sent == [100_000, 50_000, 150_000]


def test_the_next_call_goes_on_too(server: Serve, tmp_path: Path):
    file = server(breaks=[70_000, 0])
    with pytest.raises(
        WeightsError, match=r"broke after 70000 of 300000 bytes.*Expected a connection to 127"
    ):
        download(file.url, tmp_path / "weights.pth")
    assert names_in(tmp_path) == [".weights.pth.unfinished", ".weights.pth.unfinished.version"]
    file.breaks = [None]
    download(file.url, tmp_path / "weights.pth")
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT
    assert file.sent == [70_000, 0, 0, 230_000]


def test_a_server_without_ranges_sends_all_again(server: Serve, tmp_path: Path):
    file = server(breaks=[100_000, None], knows_ranges=False)
    download(file.url, tmp_path / "weights.pth")
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT
    assert file.sent == [100_000, 300_000]


@pytest.mark.parametrize("etag", ["", 'W/"one"'])
def test_without_version_and_hash_nothing_is_resumed(server: Serve, tmp_path: Path, etag: str):
    file = server(breaks=[100_000, None], etag=etag)
    download(file.url, tmp_path / "weights.pth")
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT
    assert file.asked == ["", ""]


def test_a_file_that_changed_meanwhile_is_fetched_anew(server: Serve, tmp_path: Path):
    file = server(breaks=[70_000, 0])
    with pytest.raises(WeightsError, match="broke after"):
        download(file.url, tmp_path / "weights.pth")
    file.content, file.etag, file.breaks = CONTENT[::-1], '"two"', [None]
    download(file.url, tmp_path / "weights.pth")
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT[::-1]
    assert file.sent[-1] == 300_000


def test_the_part_of_another_file_is_found_out_by_the_hash(server: Serve, tmp_path: Path):
    file = server(etag="")
    (tmp_path / ".weights.pth.unfinished").write_bytes(b"x" * 1000)
    download(file.url, tmp_path / "weights.pth", sha256=SHA256)
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT
    assert file.asked == ["bytes=1000-", ""]


def test_a_part_longer_than_the_file_is_dropped(server: Serve, tmp_path: Path):
    file = server(etag="")
    (tmp_path / ".weights.pth.unfinished").write_bytes(b"x" * 300_000)
    download(file.url, tmp_path / "weights.pth", sha256=SHA256)
    assert (tmp_path / "weights.pth").read_bytes() == CONTENT


def test_a_wrong_length_is_never_put_in_place(server: Serve, tmp_path: Path):
    file = server(extra_length=5, etag="")
    with pytest.raises(WeightsError, match="broke after 300000 of 300005 bytes"):
        download(file.url, tmp_path / "weights.pth")
    assert not (tmp_path / "weights.pth").exists()


def test_a_wrong_hash_is_refused_and_nothing_kept(server: Serve, tmp_path: Path):
    file = server()
    with pytest.raises(WeightsError, match=f"its sha256 is {SHA256} instead of 00ff"):
        download(file.url, tmp_path / "weights.pth", sha256="00ff")
    assert names_in(tmp_path) == []
    (tmp_path / "weights.pth").write_bytes(b"own")
    with pytest.raises(WeightsError, match=r"is not the one of .* Remove it"):
        download(file.url, tmp_path / "weights.pth", sha256=SHA256)
    assert (tmp_path / "weights.pth").read_bytes() == b"own"


@pytest.mark.parametrize(("status", "requests"), [(404, 1), (403, 1), (503, 3)])
def test_a_refusal_is_told(server: Serve, tmp_path: Path, status: int, requests: int):
    file = server(status=status)
    with pytest.raises(WeightsError, match=f"cannot be fetched: the server answered {status}"):
        download(file.url, tmp_path / "weights.pth")
    assert len(file.asked) == requests
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "application/octet-stream"])
def test_a_web_page_is_no_file(server: Serve, tmp_path: Path, content_type: str):
    file = server(content=b"\n<!doctype html><p>Are you a robot?", content_type=content_type)
    with pytest.raises(WeightsError, match=r"is a web page, not a file of weights. Expected the file"):
        download(file.url, tmp_path / "weights.pth")
    assert names_in(tmp_path) == []


def test_without_network_the_host_and_the_place_are_named(tmp_path: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(
        WeightsError, match=rf"refused.*connection to 127.0.0.1:{port}.*{tmp_path}/w.pth your"
    ):
        download(f"http://127.0.0.1:{port}/w.pth", tmp_path / "w.pth")


@pytest.mark.parametrize("variable", ["", "REIDKIT_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_opens_no_connection(
    server: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
):
    file = server()
    if variable:
        monkeypatch.setenv(variable, "1")
    assert is_offline() == bool(variable)
    with pytest.raises(WeightsError, match=rf"connections are forbidden.*Expected the file at {tmp_path}"):
        download(file.url, tmp_path / "weights.pth", offline=not variable)
    assert file.asked == []
    (tmp_path / "weights.pth").write_bytes(CONTENT)
    download(file.url, tmp_path / "weights.pth", offline=True, sha256=SHA256)


def test_an_unwritable_place_is_named(server: Serve, tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WeightsError, match=r"file/weights.pth cannot be written .*REIDKIT_CACHE"):
        download(server().url, tmp_path / "file" / "weights.pth")
