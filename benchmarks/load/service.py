"""How a service holds out: a real client at many connections, without an error, in bounded memory.

python benchmarks/load/service.py [--model MODEL --images FOLDER] [--connections 16] [--seconds 60]

Starts `reidkit serve` on a gallery of the images, lets locust search, compare, embed, list, look at
pictures and add, and watches the memory of the service. Without a model a random one and drawn images are
used. Exits 1 where a request failed.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
from PIL import Image

CALLER = Path(__file__).with_name("caller.py")


def make_model(folder: Path) -> Path:
    """Write a model with random weights, and return its file."""
    import torch

    from reidkit.core.types import Preprocessing
    from reidkit.models.checkpoint import ModelCard, save_model
    from reidkit.models.zoo import build_model

    torch.manual_seed(0)
    model = build_model("osnet_x0_25", image_size=(128, 64)).eval()
    preprocessing = Preprocessing(height=128, width=64)
    card = ModelCard(architecture="osnet_x0_25", preprocessing=preprocessing, descriptor_dim=512)
    save_model(folder / "model.safetensors", model, card)
    return folder / "model.safetensors"


def draw_images(folder: Path, count: int) -> Path:
    """Draw noise of different colours, one folder per individual."""
    generator = np.random.default_rng(0)
    for number in range(count):
        pixels = generator.integers(0, 255, (128, 64, 3), dtype=np.uint8)
        path = folder / "images" / f"p{number % 20}" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return folder / "images"


def resident_megabytes(process: int) -> float:
    """Return the memory that a process holds, of Linux."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"Process {process} is not there.")


def command(*words: object) -> list[str]:
    """Return a command of reidkit."""
    return [sys.executable, "-m", "reidkit", *map(str, words)]


def wait_for(address: str, service: "subprocess.Popen[bytes]") -> None:
    """Wait until the service answers."""
    while service.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=10):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("The service ended before it answered.")


def watch(caller: "subprocess.Popen[bytes]", service: int) -> list[float]:
    """Return the memory of the service, measured each half second while the caller calls."""
    held = []
    while caller.poll() is None:
        held.append(resident_megabytes(service))
        time.sleep(0.5)
    return held


def measure(folder: Path, arguments: argparse.Namespace) -> dict[str, float]:
    """Run service and caller, and return what was measured."""
    model = arguments.model or make_model(folder)
    images = arguments.images or draw_images(folder, 60)
    place = folder / "g"
    for words in (("create", place), ("add", place, images)):
        subprocess.run(command("gallery", *words, "--model", model), check=True, stdout=sys.stderr)
    options = ("--images", images, "--port", arguments.port, "--timeout", 120)
    service = subprocess.Popen(command("serve", "-g", place, "--model", model, *options), stdout=sys.stderr)
    try:
        wait_for(f"http://localhost:{arguments.port}/health", service)
        caller = subprocess.Popen(
            [
                sys.executable, "-m", "locust", "--headless", "--locustfile", str(CALLER),
                "--users", str(arguments.connections), "--spawn-rate", str(arguments.connections),
                "--run-time", f"{arguments.seconds}s", "--stop-timeout", "120", "--only-summary",
                "--host", f"http://localhost:{arguments.port}", "--csv", str(folder / "load"), str(images),
            ],
            stdout=sys.stderr,
        )  # fmt: skip
        held = watch(caller, service.pid)
    finally:
        service.terminate()
        stopped = service.wait(60)
    rows = list(csv.DictReader((folder / "load_stats.csv").open()))
    total = rows[-1]
    settled = held[len(held) // 3 :]  # the first third is for caches to fill
    return {
        "connections": arguments.connections,
        "seconds": arguments.seconds,
        "requests": int(total["Request Count"]),
        "failures": int(total["Failure Count"]),
        "requests_per_second": float(total["Requests/s"]),
        "median_ms": float(total["50%"]),
        "p95_ms": float(total["95%"]),
        "slowest_ms": float(total["Max Response Time"]),
        "memory_start_mb": held[0],
        "memory_settled_mb": settled[0],
        "memory_end_mb": held[-1],
        "memory_most_mb": max(held),
        "memory_end_over_settled": held[-1] / settled[0],
        "exit_code": stopped,
    }


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path)
    parser.add_argument("--images", type=Path)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--port", type=int, default=8123)
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder), parser.parse_args())
    print(json.dumps(measured, indent=2))
    sys.exit(int(measured["failures"] > 0 or measured["requests"] == 0 or measured["exit_code"] != 0))


if __name__ == "__main__":
    main()
