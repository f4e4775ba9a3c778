import json
from pathlib import Path

import pytest
import torch

from reidkit.compat.weights.fetch import source_path
from reidkit.compat.weights.table import WEIGHTS
from reidkit.models.checkpoint import read_card
from tests.cli.conftest import Command
from tests.golden.torchreid.networks import state_dict


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REIDKIT_CACHE", str(tmp_path / "cache"))


def test_the_list_names_licence_and_terms_and_fetches_nothing(reidkit: Command, tmp_path: Path):
    shown = reidkit("weights", "list")
    assert shown.code == 0
    assert "DukeMTMC-reID: Withdrawn by its authors" in shown.out
    rows = json.loads(reidkit("weights", "list", "--json").out)
    assert [row["name"] for row in rows] == list(WEIGHTS)
    assert not (tmp_path / "cache").exists()


def test_weights_put_in_place_by_hand_become_a_model(reidkit: Command, tmp_path: Path):
    name = "torchreid/osnet_x0_25"
    refused = reidkit("weights", "fetch", name)
    assert refused.code == 2
    assert "have to be fetched by hand" in refused.err
    place = source_path(WEIGHTS[name])
    place.parent.mkdir(parents=True)
    torch.save(state_dict("osnet_x0_25"), place)
    made = reidkit("weights", "fetch", name)
    assert made.code == 0
    assert "licence MIT; trained on ImageNet-1k" in made.out
    path = reidkit("weights", "path", name).out.strip()
    assert read_card(Path(path)).licence == "MIT"
    assert reidkit("weights", "fetch", name, "-o", "own.safetensors").code == 0
    again = reidkit("weights", "fetch", name, "-o", "own.safetensors")
    assert again.code == 2
    assert "is there already" in again.err


def test_offline_and_unknown_names_are_told(reidkit: Command):
    offline = reidkit("weights", "fetch", "fastreid/market_bot_R50", "--offline")
    assert offline.code == 2
    assert "connections are forbidden" in offline.err
    assert "market_bot_R50.pth" in offline.err
    assert reidkit("weights", "path", "fastreid/market").code == 2
