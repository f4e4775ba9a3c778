"""A run that its disk does not hold fails before it begins."""

import ctypes
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from torch import nn

from reidkit.core.errors import TrainingError
from reidkit.engine.disk_space import OTHER_BYTES, check_space, needed_bytes
from reidkit.engine.epoch_record import EpochRecord
from reidkit.engine.run_folder import RunFolder
from reidkit.engine.train import train
from tests.engine.recipes import small_recipe

Usage = namedtuple("Usage", "total used free")


def test_needed_space_is_three_checkpoints_and_the_model():
    module = nn.Sequential(nn.Linear(100, 10), nn.BatchNorm1d(10))
    learned = (100 * 10 + 10 + 2 * 10) * 4
    tracked = 2 * 10 * 4 + 8
    checkpoint = learned * 4 + tracked
    expected = 3 * checkpoint + learned + tracked + OTHER_BYTES
    assert needed_bytes(module, is_averaged=False) == expected
    assert needed_bytes(module, is_averaged=False, num_existing=2) == expected - 2 * checkpoint
    assert needed_bytes(module, is_averaged=True) == expected + 3 * (learned + tracked)


def test_estimate_is_no_less_than_what_a_run_writes(dataset_root: Path, tmp_path: Path):
    recipe = small_recipe(dataset_root, optim={"name": "amsgrad"}, training={"epochs": 1, "weights": "ema"})
    needed = []

    def note(folder: Path, size: int) -> None:
        needed.append(size)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reidkit.engine.train.check_space", note)
        folder = train(recipe, tmp_path / "run").folder
    written = [path.stat().st_size for path in folder.path.rglob("*") if path.is_file()]
    largest = folder.last_checkpoint.stat().st_size
    assert sum(written) + largest < needed[0] < 3 * (sum(written) + largest)


def test_full_disk_fails_before_the_first_epoch(dataset_root: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 10**9, 2 * 10**6))
    monkeypatch.setattr(EpochRecord, "on_train_start", lambda *_: pytest.fail("an epoch began"))
    with pytest.raises(TrainingError, match=r"too little space, got 2 MB free.*Expected \d+ MB.*--out"):
        train(small_recipe(dataset_root), tmp_path / "run")


def test_folder_that_cannot_be_written_is_refused(tmp_path: Path):
    (tmp_path / ".space").mkdir()  # permissions would not stop the superuser
    with pytest.raises((TrainingError, OSError)):
        check_space(tmp_path, 1000)


def test_space_is_given_back(tmp_path: Path):
    check_space(tmp_path, 10**6)
    assert list(tmp_path.iterdir()) == []


LIMITED = """
import resource, signal, sys
from pathlib import Path
from reidkit.engine.disk_space import check_space
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, 10**6))
check_space(Path(sys.argv[1]), 10**6)
check_space(Path(sys.argv[1]), 10**6 + 4096)
"""


def test_what_a_process_may_write_counts_too(tmp_path: Path):
    run = subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True)
    assert "has too little space" in run.stderr
    assert run.returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_small_disk_of_its_own_is_found_full(dataset_root: Path, tmp_path: Path):
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform != "linux" or libc.mount(b"none", os.fsencode(tmp_path), b"tmpfs", 0, b"size=6m"):
        pytest.skip("needs the right to mount a file system")
    try:
        with pytest.raises(TrainingError, match=r"too little space, got 6 MB"):
            train(small_recipe(dataset_root), tmp_path / "run")
        assert not RunFolder(tmp_path / "run").history.exists()
    finally:
        libc.umount(os.fsencode(tmp_path))
