"""The learning rates of the shipped recipes: FastReID's as they really ran, all others by the papers' text."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from reidkit.engine.recipe_files import load_recipe, shipped_recipes

FASTREID = np.load(Path(__file__).parent / "fastreid" / "learning_rates.npz")

RECIPES = {
    "Market1501__bagtricks_R50": "bot-market1501",
    "Market1501__AGW_R50": "agw-market1501",
    "Market1501__sbs_R50": "sbs-market1501",
    "Market1501__bagtricks_vit": "vit_b16-market1501",
    "MSMT17__bagtricks_R50": "bot-msmt17",
    "MSMT17__sbs_R50": "sbs-msmt17",
    "DukeMTMC__sbs_R50": "sbs-dukemtmc",
    "VehicleID__bagtricks_R50-ibn": "bot-vehicleid",
    "VERIWild__bagtricks_R50-ibn": "bot-veriwild",
    "VeRi__sbs_R50-ibn": "sbs-veri",
}


def rates(name: str, iterations: int = 100, at: float = 0.5) -> list[float]:
    """Return the learning rate of a recipe in every epoch, at some part of it."""
    recipe = load_recipe(name)
    factor = recipe.schedule.factor(recipe.training.epochs, iterations)
    return [recipe.optim.learning_rate * factor(epoch + at) for epoch in range(recipe.training.epochs)]


def drops(name: str, iterations: int) -> list[int]:
    """Return the epochs at whose start the learning rate falls to a tenth, counted from 1."""
    return falls(rates(name, iterations, at=0.0))


def falls(values: Sequence[float]) -> list[int]:
    """Return the epochs at whose start the learning rate falls to a tenth, counted from 1."""
    return [epoch + 1 for epoch in range(1, len(values)) if values[epoch] < 0.2 * values[epoch - 1]]


def test_every_stored_schedule_has_its_recipe():
    assert {key.partition("__epoch_first")[0] for key in FASTREID if "epoch_first" in key} == set(RECIPES)


@pytest.mark.parametrize("stored", RECIPES)
def test_a_recipe_runs_at_fastreids_learning_rates(stored: str):
    iterations = int(FASTREID[f"{stored}__iters_per_epoch"])
    first = rates(RECIPES[stored], iterations, at=0.0)
    last = rates(RECIPES[stored], iterations, at=(iterations - 1) / iterations)
    np.testing.assert_allclose(first, FASTREID[f"{stored}__epoch_first_lr"], rtol=1e-9)
    np.testing.assert_allclose(last, FASTREID[f"{stored}__epoch_last_lr"], rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "stored", "written", "real"),
    [
        ("bot-market1501", "Market1501__bagtricks_R50", [40, 90], [50, 100]),
        ("agw-market1501", "Market1501__AGW_R50", [40, 90], [50, 100]),
        ("bot-msmt17", "MSMT17__bagtricks_R50", [40, 90], [44, 94]),
        ("bot-vehicleid", "VehicleID__bagtricks_R50-ibn", [30, 50], [40, 60]),
    ],
)
def test_milestones_of_fastreid_fall_after_the_warm_up(
    name: str, stored: str, written: list[int], real: list[int]
):
    assert load_recipe(name).schedule.arguments["milestones"] == written
    assert falls(FASTREID[f"{stored}__epoch_first_lr"]) == real
    assert drops(name, int(FASTREID[f"{stored}__iters_per_epoch"])) == real


def test_same_schedule_where_only_network_or_data_differ():
    groups = {
        "bot-market1501": ["bot_", "agw-", "agw_", "bot-dukemtmc", "bot-cuhk03", "bot-msmt17"],
        "sbs-market1501": ["sbs_", "mgn-", "sbs-dukemtmc", "sbs-cuhk03", "sbs-msmt17"],
    }
    compared = 0
    for first, starts in groups.items():
        expected = load_recipe(first)
        for name in shipped_recipes():
            if not name.startswith(tuple(starts)) or name.startswith("bot_paper") or "synthetic" in name:
                continue
            recipe = load_recipe(name)
            assert (recipe.schedule, recipe.optim) == (expected.schedule, expected.optim), name
            assert recipe.training.epochs == expected.training.epochs
            compared += 1
    assert compared >= 40


@pytest.mark.parametrize("name", ["bot_paper-market1501", "bot_paper-dukemtmc"])
def test_bot_of_the_paper_by_epoch(name: str):
    # Epochs count from 1: a tenth of the way up in the first, the peak in the tenth, 40 and 70 by a tenth.
    values = [float("nan"), *rates(name)]
    np.testing.assert_allclose(
        [values[epoch] for epoch in (1, 2, 5, 9)], [3.82e-5, 7.28e-5, 1.77e-4, 3.15e-4], rtol=5e-3
    )
    np.testing.assert_allclose(values[10:40], 3.5e-4)
    np.testing.assert_allclose(values[40:70], 3.5e-5)
    np.testing.assert_allclose(values[70:], 3.5e-6)


@pytest.mark.parametrize("name", ["transreid-market1501", "transreid-msmt17", "transreid_baseline-dukemtmc"])
def test_transreid_by_epoch(name: str):
    values = [float("nan"), *rates(name)]
    np.testing.assert_allclose(
        [values[epoch] for epoch in (1, 4, 5, 60, 120)],
        [1.66e-3, 6.42e-3, 7.97e-3, 4.0e-3, 1.6e-5],
        rtol=5e-3,
    )


@pytest.mark.parametrize("data", ["market1501", "cuhk03", "dukemtmc", "msmt17"])
def test_osnet_by_its_paper(data: str):
    values = rates(f"osnet_scratch-{data}")
    assert len(values) == 350
    levels = [0.065] * 150 + [0.0065] * 75 + [0.00065] * 75 + [0.000065] * 50
    np.testing.assert_allclose(values, levels)
    np.testing.assert_allclose(
        rates(f"osnet_finetuned-{data}"), [0.0015] * 60 + [0.00015] * 60 + [0.000015] * 30
    )
    assert load_recipe(f"osnet_finetuned-{data}").training.open_layers_epochs == 10


def test_torchreid_and_layumi_by_their_settings():
    np.testing.assert_allclose(rates("resnet50_softmax-market1501"), np.repeat([3e-4, 3e-5, 3e-6], 20))
    np.testing.assert_allclose(rates("osnet_x0_25-msmt17"), [3e-3] * 80 + [3e-4] * 80 + [3e-5] * 20)
    np.testing.assert_allclose(rates("pcb-market1501"), [0.1] * 40 + [0.01] * 20)
    np.testing.assert_allclose(rates("layumi_resnet50-market1501"), [0.05] * 40 + [0.005] * 20)
    assert load_recipe("layumi_resnet50-market1501").optim.backbone_factor == 0.1
