"""No evaluation may hold a query x gallery matrix: 2,500 x 60,000 in float32 are 600 MB; nor a second gallery."""

import subprocess
import sys

import pytest

START = """
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
"""
MATRIX = """
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


COPIES = """
labels = Labels(list(range(20))), Labels([row % 1_000 for row in range(80_000)])
query, gallery = (torch.randn(rows, 512, generator=generator) for rows in (20, 80_000))
protocol = Protocol(name="own", same_camera="keep")
rank_gallery(query[:2], gallery[:9], Labels([0] * 2), Labels([0] * 9), protocol)
before = peak_bytes()
scores = rank_gallery(query, gallery, *labels, protocol)
print(scores.num_valid, int(scores.num_matches.sum()), peak_bytes() - before)
"""


def measure(program: str) -> list[list[int]]:
    done = subprocess.run(
        [sys.executable, "-c", START + program], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return [[int(number) for number in line.split()] for line in done.stdout.splitlines()]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource module")
def test_ranking_holds_less_than_the_matrix():
    rows = measure(MATRIX)
    assert [row[:2] for row in rows] == [[2_500, 5_000]] * 2
    matrix_bytes, input_bytes = 2_500 * 60_000 * 4, 62_500 * 64 * 4
    assert rows[-1][2] < input_bytes + 0.5e9 < matrix_bytes


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource module")
def test_ranking_holds_the_gallery_once():
    # Memory for each part of a check, taken anew, once added up to a second gallery: 2 GB of a million rows.
    ((num_valid, num_matches, above_inputs),) = measure(COPIES)
    assert (num_valid, num_matches) == (20, 1_600)
    gallery_bytes = 80_000 * 512 * 4
    assert above_inputs < 0.5 * gallery_bytes
