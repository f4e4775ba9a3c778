"""``reidkit runs`` and ``reidkit tune`` as they are typed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reidkit.cli.main import app
from reidkit.core.errors import EvaluationError
from reidkit.engine.recipe_files import load_recipe, write_recipe
from tests.engine.recipes import small_recipe

runner = CliRunner()


def run(*words: str) -> str:
    result = runner.invoke(app, [*words], catch_exceptions=False, env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def search(dataset_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search of two trials that really trained."""
    place = tmp_path_factory.mktemp("search")
    recipe = small_recipe(dataset_root, training={"epochs": 1}, schedule={"warmup_epochs": 0})
    write_recipe(recipe, place / "small.yaml")
    words = ["tune", str(place / "small.yaml"), "--trials", "2", "--out", str(place / "out")]
    words += ["--key", "optim.learning_rate=log(1e-4, 1e-2)", "--key", "seed=choice(0, 1)"]
    output = run(*words)
    assert "trial 0 done" in output
    assert "Trials of" in output
    assert f"wrote {place / 'out' / 'best.yaml'}" in output
    return place


def test_search_leaves_a_recipe_and_its_runs(search: Path):
    best = load_recipe(search / "out" / "best.yaml")
    assert 1e-4 <= best.optim.learning_rate <= 1e-2
    assert len(list((search / "out").glob("trial_*/model.safetensors"))) == 2


def test_runs_of_a_search_as_table_json_and_csv(search: Path):
    table = run("runs", str(search / "out"), "--sort", "mean_ap")
    assert "trial_000" in table
    assert "1/1" in table
    assert table == run("runs", "list", str(search / "out"), "--sort", "mean_ap")
    content = json.loads(run("runs", str(search / "out"), "--json"))
    assert [item["state"] for item in content["runs"]] == ["done", "done"]
    assert run("runs", str(search / "out"), "--csv").startswith("folder,name,model")


def test_two_runs_are_compared_query_by_query(search: Path):
    pair = [str(search / "out" / f"trial_00{number}") for number in (0, 1)]
    content = json.loads(run("runs", "compare", *pair, "--json"))
    means = [json.loads(Path(place, "scores.json").read_text())["summary"]["mean_ap"] for place in pair]
    assert content["mean_ap"]["difference"]["mean"] == pytest.approx(means[1] - means[0])
    table = run("runs", "compare", *pair)
    assert "paired bootstrap" in table
    assert "95 % interval" in table
    assert "difference in mAP" in table or "is better" in table


def test_runs_on_other_queries_are_not_compared(search: Path, tmp_path: Path):
    scores = json.loads((search / "out" / "trial_000" / "scores.json").read_text())
    scores["queries"] = scores["queries"][:-1]
    (tmp_path / "scores.json").write_text(json.dumps(scores))
    with pytest.raises(EvaluationError, match=r"different queries"):
        run("runs", "compare", str(search / "out" / "trial_000"), str(tmp_path))


def test_dry_run_shows_the_search_and_writes_nothing(search: Path, tmp_path: Path):
    output = run(
        "tune", str(search / "small.yaml"), "-k", "training.epochs=int(1, 3)", "--trials", "7",
        "--out", str(tmp_path / "out"), "--dry-run",
    )  # fmt: skip
    assert "training.epochs=int(1, 3)" in output
    assert "7 times for at most 1 epochs" in output
    assert not (tmp_path / "out").exists()


def test_json_and_csv_together_are_refused(search: Path):
    result = runner.invoke(app, ["runs", str(search / "out"), "--json", "--csv"])
    assert result.exit_code == 2
    assert "choose one of --json and --csv" in result.output


def test_help_of_runs_names_both_commands():
    output = run("runs", "--help")
    assert "compare" in output
    assert "list" in output
