"""The service as a process of its own, as a person starts it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx

START = """
import socket, sys
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
sys.argv = ["reidkit", "serve", *sys.argv[1:], "--port", str(port)]
from reidkit.cli.main import run
run()
"""


class RunningService:
    """A started service.

    Args:
        process: Its process.
        address: Where the page is.
    """

    def __init__(self, process: "subprocess.Popen[str]", address: str) -> None:
        self.process = process
        self.address = address
        base, _, self.token = address.partition("#token=")
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        self.client = httpx.Client(base_url=base, headers=headers, timeout=60)

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def running(gallery: Path | str, model: Path, *options: object) -> Iterator[RunningService]:
    """Start ``reidkit serve`` at a free port, and wait until it answers."""
    command = [
        sys.executable,
        "-c",
        START,
        "--gallery",
        gallery,
        "--model",
        model,
        "--device",
        "cpu",
        *options,
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"open (\S+)", line)
        assert found is not None, line + process.stdout.read()
        service = RunningService(process, found[1])
        transport = httpx.HTTPTransport(retries=20)  # it says where it is just before it listens
        with httpx.Client(base_url=service.client.base_url, transport=transport, timeout=30) as first:
            assert first.get("/health").json()["status"] == "ok"
        yield service
        service.client.close()
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
