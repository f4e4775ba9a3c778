"""Re-ranking may not hold a matrix of all images by all images: 20,000 squared in float32 are 1.6 GB."""

import subprocess
import sys

import pytest

MEASURE = """
import resource, sys
import torch
from reidkit.metrics.reranking.k_reciprocal import k_reciprocal

def peak_bytes():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak

torch.set_num_threads(1)
generator = torch.Generator().manual_seed(0)
rows = torch.randn(700, 16, generator=generator)[torch.arange(20_000) % 700]
rows = rows + 0.3 * torch.randn(20_000, 16, generator=generator)
k_reciprocal(rows[:3], rows[3:40]).matrix()  # loads everything
before = peak_bytes()
result = k_reciprocal(rows[:400], rows[400:])
count = sum(result.keys(block).shape[0] for block in result.row_slices())
print(count, peak_bytes() - before)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource module")
def test_reranking_holds_less_than_the_matrix():
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    count, more_bytes = (int(number) for number in done.stdout.split())
    assert count == 400
    assert more_bytes < 0.6e9 < 20_000**2 * 4
