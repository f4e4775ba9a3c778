"""No evaluation may hold a query x gallery matrix: 2,500 x 60,000 in float32 are 600 MB."""

import subprocess
import sys

import pytest

MEASURE = """
import resource, sys
import torch
from reidkit.core.types import Protocol
from reidkit.metrics.labels import Labels
from reidkit.metrics.ranking import rank_gallery

def peak_bytes():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak

torch.set_num_threads(1)
generator = torch.Generator().manual_seed(0)
query, gallery = (torch.randn(rows, 64, generator=generator) for rows in (2_500, 60_000))
labels = Labels([row % 2_500 for row in range(2_500)]), Labels([row % 30_000 for row in range(60_000)])
protocols = [Protocol(name="own", same_camera="keep", distance=name) for name in ("cosine", "euclidean")]
for protocol in protocols:  # loads everything
    rank_gallery(query[:2], gallery[:9], Labels([0] * 2), Labels([0] * 9), protocol)
before = peak_bytes()
for protocol in protocols:
    scores = rank_gallery(query, gallery, *labels, protocol)
    print(scores.num_valid, int(scores.num_matches.sum()), peak_bytes() - before)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource module")
def test_ranking_holds_less_than_the_matrix():
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = [[int(number) for number in line.split()] for line in done.stdout.splitlines()]
    assert [row[:2] for row in rows] == [[2_500, 5_000]] * 2
    matrix_bytes, input_bytes = 2_500 * 60_000 * 4, 62_500 * 64 * 4
    assert rows[-1][2] < input_bytes + 0.5e9 < matrix_bytes
