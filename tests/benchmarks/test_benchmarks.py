"""The benchmark scripts run; what they measure is nobody's test."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SPEED = Path(__file__).parents[2] / "benchmarks" / "speed"
SMALL = {
    "evaluation": ["small", "--repeats", "1"],
    "reranking": ["--queries", "20", "--gallery", "50", "--identities", "5", "--repeats", "1"],
    "drawing": ["--identities", "4"],
    "gallery_index": ["--rows", "1500", "--queries", "2", "--top", "10", "--recall", "0.9"],
    "gallery": ["--rows", "500", "--queries", "2", "--top", "5"],
    "reading": ["--share", "0.001"],
    "starting": ["--repeats", "1"],
}


def test_every_script_is_tried():
    assert {path.stem for path in SPEED.glob("*.py")} == set(SMALL)


@pytest.mark.parametrize("name", SMALL)
def test_a_script_prints_one_json_object(name: str):
    command = [sys.executable, str(SPEED / f"{name}.py"), *SMALL[name]]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    result = json.loads(run.stdout[run.stdout.index("{") :])  # some print a table first
    assert any("ratio" in key or "over" in key for key in result)
