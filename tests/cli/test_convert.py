from pathlib import Path

import numpy as np
import torch
from torchvision.models import resnet18

from reidkit.models.checkpoint import read_card
from tests.cli.conftest import Command
from tests.golden.torchreid.networks import state_dict


def test_a_checkpoint_of_torchreid_is_ready_to_use(reidkit: Command, tmp_path: Path, dataset_root: Path):
    content = {"state_dict": state_dict("osnet_x0_25"), "epoch": 60, "rank1": np.float64(0.912)}
    torch.save(content, tmp_path / "model.pth.tar-60")
    tried = reidkit("convert", "model.pth.tar-60", "--dry-run")
    assert tried.code == 0
    assert "model.pth.tar-60: torchreid, " in tried.out
    assert "osnet_x0_25()" in tried.out
    assert "rank1 0.912" in tried.out
    assert not (tmp_path / "model.safetensors").exists()
    assert reidkit("convert", "model.pth.tar-60").code == 0
    card = read_card(tmp_path / "model.safetensors")
    assert (card.architecture, card.descriptor_dim) == ("osnet_x0_25", 512)
    photos = [path for path in sorted((dataset_root / "train").rglob("*")) if path.is_file()][:2]
    compared = reidkit("compare", *photos, "--model", "model.safetensors")
    assert compared.code == 0
    assert "cosine distance" in compared.out


def test_nothing_is_written_over_or_half(reidkit: Command, tmp_path: Path):
    torch.save(resnet18().state_dict(), tmp_path / "resnet18.pth")
    assert reidkit("convert", "resnet18.pth", "-o", "model.safetensors", "--size", "128x64").code == 0
    assert read_card(tmp_path / "model.safetensors").preprocessing.height == 128
    again = reidkit("convert", "resnet18.pth", "-o", "model.safetensors")
    assert again.code == 2
    assert "is there already" in again.err
    assert reidkit("convert", "resnet18.pth", "-o", "model.safetensors", "--overwrite").code == 0
    torch.save({"conv1.weight": torch.ones(1)}, tmp_path / "part.pth")
    refused = reidkit("convert", "part.pth")
    assert refused.code == 2
    assert refused.err.startswith("Error: Checkpoint is of no library and network that is known here")
    assert not (tmp_path / "part.safetensors").exists()
    own = reidkit("compare", "a.jpg", "b.jpg", "--model", "resnet18.pth")
    assert "Make one of it: reidkit convert resnet18.pth" in own.err
