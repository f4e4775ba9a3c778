"""A real client at sixteen connections for a minute: no error, bounded memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "load" / "service.py"


@pytest.mark.slow
def test_sixteen_connections_for_a_minute_without_an_error():
    pytest.importorskip("locust", reason="locust is not installed")
    run = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    measured = json.loads(run.stdout)
    assert measured["failures"] == 0
    assert measured["requests"] > 200
    assert measured["memory_end_over_settled"] < 1.25
