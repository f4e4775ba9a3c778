import itertools
import math

import pytest
from pydantic import ValidationError

from reidkit.core.errors import CatalogError
from reidkit.engine.optimisation import ScheduleSection
from reidkit.engine.schedules import SCHEDULES, cosine, multi_step, step


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
    factor = ScheduleSection(name="constant", warmup_epochs=2).factor(10)
    assert [factor(epoch) for epoch in (0, 1, 2, 5)] == pytest.approx([0.1, 0.55, 1, 1])


def test_warm_up_may_stay_constant():
    factor = ScheduleSection(name="constant", warmup="constant", warmup_epochs=2, warmup_factor=0.2).factor(
        10
    )
    assert [factor(epoch) for epoch in (0, 1.9, 2)] == pytest.approx([0.2, 0.2, 1])


def test_warm_up_may_rise_by_equal_factors():
    section = ScheduleSection(name="constant", warmup="exponential", warmup_epochs=4, warmup_factor=0.01)
    rates = [section.factor(10)(epoch) for epoch in (0, 1, 2, 3, 4, 5)]
    assert rates == pytest.approx([0.01, 10**-1.5, 0.1, 10**-0.5, 1, 1])


def test_warm_up_by_factors_from_nothing_is_refused():
    with pytest.raises(ValidationError, match="warmup_factor is 0, from which nothing rises by factors"):
        ScheduleSection(warmup="exponential", warmup_epochs=4, warmup_factor=0)


def test_warm_up_of_iterations_is_as_long_as_they_take():
    by_iterations = ScheduleSection(name="cosine", warmup_iterations=50).factor(10, 20)
    by_epochs = ScheduleSection(name="cosine", warmup_epochs=2.5).factor(10, 20)
    assert [by_iterations(i / 20) for i in range(200)] == [by_epochs(i / 20) for i in range(200)]


def test_schedule_of_bot_counts_epochs_from_one():
    # 3.5e-4, from a hundredth in 10 epochs, down at 40 and 70; the rate changes at the start of an epoch.
    section = ScheduleSection(
        name="multi_step", arguments={"milestones": [40, 70]}, by="epoch", first_epoch=1,
        warmup_epochs=10, warmup_factor=0.01, warmup_by="epoch",
    )  # fmt: skip
    factor = section.factor(120)
    rates = {epoch: 3.5e-4 * factor(epoch - 1 + 0.7) for epoch in (1, 2, 5, 9, 10, 39, 40, 69, 70, 120)}
    assert rates == pytest.approx(
        {
            1: 3.815e-5, 2: 7.28e-5, 5: 1.7675e-4, 9: 3.1535e-4, 10: 3.5e-4, 39: 3.5e-4, 40: 3.5e-5,
            69: 3.5e-5, 70: 3.5e-6, 120: 3.5e-6,
        }
    )  # fmt: skip


def test_schedule_of_transreid_warms_up_to_the_peak():
    section = ScheduleSection(
        name="cosine", arguments={"final_factor": 0.002}, by="epoch", first_epoch=1,
        warmup_epochs=5, warmup_factor=0.01, warmup_by="epoch", warmup_to="peak",
    )  # fmt: skip
    factor = section.factor(120)
    rates = {epoch: 0.008 * factor(epoch - 1) for epoch in (1, 4, 5, 60, 120)}
    assert rates == pytest.approx(
        {1: 1.664e-3, 4: 6.416e-3, 5: 7.966e-3, 60: 4.008e-3, 120: 1.6e-5}, rel=1e-3
    )


def test_delay_and_warm_up_hold_the_schedule_until_the_later_of_them():
    held = {"name": "cosine", "counts_from": "warmup", "warmup_epochs": 4}
    assert ScheduleSection(**held).factor(20)(4) == 1
    assert ScheduleSection(**held).factor(20)(12) == pytest.approx(0.5)
    delayed = ScheduleSection(**held, delay_epochs=10).factor(20)
    assert [delayed(4), delayed(10), delayed(15)] == pytest.approx([1, 1, 0.5])


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


def test_schedule_that_never_begins_is_refused():
    with pytest.raises(CatalogError, match=r"no epochs, got 10 of warm-up or delay.*fewer than the 10"):
        ScheduleSection(delay_epochs=10).factor(10)


def test_two_lengths_of_the_warm_up_are_refused():
    with pytest.raises(ValidationError, match="warmup_epochs and warmup_iterations are both given"):
        ScheduleSection(warmup_epochs=1, warmup_iterations=5)


def test_first_epoch_without_anything_by_epoch_is_refused():
    with pytest.raises(ValidationError, match="first_epoch is 1, but nothing moves by epoch"):
        ScheduleSection(first_epoch=1)


def test_every_schedule_starts_at_one_and_never_rises():
    arguments = {"step": {"step_epochs": 7}, "multi_step": {"milestones": [5, 20]}}
    assert len(SCHEDULES) == 4
    for name, schedule in SCHEDULES.items():
        factor = schedule(total_epochs=30, **arguments.get(name, {}))
        values = [factor(epoch / 4) for epoch in range(121)]
        assert values[0] == 1, name
        assert all(later <= earlier + 1e-12 for earlier, later in itertools.pairwise(values)), name
