"""Every evaluation golden that was recorded is stored here, and read by a test."""

from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent

STORED = {
    "torchreid/ranking.npz": 11,
    "torchreid/ranking_large.npz": 2,
    "torchreid/single_shot.npz": 3,
    "torchreid/reranking.npz": 5,
    "fastreid/ranking.npz": 6,
    "fastreid/ranking_large.npz": 2,
    "fastreid/reranking.npz": 3,
    "fastreid/expansion.npz": 2,
    "fastreid/roc.npz": 3,
}
"""Archives of evaluation, and how many cases of the library's each holds."""


@pytest.mark.parametrize("name", STORED)
def test_archive_holds_its_cases_and_a_test_reads_it(name: str):
    with np.load(HERE / name) as stored:
        assert len({key.partition("/")[0] for key in stored.files}) == STORED[name]
    sources = [path.read_text() for path in HERE.glob("test_*_golden.py")]
    assert len(sources) >= 10
    assert any(f'"{name}"' in source for source in sources)


@pytest.mark.parametrize("name", ["dsr.npz", "distances.npz"])
def test_single_cases_are_read_by_the_tests_of_their_parts(name: str):
    assert (HERE / "fastreid" / name).is_file()
    tests = [*(HERE.parent / "core").glob("test_*.py"), *(HERE.parent / "metrics").glob("test_*.py")]
    assert any(f'"{name}"' in path.read_text() for path in tests)
