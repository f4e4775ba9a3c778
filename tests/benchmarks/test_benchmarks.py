"""The benchmark scripts run; what they measure is nobody's test."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SMALL = {
    "speed/evaluation": ["small", "--repeats", "1"],
    "speed/reranking": ["--queries", "20", "--gallery", "50", "--identities", "5", "--repeats", "1"],
    "speed/drawing": ["--identities", "4"],
    "speed/embedding": [
        *("--model", "resnet18", "--height", "32", "--width", "16", "--batch", "2", "--repeats", "1"),
    ],
    "speed/gallery_index": ["--rows", "1500", "--queries", "2", "--top", "10", "--recall", "0.9"],
    "speed/gallery": ["--rows", "500", "--queries", "2", "--top", "5"],
    "speed/reading": ["--share", "0.001"],
    "speed/starting": ["--repeats", "1"],
    "ablation/bag_of_tricks": [
        *("--only", "softmax", "+ triplet", "--seeds", "1", "--epochs", "1"),
        *("--identities", "16", "--cameras", "2", "--images-per-camera", "2", "--out", "runs"),
    ],
}


def test_every_script_is_tried():
    scripts = {str(path.relative_to(BENCHMARKS).with_suffix("")) for path in BENCHMARKS.glob("*/*.py")}
    slow = {"load/service", "load/caller"}  # tests/serve/test_load.py runs them, for a minute
    assert scripts - slow == set(SMALL)


@pytest.mark.parametrize("name", SMALL)
def test_a_script_prints_one_json_object(name: str, tmp_path: Path):
    command = [sys.executable, str(BENCHMARKS / f"{name}.py"), *SMALL[name]]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    result = json.loads(run.stdout[run.stdout.index("{") :])  # some print a table first
    assert any("ratio" in key or "over" in key for key in result)


def test_page_of_the_ablation_tells_what_was_measured():
    result = json.loads((BENCHMARKS / "ablation" / "bag_of_tricks.json").read_text(encoding="utf-8"))
    page = (BENCHMARKS.parent / "docs" / "ablation.md").read_text(encoding="utf-8")
    rows = {
        name: f"| {name} | {100 * row['mean_ap']['mean']:.1f} ± {100 * row['mean_ap']['deviation']:.1f} |"
        for name, row in result["scores"].items()
    }
    assert len(rows) >= 10
    assert all(len(row["mean_ap"]["by_seed"]) == 3 for row in result["scores"].values())
    measured = {name for name, row in rows.items() if row in page}
    assert {name for name in rows if " - " not in name} <= measured
