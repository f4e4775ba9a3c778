import json
import shutil
from pathlib import Path

import pytest

from reidkit.deploy.embedder import load
from reidkit.models.checkpoint import read_card
from tests.cli.conftest import Command


@pytest.fixture
def model(run_folder: Path, tmp_path: Path) -> Path:
    """A copy of a trained model, to be changed."""
    return Path(shutil.copy(run_folder / "model.safetensors", tmp_path / "model.safetensors"))


def test_calibrate_writes_thresholds_and_decisions_into_the_card(
    reidkit: Command, model: Path, dataset_root: Path
):
    before = load(model, device="cpu")
    result = reidkit(
        "calibrate", model, dataset_root, "--far", "0.2,0.05,1e-6", "--prior", "0.1", "--method", "logistic"
    )
    assert result.code == 0, result.err
    assert "same up to" in result.out
    assert "1 of 3 rates have no threshold" in result.out
    card = read_card(model)
    assert card.calibration is not None
    assert (card.calibration.method, card.calibration.prior) == ("logistic", 0.1)
    assert card.calibration.data == dataset_root.name
    assert card.calibration.num_impostor > 100
    measured = [threshold.false_accept_rate for threshold in card.thresholds]
    assert measured[0] <= 0.2
    assert measured[1] <= 0.05
    assert card.scores == before.card.scores
    checked = card.calibration.cross_check
    assert checked is not None
    assert 0 < checked.num_impostor < card.calibration.num_impostor
    assert checked.num_genuine == card.calibration.num_genuine
    assert f"of {checked.num_impostor} different pairs called the same" in " ".join(result.out.split())
    image = next((dataset_root / "query").rglob("*.png"))
    assert (load(model, device="cpu").embed(image) == before.embed(image)).all()

    first, second = sorted((dataset_root / "query" / "0008").glob("*.png"))[:2]
    told = reidkit("compare", first, second, "--model", model)
    assert f"where 10% of pairs are. On {dataset_root.name}, " in told.out
    content = json.loads(reidkit("compare", first, second, "--model", model, "--json").out)
    assert 0 < content["probability"] < 1


def test_calibrate_refuses_what_it_cannot_use_and_leaves_the_model_as_it_was(
    reidkit: Command, model: Path, dataset_root: Path
):
    content = model.read_bytes()
    for arguments, message in (
        (("--far", "often"), "expected rates such as 1e-2,1e-3"),
        (("--far", "2"), "expected rates between 0 and 1"),
        (("--prior", "1"), "Prior is out of range"),
        (("--method", "platt"), "'platt' is not one of"),
    ):
        refused = reidkit("calibrate", model, dataset_root, *arguments)
        assert refused.code == 2
        assert message in refused.err
    assert model.read_bytes() == content


def test_training_writes_a_cross_checked_calibration(run_folder: Path):
    card = read_card(run_folder / "model.safetensors")
    assert card.calibration is not None
    assert card.calibration.cross_check is not None
    assert 0 < card.calibration.cross_check.num_impostor < card.calibration.num_impostor
