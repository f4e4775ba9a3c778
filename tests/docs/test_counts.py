"""Numbers in README and changelog are those of the code."""

from pathlib import Path

from reidkit.data.readers import BENCHMARKS

ROOT = Path(__file__).parents[2]


def test_readme_counts_the_published_data_sets():
    assert f"{len(BENCHMARKS)} published data sets" in (ROOT / "README.md").read_text()
