import collections
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from reidkit.compat.checkpoints.pickles import pickle_globals
from reidkit.compat.checkpoints.reading import read_foreign
from reidkit.core.errors import WeightsError

WEIGHTS = {"conv1.weight": torch.arange(4.0), "bn1.bias": torch.ones(2)}


class Trap:
    """Says where it was if anybody unpickles it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def under(prefix: str) -> dict[str, torch.Tensor]:
    return {prefix + key: value for key, value in WEIGHTS.items()}


@pytest.mark.parametrize(
    "content",
    [
        WEIGHTS,
        collections.OrderedDict(WEIGHTS),
        under("module."),
        under("_orig_mod.module."),
        {"state_dict": WEIGHTS, "epoch": 3},
        {"model": under("module."), "iteration": 7, "optimizer": {"state": {}}},
        {"net": WEIGHTS},
        {"model": {"state_dict": WEIGHTS}},
    ],
)
@pytest.mark.parametrize("is_zip", [True, False])
def test_wrappers_are_taken_off(content: dict[str, Any], is_zip: bool, tmp_path: Path):
    torch.save(content, tmp_path / "a.pth", _use_new_zipfile_serialization=is_zip)
    file = read_foreign(tmp_path / "a.pth")
    assert {key: value.tolist() for key, value in file.tensors.items()} == {
        "conv1.weight": [0, 1, 2, 3],
        "bn1.bias": [1, 1],
    }
    assert len(file.sha256) == 64


@pytest.mark.parametrize("is_zip", [True, False])
def test_numbers_of_numpy_are_plain_numbers(is_zip: bool, tmp_path: Path):
    content = {
        "state_dict": WEIGHTS,
        "epoch": 60,
        "rank1": np.float64(0.942),
        "mAP": np.float32(0.5),
        "steps": np.int64(7),
    }
    torch.save(content, tmp_path / "model.pth.tar-60", _use_new_zipfile_serialization=is_zip)
    facts = read_foreign(tmp_path / "model.pth.tar-60").facts
    assert facts == {"epoch": 60, "rank1": 0.942, "mAP": 0.5, "steps": 7}
    assert {type(value) for value in facts.values()} == {int, float}


def test_numbers_written_by_numpy_1_are_read_too(tmp_path: Path):
    torch.save(
        {"state_dict": WEIGHTS, "rank1": np.float64(0.5)},
        tmp_path / "a.pth",
        _use_new_zipfile_serialization=False,
    )
    content = (tmp_path / "a.pth").read_bytes()
    old = content.replace(b"cnumpy._core.multiarray\nscalar", b"cnumpy.core.multiarray\nscalar")
    assert old != content
    (tmp_path / "a.pth").write_bytes(old)
    assert read_foreign(tmp_path / "a.pth").facts == {"rank1": 0.5}


def test_safetensors_are_read(tmp_path: Path):
    save_file(WEIGHTS, tmp_path / "a.safetensors")
    assert set(read_foreign(tmp_path / "a.safetensors").tensors) == set(WEIGHTS)


@pytest.mark.parametrize("is_zip", [True, False])
def test_what_would_run_code_is_named_and_not_run(is_zip: bool, tmp_path: Path):
    content = {"state_dict": WEIGHTS, "extra": Trap(tmp_path / "sprung")}
    torch.save(content, tmp_path / "a.pth", _use_new_zipfile_serialization=is_zip)
    with pytest.raises(WeightsError, match=r"reading it would run posix\.mkdir\. Nothing of it was run\."):
        read_foreign(tmp_path / "a.pth")
    assert not (tmp_path / "sprung").exists()


def test_a_pickle_without_torch_is_named_too(tmp_path: Path):
    (tmp_path / "a.pth").write_bytes(pickle.dumps([Trap(tmp_path / "sprung")]))
    assert pickle_globals(tmp_path / "a.pth") == ["posix.mkdir"]
    with pytest.raises(WeightsError, match=r"would run posix\.mkdir"):
        read_foreign(tmp_path / "a.pth")
    assert not (tmp_path / "sprung").exists()


def test_arrays_hidden_in_numpy_scalars_are_refused(tmp_path: Path):
    content = {"state_dict": WEIGHTS, "odd": np.array([{"a": 1}], dtype=object)}
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"^Checkpoint .*a\.pth (holds more than|is damaged)"):
        read_foreign(tmp_path / "a.pth")


def test_whole_models_are_refused_with_what_to_do(tmp_path: Path):
    torch.save(nn.Linear(2, 2), tmp_path / "a.pth")
    with pytest.raises(
        WeightsError, match=r"holds more than tensors .*Expected a state dict\. Where you trust"
    ):
        read_foreign(tmp_path / "a.pth")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.pth", b"<html>Sign in</html>", r"is damaged or no file of torch\.save"),
        ("a.pth", b"", r"is damaged or no file of torch\.save .*0 bytes long"),
        ("a.safetensors", b"junk", r"is damaged or not a safetensors file"),
    ],
)
def test_junk_is_refused(name: str, content: bytes, message: str, tmp_path: Path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=message):
        read_foreign(tmp_path / name)


def test_truncated_files_are_refused(tmp_path: Path):
    torch.save(WEIGHTS, tmp_path / "a.pth")
    whole = (tmp_path / "a.pth").read_bytes()
    for length in (4, len(whole) // 2, len(whole) - 10):
        (tmp_path / "a.pth").write_bytes(whole[:length])
        with pytest.raises(WeightsError, match=r"is damaged or no file of torch\.save"):
            read_foreign(tmp_path / "a.pth")


def test_what_holds_no_weights_is_refused(tmp_path: Path):
    with pytest.raises(WeightsError, match=r"^Checkpoint not found"):
        read_foreign(tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"is a folder\. Expected a file"):
        read_foreign(tmp_path)
    torch.save({"epoch": 3, "lr": 0.1}, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"holds no tensors by name, got a dict with epoch, lr\. Expected"):
        read_foreign(tmp_path / "a.pth")
    torch.save([torch.ones(1)], tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"holds a list\. Expected a state dict"):
        read_foreign(tmp_path / "a.pth")
