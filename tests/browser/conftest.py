"""A browser and a service for it; without a browser these tests are skipped, and say so."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from reidkit.deploy.embedder import Embedder
from reidkit.serve.app import create_app
from reidkit.serve.settings import ServiceSettings
from tests.serve.conftest import Place, embedder, model_path, place  # noqa: F401 - fixtures

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
Page, Browser = playwright.Page, playwright.Browser

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DESKTOP, PHONE = (1280, 900), (390, 844)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=options)
        yield opened
        opened.close()


@dataclass(frozen=True)
class Served:
    """A service that a browser can reach."""

    address: str
    place: Place


Serve = Callable[..., Served]


@pytest.fixture
def serve(embedder: Embedder, place: Place, tmp_path: Path) -> Iterator[Serve]:  # noqa: F811
    """Return a function that starts the service with settings, in a thread."""
    started: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(**settings: object) -> Served:
        chosen = {"roots": (place.root,), "uploads": tmp_path / "uploads", **settings}
        app = create_app(embedder, place.gallery, ServiceSettings(**chosen))  # type: ignore[arg-type]
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=2))
        thread = threading.Thread(target=server.run)
        thread.start()
        started.append((server, thread))
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        return Served(f"http://localhost:{port}/", place)

    yield start
    for server, thread in started:
        server.should_exit = True
        thread.join()


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Return a function that opens a page; at the end it must have raised nothing and called nobody else."""
    contexts = []
    faults: list[str] = []

    def start(address: str, size: tuple[int, int] = DESKTOP) -> Page:
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height},
            has_touch=size == PHONE,
            locale="en-GB",
            timezone_id="UTC",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: check(request.url, address))
        page.goto(address)
        return page

    def check(url: str, address: str) -> None:
        if not url.startswith((address.partition("#")[0], "blob:", "data:")):
            faults.append(f"called {url}")

    yield start
    with suppress(playwright.Error):
        for context in contexts:
            context.close()
    assert faults == []
