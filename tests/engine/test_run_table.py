"""Run folders side by side: their state, their scores, and the mean over seeds."""

import json
import os
import statistics
from pathlib import Path

import pytest

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.files import write_json
from reidkit.core.types import Preprocessing
from reidkit.engine.history import history_text
from reidkit.engine.recipe_files import write_recipe
from reidkit.engine.run_folder import RunFolder
from reidkit.engine.run_table import over_seeds, read_runs, runs_text, sort_runs
from reidkit.models.checkpoint import ModelCard, save_model
from reidkit.models.zoo import build_model
from tests.engine.recipes import small_recipe


def make_run(
    root: Path, name: str, *, seed: int = 0, mean_ap: float | None = None, width: int = 32
) -> RunFolder:
    """Write the files of a run; one with scores is finished."""
    folder = RunFolder(root / name)
    folder.path.mkdir(parents=True)
    write_recipe(small_recipe(None, seed=seed, input={"height": 64, "width": width}), folder.recipe)
    write_json(folder.environment, {"data": {"name": "drawn", "fingerprint": "abc"}})
    rows = [{"epoch": 1.0, "seconds": 30.0}, {"epoch": 2.0, "seconds": 40.0, "mean_ap": 0.25, "rank_1": 0.5}]
    folder.history.write_text(history_text(rows))
    if mean_ap is not None:
        model = build_model("osnet_x0_25", image_size=(64, 32))
        scores = {"rank_1": mean_ap + 0.1, "mean_ap": mean_ap, "mean_inp": mean_ap - 0.1}
        card = ModelCard(
            architecture="osnet_x0_25", preprocessing=Preprocessing(64, 32), descriptor_dim=512, scores=scores
        )
        save_model(folder.model, model, card)
        write_json(folder.scores, {})
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    for seed, mean_ap in enumerate((0.6, 0.64, 0.71)):
        make_run(root, f"seeds/{seed}", seed=seed, mean_ap=mean_ap)
    make_run(root, "other", mean_ap=0.9, width=16)
    make_run(root, "going")
    quiet = make_run(root, "quiet")
    for path in quiet.path.rglob("*"):
        os.utime(path, (1e9, 1e9))
    write_json(make_run(root, "failed").failed_batch, {})
    (root / "broken").mkdir()
    (root / "broken" / "recipe.yaml").write_text("name: [")
    (root / "no_run").mkdir()
    return root


def test_every_run_is_found_with_its_state(root: Path):
    states = {run.folder: run.state for run in read_runs(root)}
    assert states == {
        "broken": "broken", "failed": "failed", "going": "running", "other": "done", "quiet": "stopped",
        "seeds/0": "done", "seeds/1": "done", "seeds/2": "done",
    }  # fmt: skip


def test_scores_are_of_the_kept_model_or_of_the_last_evaluation(root: Path):
    runs = {run.folder: run for run in read_runs(root)}
    one, going = runs["seeds/1"], runs["going"]
    assert (one.name, one.model, one.data, one.seed) == ("small", "osnet_x0_25", "drawn", 1)
    assert (one.mean_ap, one.rank_1, one.seconds) == (0.64, 0.74, 70.0)
    assert (going.mean_ap, going.rank_1, going.mean_inp) == (0.25, 0.5, None)
    assert (going.epochs_done, going.epochs) == (2, 2)


def test_mean_and_deviation_over_seeds_of_one_recipe(root: Path):
    (group,) = over_seeds(read_runs(root))
    assert group.seeds == (0, 1, 2)
    assert group.mean_ap == pytest.approx(0.65)
    assert group.mean_ap_deviation == pytest.approx(statistics.stdev([0.6, 0.64, 0.71]))
    assert group.rank_1 == pytest.approx(0.75)
    assert group.seconds == 70


def test_runs_sort_by_score_from_the_best_and_unknown_ones_last(root: Path):
    runs = read_runs(root)
    assert [run.folder for run in sort_runs(runs, "mean_ap")][:4] == [
        "other",
        "seeds/2",
        "seeds/1",
        "seeds/0",
    ]
    assert sort_runs(runs, "mean_ap")[-1].folder == "broken"
    assert [run.folder for run in sort_runs(runs, "folder")] == sorted(run.folder for run in runs)
    with pytest.raises(CatalogError, match=r"no column 'mean_app'\. Did you mean 'mean_ap'\?"):
        sort_runs(runs, "mean_app")


def test_table_is_plain_csv(root: Path):
    lines = runs_text(read_runs(root)).splitlines()
    assert lines[0].startswith("folder,name,model,data,seed,epochs,epochs_done,state,rank_1,mean_ap")
    assert len(lines) == 9


def test_a_single_run_is_a_table_of_one(root: Path):
    (run,) = read_runs(root / "other")
    assert run.folder == "other"


def test_folder_without_runs_is_refused(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"No runs found, got "):
        read_runs(tmp_path / "none")


def test_other_data_is_another_method(root: Path, tmp_path: Path):
    for seed in (0, 1):
        folder = make_run(tmp_path, str(seed), seed=seed, mean_ap=0.5)
        write_json(folder.environment, {"data": {"name": "drawn", "fingerprint": str(seed)}})
    assert over_seeds(read_runs(tmp_path)) == []
    assert json.loads(RunFolder(tmp_path / "1").environment.read_text())["data"]["fingerprint"] == "1"
