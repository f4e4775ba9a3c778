"""Time k-reciprocal re-ranking next to the bare product of all images by all images, in one run."""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable

import torch
from torch.nn import functional as F

from reidkit.metrics.reranking.k_reciprocal import estimate_bytes, k_reciprocal

ROWS_AT_ONCE = 1024


def main() -> None:
    """Draw descriptors around centres, re-rank them, multiply them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=3368)
    parser.add_argument("--gallery", type=int, default=15913)
    parser.add_argument("--identities", type=int, default=750)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--spread", type=float, default=1.0, help="of the images of one identity")
    parser.add_argument("--k1", type=int, default=20)
    parser.add_argument("--k2", type=int, default=6)
    parser.add_argument("--variant", default="classic")
    parser.add_argument("--repeats", type=int, default=3)
    wanted = parser.parse_args()
    generator = torch.Generator().manual_seed(0)
    count = wanted.queries + wanted.gallery
    centres = torch.randn(wanted.identities, wanted.dim, generator=generator)
    rows = centres[torch.randint(wanted.identities, (count,), generator=generator)]
    rows = F.normalize(rows + wanted.spread * torch.randn(count, wanted.dim, generator=generator), dim=1)
    query, gallery = rows.split([wanted.queries, wanted.gallery])
    loaded = peak_megabytes()
    estimate = estimate_bytes(wanted.queries, wanted.gallery, wanted.dim, k1=wanted.k1, k2=wanted.k2) >> 20
    print(f"estimate: {estimate:,} MB beside the {loaded:,} MB already held", file=sys.stderr)

    def rerank() -> None:
        result = k_reciprocal(query, gallery, k1=wanted.k1, k2=wanted.k2, variant=wanted.variant)
        for block in result.row_slices():
            result.keys(block)

    def multiply() -> None:
        for block in rows.split(ROWS_AT_ONCE):
            torch.mm(block, rows.T)

    # In turns, so that a busy moment of the machine meets both.
    times = [(seconds_of(rerank), seconds_of(multiply)) for _ in range(wanted.repeats)]
    reranking, product = (min(column) for column in zip(*times, strict=True))
    result = {
        **vars(wanted),
        "reranking_seconds": round(reranking, 3),
        "product_seconds": round(product, 3),
        "ratio": round(reranking / product, 2),
        "estimate_megabytes": estimate,
        "loaded_megabytes": loaded,
        "peak_megabytes": peak_megabytes(),
        "dense_megabytes": 4 * count**2 >> 20,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }
    for name, value in result.items():
        print(f"{name:20} {value}", file=sys.stderr)
    print(json.dumps(result))


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
