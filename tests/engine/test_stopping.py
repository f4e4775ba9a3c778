"""SIGTERM and Ctrl-C end a run where it can go on, and nothing half written is left behind."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from reidkit.core.errors import TrainingError
from reidkit.engine.epoch_record import EpochRecord, read_history
from reidkit.engine.recipe_files import write_recipe
from reidkit.engine.run_folder import RunFolder
from reidkit.engine.stopping import RunStopped, StopRequest
from reidkit.engine.train import train
from tests.engine.recipes import small_recipe

COLUMNS = ("epoch", "step", "learning_rate", "loss", "loss/cross_entropy", "mean_ap")


def rows(folder: RunFolder) -> list[list[float | None]]:
    return [[row.get(name) for name in COLUMNS] for row in read_history(folder.history)]


@contextmanager
def signalled(hook: str, at_call: int, number: signal.Signals) -> Iterator[None]:
    """Send this process a signal at the n-th call of a hook of the record."""
    original = getattr(EpochRecord, hook)
    calls = []

    def send(self: EpochRecord, *arguments: Any) -> Any:
        calls.append(0)
        if len(calls) == at_call:
            os.kill(os.getpid(), number)
        return original(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EpochRecord, hook, send)
        yield


@pytest.fixture(scope="module")
def recipe(dataset_root: Path):
    # Epochs of 6 batches, 2 of which make a step.
    training = {"epochs": 2, "accumulate_batches": 2, "keep": "best"}
    return small_recipe(dataset_root, training=training)


@pytest.fixture(scope="module")
def whole(recipe, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return train(recipe, tmp_path_factory.mktemp("whole") / "run").folder


@pytest.mark.parametrize(
    ("hook", "at_call", "number", "place"),
    [
        ("on_train_batch_end", 9, signal.SIGTERM, "step 5 (epoch 2)"),  # one batch later, between two steps
        ("finish_row", 3, signal.SIGINT, "step 6 (epoch 2)"),  # as the last epoch is about to be judged
    ],
    ids=["mid_epoch", "while_judged"],
)
def test_stopped_run_goes_on_to_the_same_bits(
    hook: str, at_call: int, number: signal.Signals, place: str, recipe, whole: RunFolder, tmp_path: Path
):
    folder = RunFolder(tmp_path / "run")
    with signalled(hook, at_call, number), pytest.raises(RunStopped, match="as asked") as stopped:
        train(recipe, folder.path)
    assert stopped.value.code == 0
    message = f"Stopped at {place} as asked. Go on with: reidkit train --resume --out {folder.path}"
    assert stopped.value.message == message
    assert not folder.is_finished
    train(recipe, folder.path, resume=True)
    assert folder.model.read_bytes() == whole.model.read_bytes()
    assert folder.scores.read_bytes() == whole.scores.read_bytes()
    assert rows(folder) == rows(whole)


def test_stop_before_training_stops_at_once(tmp_path: Path):
    stop = StopRequest(tmp_path)
    with stop.heard(), pytest.raises(RunStopped, match=r"^Stopped as asked\. Nothing was written\.$"):
        os.kill(os.getpid(), signal.SIGTERM)


def test_stop_while_training_waits_for_the_end_of_a_step(tmp_path: Path):
    stop = StopRequest(tmp_path)
    stop.is_deferred = True
    with stop.heard():
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.is_wanted
        os.kill(os.getpid(), signal.SIGINT)  # the same key, passed on by a launcher
    with pytest.raises(RunStopped, match="as asked"):
        stop.check()


def test_second_interrupt_stops_as_usual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("reidkit.engine.stopping.IMPATIENCE_SECONDS", 0.0)
    stop = StopRequest(tmp_path)
    stop.is_deferred = True
    with stop.heard():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt, match=r"^$"):
            os.kill(os.getpid(), signal.SIGINT)


def test_handlers_are_put_back(tmp_path: Path):
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with StopRequest(tmp_path).heard():
        assert signal.getsignal(signal.SIGTERM) != before[0]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_other_threads_cannot_listen_and_need_not(tmp_path: Path):
    heard = []

    def run() -> None:
        with StopRequest(tmp_path).heard():
            heard.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert heard == [before]


def test_checkpoint_that_cannot_be_written_stops_the_run_and_leaves_the_one_before(
    recipe, whole: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    save, calls = torch.save, []

    def fail_second(content: Any, path: Path) -> None:
        calls.append(path)
        if path.name.startswith(".last") and len(calls) == 2:
            path.write_bytes(b"half")
            raise OSError(28, "No space left on device")
        save(content, path)

    folder = RunFolder(tmp_path / "run")
    monkeypatch.setattr(torch, "save", fail_second)
    with pytest.raises(TrainingError, match=r"Checkpoint cannot be written: .*No space left.*--resume"):
        train(recipe, folder.path)
    assert len(calls) == 2
    assert torch.load(folder.last_checkpoint, weights_only=True)["epoch"] == 0
    assert not list(folder.path.rglob("*unfinished*"))
    train(recipe, folder.path, resume=True)
    assert folder.model.read_bytes() == whole.model.read_bytes()


KILLED = """
import os, signal, sys
from pathlib import Path
import torch
from reidkit.engine.recipe_files import load_recipe
from reidkit.engine.train import train
torch.set_num_threads(1)
save, calls = torch.save, []

def killed_at_second(content, path):
    calls.append(path)
    save(content, path)
    if len(calls) == 2:
        os.truncate(path, path.stat().st_size // 2)
        os.kill(os.getpid(), signal.SIGKILL)

torch.save = killed_at_second
train(load_recipe(sys.argv[1]), Path(sys.argv[2]))
"""


def test_kill_while_a_checkpoint_is_written_leaves_the_one_before(recipe, whole: RunFolder, tmp_path: Path):
    write_recipe(recipe, tmp_path / "recipe.yaml")
    folder = RunFolder(tmp_path / "run")
    command = [sys.executable, "-c", KILLED, str(tmp_path / "recipe.yaml"), str(folder.path)]
    assert subprocess.run(command, capture_output=True).returncode == -signal.SIGKILL
    assert len(list(folder.last_checkpoint.parent.glob(".last.*.unfinished.ckpt"))) == 1
    assert torch.load(folder.last_checkpoint, weights_only=True)["epoch"] == 0
    train(recipe, folder.path, resume=True)
    assert folder.model.read_bytes() == whole.model.read_bytes()
    assert not list(folder.path.rglob("*unfinished*"))
