"""The service as a process: it stops gracefully, and killed at any moment it loses nothing acknowledged."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2 as httpx
import pytest

from reidkit.gallery.gallery import Gallery
from tests.serve.conftest import Place, id_of, photo
from tests.serve.running import running


def add(client: httpx.Client, number: int, name: str) -> str | None:
    """Add one image of its own colour, and return its id once that is acknowledged."""
    content = photo((8, 8), f"#{number:06x}")
    try:
        answer = client.post("/v1/templates", files={"images": ("a.png", content)}, data={"identity": name})
    except httpx.HTTPError:
        return None
    assert answer.status_code in (201, 429), answer.text
    return id_of(content) if answer.status_code == 201 else None


def test_it_has_a_token_for_the_network_and_answers_before_it_stops(place: Place, model_path: Path):
    with running(place.gallery.store.uri, model_path, "--host", "0.0.0.0") as service:
        assert len(service.token) >= 32
        assert httpx.get(f"{service.client.base_url}v1/about").status_code == 401
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(add, service.client, number, "late") for number in range(4)]
            while not any(future.done() for future in asked):
                time.sleep(0.005)
            service.process.send_signal(signal.SIGTERM)
            acknowledged = [future.result() for future in asked]
        out, _ = service.process.communicate(timeout=60)
        assert service.process.returncode == 0, out
        assert "Traceback" not in out
    kept = {item.template_id for item in Gallery(place.gallery.store.uri).templates("identity = 'late'")}
    assert kept == {name for name in acknowledged if name}
    assert kept


def check_kills(place: Place, model_path: Path, trials: int) -> None:
    uri = place.gallery.store.uri
    total = place.gallery.stats().templates
    for trial in range(trials):
        acknowledged: list[str] = []
        stop = threading.Event()
        with running(uri, model_path) as service, ThreadPoolExecutor(3) as pool:

            def keep_adding(
                worker: int, service=service, acknowledged=acknowledged, stop=stop, trial=trial
            ) -> None:
                for number in range(10_000):
                    name = add(service.client, trial << 16 | worker << 12 | number, f"trial{trial}")
                    if name is not None:
                        acknowledged.append(name)
                    if stop.is_set() or name is None:
                        return

            workers = [pool.submit(keep_adding, worker) for worker in range(3)]
            while len(acknowledged) < 3 + trial % 5:
                time.sleep(0.003)
            time.sleep(0.004 * (trial % 7))
            service.kill()
            stop.set()
            for worker in workers:
                worker.result()
        opened = Gallery(uri)
        found = {template.template_id for template in opened.templates(f"identity = 'trial{trial}'")}
        assert set(acknowledged) <= found
        # At most what was under way may be there too.
        assert len(found) <= len(acknowledged) + 3
        total += len(found)
        assert opened.stats().templates == total


def test_a_kill_loses_nothing_acknowledged(place: Place, model_path: Path):
    check_kills(place, model_path, trials=1)


@pytest.mark.slow
def test_twenty_kills_lose_nothing_acknowledged(place: Place, model_path: Path):
    check_kills(place, model_path, trials=20)
