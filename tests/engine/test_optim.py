import itertools
import math

import pytest
import torch

from reidkit.core.errors import CatalogError
from reidkit.engine.optim import OPTIMIZERS, SCHEDULES, cosine, multi_step, step, warm_up


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_lowers_a_quadratic(name: str):
    assert len(OPTIMIZERS) == 4
    weights = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    optimizer = OPTIMIZERS[name]([weights], learning_rate=0.05, weight_decay=0.0)
    before = float(weights.detach().square().sum())
    for _ in range(100):
        optimizer.zero_grad()
        weights.square().sum().backward()
        optimizer.step()
    assert float(weights.detach().square().sum()) < 0.1 * before


def test_amsgrad_is_the_variant_and_adam_is_not():
    weights = [torch.nn.Parameter(torch.zeros(1))]
    assert OPTIMIZERS["amsgrad"](weights, learning_rate=1, weight_decay=0).defaults["amsgrad"]
    assert not OPTIMIZERS["adam"](weights, learning_rate=1, weight_decay=0).defaults["amsgrad"]


def test_step_falls_at_each_step():
    factor = step(total_epochs=60, step_epochs=20, gamma=0.1)
    assert [factor(epoch) for epoch in (0, 19.99, 20, 39.5, 40)] == pytest.approx([1, 1, 0.1, 0.1, 0.01])


def test_multi_step_is_the_schedule_of_the_osnet_paper():
    # SGD from scratch: 0.065, decayed by 0.1 at 150, 225 and 300 of 350 epochs.
    factor = multi_step(total_epochs=350, milestones=[150, 225, 300])
    rates = [0.065 * factor(epoch) for epoch in (0, 149.99, 150, 224, 225, 299, 300, 349)]
    assert rates == pytest.approx([0.065, 0.065, 6.5e-3, 6.5e-3, 6.5e-4, 6.5e-4, 6.5e-5, 6.5e-5])


def test_cosine_equals_its_formula_at_whole_epochs():
    factor = cosine(total_epochs=60)
    assert factor(0) == 1
    assert factor(30) == pytest.approx(0.5)
    assert factor(45) == pytest.approx((1 + math.cos(math.pi * 0.75)) / 2)
    assert factor(60) == pytest.approx(0)
    assert cosine(total_epochs=10, final_factor=0.01)(10) == pytest.approx(0.01)


def test_warm_up_rises_linearly_to_the_schedule():
    factor = warm_up(SCHEDULES["constant"](total_epochs=10), warmup_epochs=2, start_factor=0.1)
    assert [factor(epoch) for epoch in (0, 1, 2, 5)] == pytest.approx([0.1, 0.55, 1, 1])


def test_warm_up_of_no_length_changes_nothing():
    schedule = cosine(total_epochs=10)
    assert warm_up(schedule, warmup_epochs=0, start_factor=0.1) is schedule


@pytest.mark.parametrize("milestones", [[20, 10], [], [0, 5], [5, 60], [5, 5]])
def test_multi_step_refuses_epochs_that_never_come(milestones: list[int]):
    with pytest.raises(CatalogError, match="Expected ascending epochs between 1 and 59"):
        multi_step(total_epochs=60, milestones=milestones)


def test_step_refuses_no_length():
    with pytest.raises(CatalogError, match="step_epochs is too small, got 0"):
        step(total_epochs=60, step_epochs=0)


def test_cosine_refuses_a_factor_out_of_range():
    with pytest.raises(CatalogError, match=r"final_factor is out of range, got 1\.5"):
        cosine(total_epochs=60, final_factor=1.5)


def test_every_schedule_starts_at_one_and_never_rises():
    arguments = {"step": {"step_epochs": 7}, "multi_step": {"milestones": [5, 20]}}
    assert len(SCHEDULES) == 4
    for name, schedule in SCHEDULES.items():
        factor = schedule(total_epochs=30, **arguments.get(name, {}))
        values = [factor(epoch / 4) for epoch in range(121)]
        assert values[0] == 1, name
        assert all(later <= earlier + 1e-12 for earlier, later in itertools.pairwise(values)), name
