"""Whoever is killed in the middle of a write loses nothing that was acknowledged; two may write at once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from reidkit.gallery.gallery import Gallery, create_gallery

DIM = 16
WRITER = """
import sys
import numpy as np
from reidkit.gallery.gallery import Gallery
from reidkit.gallery.records import Template

uri, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
gallery = Gallery(uri)
for number in range(count):
    row = np.zeros((1, 16), np.float32)
    row[0, number % 16] = 1
    gallery.add([Template(name, f"{name}-{number}")], row)
    print(number, flush=True)  # acknowledged
"""


def start_writer(uri: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(uri), name, str(count)], stdout=subprocess.PIPE, text=True
    )


def check_kills(uri: Path, trials: int) -> None:
    create_gallery(uri, model="m", descriptor_dim=DIM)
    written = 0
    for trial in range(trials):
        writer = start_writer(uri, f"w{trial}", 10_000)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.02 * (trial % 7))
        os.kill(writer.pid, signal.SIGKILL)
        rest, _ = writer.communicate()
        acknowledged = 1 + len([line for line in rest.splitlines() if line.strip()])
        gallery = Gallery(uri)
        found = {template.template_id for template in gallery.templates(f"identity = 'w{trial}'")}
        wanted = {f"w{trial}-{number}" for number in range(acknowledged)}
        # The write that was going on may be there too, whole.
        assert found in (wanted, wanted | {f"w{trial}-{acknowledged}"})
        written += len(found)
        assert gallery.stats().templates == written
        answer = gallery.search(np.eye(DIM, dtype=np.float32)[:1], top=written + 5)[0]
        assert len(answer.hits) == written


def test_two_kills_lose_nothing(tmp_path: Path):
    check_kills(tmp_path / "g", trials=2)


@pytest.mark.slow
def test_twenty_kills_lose_nothing(tmp_path: Path):
    check_kills(tmp_path / "g", trials=20)


def test_two_processes_write_at_once(tmp_path: Path):
    uri = tmp_path / "g"
    create_gallery(uri, model="m", descriptor_dim=DIM)
    writers = [start_writer(uri, name, 25) for name in ("left", "right")]
    for writer in writers:
        out, _ = writer.communicate(timeout=120)
        assert writer.returncode == 0
        assert len(out.splitlines()) == 25
    templates = Gallery(uri).templates()
    assert {template.template_id for template in templates} == {
        f"{name}-{number}" for name in ("left", "right") for number in range(25)
    }
