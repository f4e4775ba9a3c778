"""Time the drawing of the synthetic benchmark, in one process and in one per core, in one run."""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from reidkit.synthetic import synthesize


def main() -> None:
    """Draw the same benchmark twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--identities", type=int, default=40)
    wanted = parser.parse_args()
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as place:
        speeds = {
            workers: images_per_second(Path(place) / str(workers), wanted.identities, workers)
            for workers in (1, cores)
        }
    print(
        json.dumps(
            {
                "identities": wanted.identities,
                "cores": cores,
                "images_per_second_by_workers": speeds,
                "images_per_second_per_core": round(speeds[cores] / cores, 1),
                "ratio": round(speeds[cores] / speeds[1], 2),
            }
        )
    )


def images_per_second(out: Path, identities: int, workers: int) -> float:
    """Draw a benchmark and return its pictures per second, starting the processes included."""
    start = time.perf_counter()
    summary = synthesize(out, identities=identities, workers=workers)
    return round(summary.images / (time.perf_counter() - start), 1)


if __name__ == "__main__":
    main()
