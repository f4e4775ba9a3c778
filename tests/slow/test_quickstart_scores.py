"""The claims of the README about the quickstart, at full size: minutes on two cores."""

from pathlib import Path

import pytest

from reidkit.cli.quickstart import judge_baselines
from reidkit.engine.recipe_files import load_recipe
from reidkit.engine.train import train
from reidkit.synthetic import synthesize


@pytest.mark.slow
def test_a_small_model_learns_the_benchmark_and_baselines_do_not(tmp_path: Path):
    synthesize(tmp_path / "data")
    result = train(load_recipe("quickstart", [f"data.root={tmp_path / 'data'}"]), tmp_path / "run")
    assert 0.6 <= result.evaluation.scores.rank(1) <= 0.9
    baselines = judge_baselines(result, lambda done, total: None)
    assert len(baselines) == 2
    assert all(scores.rank(1) <= 0.35 for scores in baselines.values())
