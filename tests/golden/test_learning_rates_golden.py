"""The schedules of FastReID 1.3 and Torchreid 1.4.0, as they really ran, from recipe sections."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reidkit.engine.optimisation import ScheduleSection

HERE = Path(__file__).parent
FASTREID = np.load(HERE / "fastreid" / "learning_rates.npz")
TORCHREID = np.load(HERE / "torchreid" / "learning_rates.npz")

STEPS = {"name": "multi_step"}
COSINE = {"name": "cosine", "delay_epochs": 30}
CASES: dict[str, tuple[float, int, dict[str, Any]]] = {
    "Market1501__bagtricks_R50": (3.5e-4, 120, {**STEPS, "arguments": {"milestones": [40, 90]}}),
    "Market1501__AGW_R50": (3.5e-4, 120, {**STEPS, "arguments": {"milestones": [40, 90]}}),
    "MSMT17__bagtricks_R50": (3.5e-4, 120, {**STEPS, "arguments": {"milestones": [40, 90]}}),
    "VehicleID__bagtricks_R50-ibn": (3.5e-4, 60, {**STEPS, "arguments": {"milestones": [30, 50]}}),
    "VERIWild__bagtricks_R50-ibn": (
        3.5e-4, 120, {**STEPS, "arguments": {"milestones": [30, 70, 90]}, "warmup_iterations": 5000},
    ),
    "Market1501__sbs_R50": (3.5e-4, 60, {**COSINE, "arguments": {"final_factor": 7e-7 / 3.5e-4}}),
    "DukeMTMC__sbs_R50": (3.5e-4, 60, {**COSINE, "arguments": {"final_factor": 7e-7 / 3.5e-4}}),
    "MSMT17__sbs_R50": (3.5e-4, 60, {**COSINE, "arguments": {"final_factor": 7e-7 / 3.5e-4}}),
    "VeRi__sbs_R50-ibn": (
        0.01, 60, {**COSINE, "arguments": {"final_factor": 7.7e-5 / 0.01}, "warmup_iterations": 3000},
    ),
    "Market1501__bagtricks_vit": (
        0.008, 120,
        {
            "name": "cosine", "arguments": {"final_factor": 1.6e-5 / 0.008}, "warmup_iterations": 1000,
            "warmup_factor": 0.01,
        },
    ),
}  # fmt: skip


def test_every_stored_schedule_is_compared():
    assert {key.partition("__epoch_first")[0] for key in FASTREID if "epoch_first" in key} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_schedule_is_fastreids_at_both_ends_of_every_epoch(name: str):
    learning_rate, epochs, content = CASES[name]
    iterations = int(FASTREID[f"{name}__iters_per_epoch"])
    section = ScheduleSection(
        **{"warmup_iterations": 2000, "by": "epoch", "counts_from": "warmup", **content}
    )
    factor = section.factor(epochs, iterations)
    first = [learning_rate * factor(epoch) for epoch in range(epochs)]
    last = [learning_rate * factor(((epoch + 1) * iterations - 1) / iterations) for epoch in range(epochs)]
    np.testing.assert_allclose(first, FASTREID[f"{name}__epoch_first_lr"], rtol=1e-9)
    np.testing.assert_allclose(last, FASTREID[f"{name}__epoch_last_lr"], rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lr_single_step", {"name": "step", "arguments": {"step_epochs": 20}}),
        ("lr_multi_step", {"name": "multi_step", "arguments": {"milestones": [20, 40]}}),
        ("lr_cosine", {"name": "cosine"}),
    ],
)
def test_schedule_is_torchreids(name: str, content: dict[str, Any]):
    factor = ScheduleSection(**content, by="epoch").factor(60, 100)
    rates = [0.1 * factor(epoch + 0.5) for epoch in range(60)]
    np.testing.assert_allclose(rates, TORCHREID[name], rtol=1e-9, atol=1e-12)
