"""How fast and how right the index of a large gallery answers.

python benchmarks/speed/gallery_index.py [--rows 1000000] [--kind identities]

Descriptors are drawn around one centre per identity, as those of a trained model lie: two of one identity
have a cosine of about 2/3. `--kind random` draws them without identities, the hardest case for an index: all
templates are about equally far then, and no search needs that. The disk takes 5 kB per row.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from reidkit.core.errors import GalleryError
from reidkit.gallery.gallery import Gallery, create_gallery
from reidkit.gallery.records import Template

DIM = 512
CHUNK = 20_000
SPREAD = 0.7
TEMPLATES_PER_IDENTITY = 10
RECALL_AT = 10


def draw(count: int, seed: int, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return unit descriptors (count, DIM) and the number of the identity of each."""
    generator = np.random.default_rng(seed)
    who = generator.integers(0, len(centres), count)
    rows = centres[who] + SPREAD * generator.standard_normal((count, DIM), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), who


def fill(gallery: Gallery, everything: np.ndarray, centres: np.ndarray) -> None:
    """Draw all templates into the gallery and into a plain matrix."""
    for first in range(0, len(everything), CHUNK):
        count = min(CHUNK, len(everything) - first)
        rows, who = draw(count, first + 1, centres)
        everything[first : first + count] = rows
        gallery.add([Template(f"p{person}", f"t{first + number}") for number, person in enumerate(who)], rows)


def nearest(everything: np.ndarray, query: np.ndarray) -> set[str]:
    """Return the ids of the nearest templates, by looking at all."""
    blocks = [everything[first : first + CHUNK] @ query for first in range(0, len(everything), CHUNK)]
    return {f"t{row}" for row in np.argpartition(-np.concatenate(blocks), RECALL_AT)[:RECALL_AT]}


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--top", type=int, default=50)
    parser.add_argument("--recall", type=float, default=0.96)
    parser.add_argument("--kind", choices=["identities", "random"], default="identities")
    arguments = parser.parse_args()
    num_centres = max(1, arguments.rows // TEMPLATES_PER_IDENTITY)
    centres = np.random.default_rng(0).standard_normal((num_centres, DIM), dtype=np.float32)
    if arguments.kind == "random":
        centres = np.zeros((1, DIM), np.float32)
    measured: dict[str, object] = {"rows": arguments.rows, "top": arguments.top, "kind": arguments.kind}
    with tempfile.TemporaryDirectory() as folder:
        gallery = create_gallery(Path(folder) / "g", model="benchmark", descriptor_dim=DIM)
        everything = np.memmap(Path(folder) / "all", np.float32, "w+", shape=(arguments.rows, DIM))
        start = time.perf_counter()
        fill(gallery, everything, centres)
        measured["add_s"] = time.perf_counter() - start
        start = time.perf_counter()
        try:
            about = gallery.build_index(least_recall=arguments.recall)
        except GalleryError as error:
            print(json.dumps({**measured, "refused_over": str(error)}, indent=2))
            return
        measured |= {"build_s": time.perf_counter() - start, "parts": about.num_parts}
        measured |= {"probes": about.num_probes, "recall_when_built": about.recall}
        queries, _ = draw(arguments.queries, 999_999, centres)
        opened = Gallery(Path(folder) / "g")
        opened.search(queries[:5], top=arguments.top)  # warm
        times, bare, right = [], [], 0
        for query in queries:
            start = time.perf_counter()
            (answer,) = opened.search(query[None], top=arguments.top)
            times.append(1000 * (time.perf_counter() - start))
            start = time.perf_counter()
            expected = nearest(everything, query)
            bare.append(1000 * (time.perf_counter() - start))
            right += len(expected & {hit.template.template_id for hit in answer.hits[:RECALL_AT]})
        measured["median_ms"] = float(np.median(times))
        measured["p95_ms"] = float(np.quantile(times, 0.95))
        measured["recall_at_10"] = right / (RECALL_AT * arguments.queries)
        measured["bare_product_ms"] = float(np.median(bare))
        measured["median_over_bare_product"] = float(np.median(times) / np.median(bare))
    measured["most_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(measured, indent=2))


if __name__ == "__main__":
    main()
