"""``reidkit train`` that is asked to stop, alone and under torchrun."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from reidkit.engine.epoch_record import read_history
from reidkit.engine.recipe_files import write_recipe
from reidkit.engine.run_folder import RunFolder
from tests.engine.recipes import small_recipe

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]


def stopped_run(command: list[str], folder: RunFolder, out: Path) -> int:
    """Ask a run to stop once its first epoch is done; return its exit code."""
    with out.open("w") as stream:
        run = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT, env=ENVIRONMENT)
        deadline = time.monotonic() + 240
        while not folder.last_checkpoint.exists():
            assert run.poll() is None, out.read_text()
            assert time.monotonic() < deadline, out.read_text()
            time.sleep(0.05)
        run.send_signal(signal.SIGTERM)
        return run.wait(timeout=240)


def test_stopped_command_exits_with_zero_and_says_how_to_go_on(dataset_root: Path, tmp_path: Path):
    recipe = small_recipe(dataset_root, training={"epochs": 200}, evaluation={"every_epochs": 0})
    write_recipe(recipe, tmp_path / "recipe.yaml")
    folder = RunFolder(tmp_path / "run")
    command = [
        sys.executable,
        "-m",
        "reidkit",
        "train",
        str(tmp_path / "recipe.yaml"),
        "-o",
        str(folder.path),
    ]
    code = stopped_run([*command, "--no-report"], folder, tmp_path / "out.txt")
    text = (tmp_path / "out.txt").read_text()
    assert code == 0, text
    assert text.rstrip().endswith(f"as asked. Go on with: reidkit train --resume --out {folder.path}")
    assert "Traceback" not in text
    assert torch.load(folder.last_checkpoint, weights_only=True)["global_step"] > 0


@pytest.mark.slow
def test_command_under_torchrun_stops_goes_on_and_speaks_once(dataset_root: Path, tmp_path: Path):
    recipe = small_recipe(dataset_root, training={"epochs": 6}, evaluation={"every_epochs": 0})
    write_recipe(recipe, tmp_path / "recipe.yaml")
    folder = RunFolder(tmp_path / "run")
    command = [
        *TORCHRUN,
        "reidkit",
        "train",
        str(tmp_path / "recipe.yaml"),
        "-o",
        str(folder.path),
        "--no-report",
    ]
    stopped_run(command, folder, tmp_path / "first.txt")
    first = (tmp_path / "first.txt").read_text()
    assert first.count("as asked. Go on with:") == 1
    assert not folder.is_finished
    resume = [*TORCHRUN, "reidkit", "train", "--resume", "-o", str(folder.path), "--no-report"]
    second = subprocess.run(resume, capture_output=True, text=True, env=ENVIRONMENT)
    assert second.returncode == 0, second.stderr
    assert second.stdout.count("Scores") == second.stdout.count("epoch   6/6") == 1
    assert [row["epoch"] for row in read_history(folder.history)] == [1, 2, 3, 4, 5, 6]


@pytest.mark.slow
def test_error_under_torchrun_is_said_once(dataset_root: Path, tmp_path: Path):
    recipe = small_recipe(
        dataset_root, sampling={"arguments": {"identities_per_batch": 3, "images_per_identity": 2}}
    )
    write_recipe(recipe, tmp_path / "recipe.yaml")
    command = [*TORCHRUN, "reidkit", "train", str(tmp_path / "recipe.yaml"), "-o", str(tmp_path / "run")]
    run = subprocess.run([*command, "--no-report"], capture_output=True, text=True, env=ENVIRONMENT)
    assert run.returncode == 1
    assert run.stderr.count("Error: identities_per_batch cannot be shared among 2 processes") == 1
