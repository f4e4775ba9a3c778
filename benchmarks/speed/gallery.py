"""How fast a gallery answers: exact search, and the index of large galleries.

python benchmarks/speed/gallery.py [--rows 100000] [--queries 50]

Descriptors are drawn around one centre per identity, as those of a trained model lie.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from reidkit.gallery.gallery import Gallery, create_gallery
from reidkit.gallery.records import Template

DIM = 512
CHUNK = 20_000
TEMPLATES_PER_IDENTITY = 10


def draw(count: int, seed: int, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return unit descriptors (count, DIM) and the number of the identity of each."""
    generator = np.random.default_rng(seed)
    who = generator.integers(0, len(centres), count)
    rows = centres[who] + 0.7 * generator.standard_normal((count, DIM)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), who


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--top", type=int, default=50)
    arguments = parser.parse_args()
    num_identities = max(1, arguments.rows // TEMPLATES_PER_IDENTITY)
    centres = np.random.default_rng(0).standard_normal((num_identities, DIM)).astype(np.float32)
    measured: dict[str, float] = {"rows": arguments.rows, "top": arguments.top}
    with tempfile.TemporaryDirectory() as folder:
        gallery = create_gallery(Path(folder) / "g", model="benchmark", descriptor_dim=DIM)
        everything = []
        start = time.perf_counter()
        for first in range(0, arguments.rows, CHUNK):
            count = min(CHUNK, arguments.rows - first)
            rows, who = draw(count, first + 1, centres)
            everything.append(rows)
            names = [Template(f"p{identity}", f"t{first + number}") for number, identity in enumerate(who)]
            gallery.add(names, rows)
        measured["add_s"] = time.perf_counter() - start
        queries, _ = draw(arguments.queries, 999_999, centres)
        opened = Gallery(Path(folder) / "g")
        start = time.perf_counter()
        opened.search(queries[:1], top=arguments.top)
        measured["first_search_s"] = time.perf_counter() - start
        times, right = [], 0
        matrix = np.concatenate(everything)
        for query in queries:
            start = time.perf_counter()
            (answer,) = opened.search(query[None], top=arguments.top)
            times.append(1000 * (time.perf_counter() - start))
            wanted = np.argsort(1 - matrix.astype(np.float64) @ query.astype(np.float64), kind="stable")
            expected = {f"t{row}" for row in wanted[: arguments.top]}
            right += len(expected & {hit.template.template_id for hit in answer.hits})
        measured["median_ms"] = float(np.median(times))
        measured["slowest_ms"] = max(times)
        measured["recall"] = right / (arguments.queries * arguments.top)
        start = time.perf_counter()
        for _ in range(10):
            matrix @ queries[0]
        measured["bare_product_ms"] = 100 * (time.perf_counter() - start)
    measured["median_over_bare_product"] = measured["median_ms"] / measured["bare_product_ms"]
    print(json.dumps(measured, indent=2))


if __name__ == "__main__":
    main()
