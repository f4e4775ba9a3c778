"""Two processes that train together do what one alone does with the same global batch."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from reidkit.data.readers import read_dataset
from reidkit.engine.epoch_record import read_history
from reidkit.engine.recipe_files import write_recipe
from reidkit.engine.run_folder import RunFolder
from reidkit.engine.train import build_recipe_model
from tests.engine.recipes import small_recipe

SCRIPT = Path(__file__).with_name("record_steps.py")
# A batch norm over sixteen values multiplies every rounding, and the hardest triplet may become another one:
# within large steps two equal runs part, whatever the number of processes. These steps are small.
RATES = {"metric_and_classification": 1e-5, "frozen_ema_accumulated": 2e-6}
EPOCHS = {"metric_and_classification": 4, "frozen_ema_accumulated": 3}
BATCHES = 6
MODEL = {
    "name": "pipeline",
    "arguments": {"backbone": "resnet", "backbone_arguments": {"depth": 18, "is_pretrained": False}},
}

CASES: dict[str, dict[str, Any]] = {
    "metric_and_classification": {
        "losses": [
            {"name": "cross_entropy", "arguments": {"label_smoothing": 0.1}},
            {"name": "batch_hard_triplet"},
            {"name": "pairwise_circle", "weight": 0.1},
            {"name": "center", "weight": 0.001, "optim": {"name": "sgd", "learning_rate": 10.0}},
        ],
        "training": {"gradient_clip_norm": 5.0},
    },
    "frozen_ema_accumulated": {
        "losses": [{"name": "cross_entropy"}, {"name": "proxy_anchor"}],
        "training": {"freeze_backbone_epochs": 1, "weights": "ema", "ema_decay": 0.9, "accumulate_batches": 2},
        "sampling": {"name": "shuffled", "arguments": {"batch_size": 8}},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def runs(dataset_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same jobs done by one process and by two; and what only two can do."""
    folder = tmp_path_factory.mktemp("distributed")
    jobs = {}
    for name, changes in CASES.items():
        training = {"epochs": EPOCHS[name], **changes["training"]}
        recipe = small_recipe(
            dataset_root,
            **{
                **changes,
                "training": training,
                "optim": {"name": "sgd", "learning_rate": RATES[name]},
                "model": MODEL,
            },
        )
        write_recipe(recipe, folder / f"{name}.yaml")
        before = build_recipe_model(recipe, read_dataset("folder", dataset_root))
        torch.save({key: item.detach() for key, item in before.named_parameters()}, folder / f"{name}.pt")
        jobs[name] = {"recipe": str(folder / f"{name}.yaml")}
    odd = small_recipe(
        dataset_root, sampling={"arguments": {"identities_per_batch": 3, "images_per_identity": 2}}
    )
    write_recipe(odd, folder / "odd.yaml")
    first = jobs["metric_and_classification"]
    two = {
        **jobs,
        "odd": {"recipe": str(folder / "odd.yaml")},
        "stopped": {**first, "stop_after": 9, "stopped_rank": 1},
        "resumed": {**first, "resume": True, "out": str(folder / "two" / "stopped")},
    }
    run_jobs(folder, "one", jobs, [sys.executable])
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    run_jobs(folder, "two", two, torchrun)
    return folder


def run_jobs(folder: Path, place: str, jobs: dict[str, dict[str, Any]], launcher: list[str]) -> None:
    (folder / place).mkdir()
    content = [
        {"out": str(folder / place / name), "log": str(folder / place / f"{name}_log"), **job}
        for name, job in jobs.items()
    ]
    path = folder / f"{place}.json"
    path.write_text(json.dumps(content))
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*launcher, str(SCRIPT), str(path)], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr


def log(runs: Path, place: str, name: str, rank: int = 0) -> dict[str, Any]:
    return json.loads((runs / place / f"{name}_log.{rank}.json").read_text())


def weights(runs: Path, place: str, name: str) -> dict[str, torch.Tensor]:
    checkpoint = torch.load(RunFolder(runs / place / name).last_checkpoint, weights_only=True)
    return checkpoint["state_dict"]


def largest_difference(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> float:
    assert ours.keys() == theirs.keys()
    return max(float((ours[name].double() - theirs[name].double()).detach().abs().max()) for name in ours)


@pytest.mark.parametrize("name", CASES)
def test_losses_of_every_step_equal_those_of_one_process(runs: Path, name: str):
    one, two = log(runs, "one", name)["steps"], log(runs, "two", name)["steps"]
    assert len(one) == len(two) == EPOCHS[name] * BATCHES
    assert not log(runs, "one", name)["is_connected"]
    assert log(runs, "two", name)["is_connected"]
    for ours, theirs in zip(two, one, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5, rel=1e-5)
    assert log(runs, "two", name, rank=1)["steps"] == two


@pytest.mark.parametrize("name", CASES)
def test_weights_equal_those_of_one_process(runs: Path, name: str):
    one, two = weights(runs, "one", name), weights(runs, "two", name)
    assert len(one) > 100
    assert largest_difference(two, one) < 1e-5
    before = torch.load(runs / f"{name}.pt", weights_only=True)
    first, second = ({key: found[f"model.{key}"] for key in before} for found in (one, two))
    assert largest_difference(first, before) > 10 * largest_difference(first, second)
    kept = [load_file(RunFolder(runs / place / name).model) for place in ("one", "two")]
    assert largest_difference(*kept) < 1e-5


@pytest.mark.parametrize("name", CASES)
def test_scores_are_equal_and_every_image_counts_once(runs: Path, name: str):
    one, two = (json.loads(RunFolder(runs / place / name).scores.read_text()) for place in ("one", "two"))
    assert [row["path"] for row in one["queries"]] == [row["path"] for row in two["queries"]]
    for key in ("rank_1", "mean_ap", "mean_inp"):
        assert two["summary"][key] == pytest.approx(one["summary"][key], abs=1e-6)
    assert [log(runs, "two", name, rank)["descriptors"] for rank in (0, 1)] == [15, 15]
    assert log(runs, "two", name, 1)["mean_ap"] == log(runs, "two", name, 0)["mean_ap"]


def test_one_process_writes(runs: Path):
    folder = RunFolder(runs / "two" / "metric_and_classification")
    assert folder.is_finished
    assert not list(folder.path.rglob("*unfinished*"))
    assert len(list(folder.tensorboard.iterdir())) == 2  # events and the hyperparameters beside them
    rows = read_history(folder.history)
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]


def test_batch_that_cannot_be_shared_is_one_error(runs: Path):
    first, second = (log(runs, "two", "odd", rank) for rank in (0, 1))
    assert "identities_per_batch cannot be shared among 2 processes, got 3" in first["error"]
    assert "such as 4" in first["error"]
    assert not first["is_told_elsewhere"]
    assert second["is_told_elsewhere"]
    assert not (runs / "two" / "odd").exists()


def test_stop_asked_of_one_process_stops_both_in_mid_epoch(runs: Path):
    for rank in (0, 1):
        content = log(runs, "two", "stopped", rank)
        assert (
            "Stopped at step 9 (epoch 2) as asked. Go on with: reidkit train --resume" in content["stopped"]
        )
        assert len(content["steps"]) == 9


def test_resumed_run_of_two_processes_ends_with_the_bits_of_an_unbroken_one(runs: Path):
    whole, resumed = runs / "two" / "metric_and_classification", runs / "two" / "stopped"
    assert RunFolder(resumed).model.read_bytes() == RunFolder(whole).model.read_bytes()
    assert RunFolder(resumed).scores.read_bytes() == RunFolder(whole).scores.read_bytes()
    assert log(runs, "two", "resumed")["steps"] == log(runs, "two", "metric_and_classification")["steps"][9:]
    columns = ("epoch", "step", "learning_rate", "loss", "loss/center", "mean_ap")
    rows = [read_history(RunFolder(place).history) for place in (whole, resumed)]
    assert [[row.get(name) for name in columns] for row in rows[0]] == [
        [row.get(name) for name in columns] for row in rows[1]
    ]
