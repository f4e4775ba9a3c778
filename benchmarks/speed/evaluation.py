"""Time exact streaming evaluation next to the bare product of queries and gallery, in one run."""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable

import torch

from reidkit.metrics.labels import Labels
from reidkit.metrics.protocols import PROTOCOLS
from reidkit.metrics.ranking import rank_gallery

QUERIES_AT_ONCE = 1024


SIZES = {
    "market1501": (3_368, 15_913, 751, 6),
    "msmt17": (11_659, 82_161, 3_060, 15),
    "small": (20, 50, 5, 2),
    "million": (100, 1_000_000, 50_000, 10),
}
"""Queries, gallery, identities, cameras."""


def main() -> None:
    """Draw descriptors, rank them, multiply them; print a table, then JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=SIZES, nargs="?", default="market1501")
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=3)
    wanted = parser.parse_args()
    num_queries, num_gallery, identities, cameras = SIZES[wanted.size]
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(num_queries, wanted.dim, generator=generator)
    gallery = torch.randn(num_gallery, wanted.dim, generator=generator)
    query_labels = draw_labels(num_queries, identities, cameras, generator)
    gallery_labels = draw_labels(num_gallery, identities, cameras, generator)

    def report(done: int, total: int) -> None:
        if wanted.size == "million":
            print(f"{done} of {total} queries", file=sys.stderr)

    def rank() -> None:
        protocol = PROTOCOLS["market1501"]
        rank_gallery(query, gallery, query_labels, gallery_labels, protocol, report=report)

    def multiply() -> None:
        rows = max(1, QUERIES_AT_ONCE * 16_384 // num_gallery)
        for start in range(0, num_queries, rows):
            torch.mm(query[start : start + rows], gallery.T)

    before = peak_megabytes()
    rank()
    above_inputs = peak_megabytes() - before
    # In turns, so that a busy moment of the machine meets both.
    times = [(*seconds_of(rank), *seconds_of(multiply)) for _ in range(wanted.repeats)]
    ranking, ranking_cpu, product, product_cpu = (min(column) for column in zip(*times, strict=True))
    result = {
        **vars(wanted),
        "queries": num_queries,
        "gallery": num_gallery,
        "ranking_seconds": round(ranking, 3),
        "product_seconds": round(product, 3),
        "ratio": round(ranking / product, 2),
        "ratio_of_processor_time": round(ranking_cpu / product_cpu, 2),
        "megabytes_above_inputs": above_inputs,
        "peak_megabytes": peak_megabytes(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }
    width = max(map(len, result))
    for name, value in result.items():
        print(f"{name:<{width}}  {value}")
    print(json.dumps(result))


def draw_labels(count: int, identities: int, cameras: int, generator: torch.Generator) -> Labels:
    """Return random identities and cameras."""
    return Labels(
        torch.randint(identities, (count,), generator=generator).tolist(),
        torch.randint(cameras, (count,), generator=generator).tolist(),
    )


def seconds_of(action: Callable[[], None]) -> tuple[float, float]:
    """Return how long an action takes by the clock, and in processor time, which others disturb less."""
    start, start_cpu = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - start, time.process_time() - start_cpu


def peak_megabytes() -> int:
    """Return the most memory that this process ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1 << 20 if sys.platform == "darwin" else 1 << 10)


if __name__ == "__main__":
    main()
