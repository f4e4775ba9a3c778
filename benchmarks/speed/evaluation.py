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


def main() -> None:
    """Draw descriptors, rank them, multiply them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=3368)
    parser.add_argument("--gallery", type=int, default=15913)
    parser.add_argument("--identities", type=int, default=751)
    parser.add_argument("--cameras", type=int, default=6)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=3)
    wanted = parser.parse_args()
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(wanted.queries, wanted.dim, generator=generator)
    gallery = torch.randn(wanted.gallery, wanted.dim, generator=generator)
    query_labels = draw_labels(wanted.queries, wanted.identities, wanted.cameras, generator)
    gallery_labels = draw_labels(wanted.gallery, wanted.identities, wanted.cameras, generator)

    def rank() -> None:
        rank_gallery(query, gallery, query_labels, gallery_labels, PROTOCOLS["market1501"])

    def multiply() -> None:
        for block in query.split(QUERIES_AT_ONCE):
            torch.mm(block, gallery.T)

    # In turns, so that a busy moment of the machine meets both.
    times = [(seconds_of(rank), seconds_of(multiply)) for _ in range(wanted.repeats)]
    ranking, product = (min(column) for column in zip(*times, strict=True))
    print(
        json.dumps(
            {
                **vars(wanted),
                "ranking_seconds": round(ranking, 3),
                "product_seconds": round(product, 3),
                "ratio": round(ranking / product, 2),
                "peak_megabytes": peak_megabytes(),
                "torch": torch.__version__,
                "threads": torch.get_num_threads(),
            }
        )
    )


def draw_labels(count: int, identities: int, cameras: int, generator: torch.Generator) -> Labels:
    """Return random identities and cameras."""
    return Labels(
        torch.randint(identities, (count,), generator=generator).tolist(),
        torch.randint(cameras, (count,), generator=generator).tolist(),
    )


def seconds_of(action: Callable[[], None]) -> float:
    """Return how long an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def peak_megabytes() -> int:
    """Return the most memory that this process ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1 << 20 if sys.platform == "darwin" else 1 << 10)


if __name__ == "__main__":
    main()
