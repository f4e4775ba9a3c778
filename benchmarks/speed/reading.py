"""Time readers on trees of the real size, next to a bare walk over the same files, in one run."""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from reidkit.data.readers import read_dataset


def main() -> None:
    """Make trees of empty files with the real names, read each twice, and take the second time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="Part of the real size.")
    wanted = parser.parse_args()
    results: dict[str, float] = {}
    for name, make in {"market1501": make_market, "msmt17": make_msmt}.items():
        with tempfile.TemporaryDirectory() as place:
            num_files = make(Path(place), wanted.share)
            # In turns and twice, so that both meet a warm file cache.
            times = [(seconds_of(read_dataset, name, place), seconds_of(walk, place)) for _ in range(2)]
            reading, walking = times[-1]
            results |= {
                f"{name}_files": num_files,
                f"{name}_seconds": round(reading, 3),
                f"{name}_walking_seconds": round(walking, 3),
                f"{name}_ratio": round(reading / walking, 2),
            }
    print(json.dumps(results))


def make_market(root: Path, share: float) -> int:
    """Make the folders of Market-1501; return the number of files."""
    count = 0
    sizes = {"bounding_box_train": (751, 12936), "query": (750, 3368), "bounding_box_test": (751, 19732)}
    for folder, (identities, images) in sizes.items():
        (root / folder).mkdir()
        for number in range(max(1, int(images * share))):
            identity = number % identities
            name = f"{identity:04d}_c{1 + number % 6}s1_{number:06d}_01.jpg"
            (root / folder / name).touch()
            count += 1
    return count


def make_msmt(root: Path, share: float) -> int:
    """Make the folders and lists of MSMT17; return the number of files."""
    count = 0
    lists = {
        "list_train.txt": ("train", 1041, 30248),
        "list_val.txt": ("train", 1041, 2373),
        "list_query.txt": ("test", 3060, 11659),
        "list_gallery.txt": ("test", 3060, 82161),
    }
    for place, (name, (folder, identities, images)) in enumerate(lists.items()):
        lines = []
        for number in range(max(1, int(images * share))):
            identity = number % identities
            number_of_image = f"{place}{number // identities:02d}"
            file = f"{identity:04d}_{number_of_image}_{1 + number % 15:02d}_0303morning_0008_0.jpg"
            path = root / folder / f"{identity:04d}" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            lines.append(f"{identity:04d}/{file} {identity}")
            count += 1
        (root / name).write_text("\n".join(lines) + "\n")
    return count


def walk(root: str) -> None:
    """Visit every file."""
    for _, _, files in os.walk(root):
        len(files)


def seconds_of(action: Callable[..., object], *arguments: str) -> float:
    """Return how long an action takes."""
    start = time.perf_counter()
    action(*arguments)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
