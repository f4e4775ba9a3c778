"""Time how fast reidkit starts, next to the import of torch, in one run."""

import argparse
import json
import subprocess
import sys
import time

COMMANDS = {
    "python": [sys.executable, "-c", ""],
    "import_reidkit": [sys.executable, "-c", "import reidkit"],
    "help": [sys.executable, "-m", "reidkit", "--help"],
    "import_torch": [sys.executable, "-c", "import torch"],
}


def main() -> None:
    """Start each command several times, in turns, and take the fastest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    wanted = parser.parse_args()
    times = [[seconds_of(command) for command in COMMANDS.values()] for _ in range(wanted.repeats)]
    fastest = dict(zip(COMMANDS, (min(column) for column in zip(*times, strict=True)), strict=True))
    print(
        json.dumps(
            {
                **{f"{name}_seconds": round(seconds, 3) for name, seconds in fastest.items()},
                "help_over_torch": round(fastest["help"] / fastest["import_torch"], 3),
            }
        )
    )


def seconds_of(command: list[str]) -> float:
    """Return how long a command takes."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
