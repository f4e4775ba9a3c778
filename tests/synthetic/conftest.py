"""A small benchmark with every part, drawn once."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from reidkit.synthetic import ALL_PARTS, BenchmarkSummary, synthesize

SMALL = {"identities": 8, "cameras": 2, "images_per_camera": 2, "size": (96, 48), "seed": 3}


@pytest.fixture(scope="session")
def summary(tmp_path_factory: pytest.TempPathFactory) -> BenchmarkSummary:
    out = tmp_path_factory.mktemp("synthetic") / "benchmark"
    return synthesize(out, parts=ALL_PARTS, workers=1, **SMALL)


@pytest.fixture(scope="session")
def read_manifest(summary: BenchmarkSummary) -> Callable[[str], list[dict[str, str]]]:
    def read(part: str) -> list[dict[str, str]]:
        with (folder_of(summary.root, part) / "manifest.csv").open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    return read


def folder_of(root: Path, part: str) -> Path:
    return root if part == "images" else root / part
