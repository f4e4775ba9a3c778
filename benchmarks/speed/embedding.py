"""Embedding throughput of PyTorch, ONNX Runtime and OpenVINO, in one run: images/s and their ratios.

python benchmarks/speed/embedding.py --model osnet_x1_0 --batch 32
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import torch

from reidkit.core.types import Preprocessing
from reidkit.deploy.embedder import Embedder, load
from reidkit.deploy.export import SUFFIXES, export_model
from reidkit.deploy.parity import draw_patterns
from reidkit.models.checkpoint import ModelCard
from reidkit.models.zoo import build_model

FORMATS = ("onnx", "openvino")


def images_per_second(embedder: Embedder, batch: int, repeats: int) -> float:
    """Return the best of several runs, after one that does not count."""
    pixels = draw_patterns(batch, embedder.card.preprocessing, seed=0)
    embedder.embed_pixels(pixels)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        embedder.embed_pixels(pixels)
        times.append(time.perf_counter() - start)
    return batch / min(times)


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="osnet_x1_0")
    parser.add_argument("--height", type=int, default=256)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    model = build_model(given.model, image_size=(given.height, given.width)).eval()
    card = ModelCard(
        architecture=given.model,
        preprocessing=Preprocessing(height=given.height, width=given.width),
        descriptor_dim=model.descriptor_dim,
    )
    result: dict[str, object] = {
        "model": given.model,
        "batch": given.batch,
        "threads": torch.get_num_threads(),
    }
    with tempfile.TemporaryDirectory() as folder:
        embedders = {"torch": Embedder.of_model(model, card, device="cpu")}
        for name in FORMATS:
            path = Path(folder) / f"model{SUFFIXES[name]}"
            embedders[name] = load(export_model(model, card, path, name).path, device="cpu")
        speeds = {name: images_per_second(one, given.batch, given.repeats) for name, one in embedders.items()}
        del embedders
    for name, speed in speeds.items():
        result[f"{name} images/s"] = round(speed, 1)
    for name in FORMATS:
        result[f"{name} over torch"] = round(speeds[name] / speeds["torch"], 2)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
