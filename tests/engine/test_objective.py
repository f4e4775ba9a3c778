import pytest
import torch

from reidkit.core.errors import TrainingError
from reidkit.core.types import TrainingOutputs
from reidkit.engine.guards import CollapseMonitor, check_finite
from reidkit.engine.objective import Objective, ObjectiveValue
from reidkit.losses.cross_entropy import CrossEntropy
from reidkit.losses.triplet import BatchHardTriplet


def make_outputs(dtype: torch.dtype = torch.float32) -> tuple[TrainingOutputs, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    features = tuple(torch.randn(6, 5, generator=generator).to(dtype) for _ in range(2))
    logits = tuple(torch.randn(6, 3, generator=generator).to(dtype) for _ in range(2))
    return TrainingOutputs(features, logits), torch.tensor([0, 0, 1, 1, 2, 2])


def test_objective_is_the_weighted_sum_of_means_over_branches():
    outputs, identities = make_outputs()
    objective = Objective(["a", "b"], [CrossEntropy(), BatchHardTriplet(margin=1.0)], [2.0, 0.5])
    value = objective(outputs, identities)
    cross_entropy = sum(CrossEntropy()(branch, identities) for branch in outputs.logits) / 2
    triplet = sum(BatchHardTriplet(margin=1.0)(branch, identities) for branch in outputs.features) / 2
    torch.testing.assert_close(value.terms["a"], cross_entropy)
    torch.testing.assert_close(value.terms["b"], triplet)
    torch.testing.assert_close(value.total, 2 * cross_entropy + 0.5 * triplet)


def test_objective_is_float32_whatever_the_model_gives():
    outputs, identities = make_outputs(torch.bfloat16)
    value = Objective(["a"], [BatchHardTriplet()], [1.0])(outputs, identities)
    assert value.total.dtype == torch.float32


def test_objective_needs_a_classifier_only_for_logits():
    assert Objective(["a"], [CrossEntropy()], [1.0]).needs_classifier
    assert not Objective(["a"], [BatchHardTriplet()], [1.0]).needs_classifier


def test_objective_without_the_outputs_of_a_loss_names_it():
    outputs, identities = make_outputs()
    objective = Objective(["identity"], [CrossEntropy()], [1.0])
    with pytest.raises(TrainingError, match="Loss 'identity' takes logits, but the model gives none"):
        objective(TrainingOutputs(outputs.features, ()), identities)


def test_check_finite_names_the_term_and_the_place():
    value = ObjectiveValue(
        torch.tensor(float("nan")), {"good": torch.tensor(1.0), "bad": torch.tensor(float("nan"))}
    )
    with pytest.raises(TrainingError, match=r"Loss 'bad' = nan is not finite at step 7") as error:
        check_finite(value, place="step 7")
    assert "'good'" not in str(error.value)


def test_check_finite_lets_numbers_pass():
    check_finite(ObjectiveValue(torch.tensor(3.0), {"a": torch.tensor(3.0)}), place="step 1")


IDENTITIES = torch.tensor([0, 0, 1, 1, 2, 2, 3, 3])


def monitor_and_value(patience: int, loss: torch.nn.Module, features: torch.Tensor):
    objective = Objective(["metric"], [loss], [1.0])
    value = objective(TrainingOutputs((features,), ()), IDENTITIES)
    return CollapseMonitor(objective, patience), value


def test_collapse_monitor_stops_when_features_hardly_differ():
    one_point = 5 + 1e-4 * torch.randn(8, 4)
    monitor, value = monitor_and_value(3, BatchHardTriplet(margin=0.3), one_point)
    monitor.check(one_point, IDENTITIES, value, place="step 1")
    monitor.check(one_point, IDENTITIES, value, place="step 2")
    with pytest.raises(
        TrainingError, match=r"Features have collapsed: for 3 steps up to step 3.*metric 0\.3"
    ):
        monitor.check(one_point, IDENTITIES, value, place="step 3")


@pytest.mark.parametrize("margin", [0.3, None])
def test_collapse_monitor_stops_when_features_have_shrunk_to_nothing(margin: float | None):
    """They still differ by as much as their length, but the triplet loss equals its margin, or log 2."""
    shrunk = 1e-4 * torch.randn(8, 4)
    monitor, value = monitor_and_value(1, BatchHardTriplet(margin=margin), shrunk)
    with pytest.raises(TrainingError, match="lie in one point"):
        monitor.check(shrunk, IDENTITIES, value, place="step 1")


def test_collapse_monitor_starts_anew_when_features_spread():
    good = torch.nn.functional.one_hot(IDENTITIES).float() * 3
    monitor, value = monitor_and_value(2, BatchHardTriplet(), good)
    collapsed_value = ObjectiveValue(torch.tensor(0.3), {"metric": torch.tensor(0.3)})
    monitor.check(torch.zeros(8, 4), IDENTITIES, collapsed_value, place="step 1")
    assert monitor.steps == 1
    monitor.check(good, IDENTITIES, value, place="step 2")
    assert monitor.steps == 0


def test_collapse_monitor_without_patience_never_stops():
    monitor, value = monitor_and_value(0, BatchHardTriplet(), torch.zeros(8, 4))
    for number in range(10):
        monitor.check(torch.zeros(8, 4), IDENTITIES, value, place=f"step {number}")


def test_collapse_monitor_leaves_a_run_without_metric_loss_alone():
    features = torch.randn(8, 4)
    objective = Objective(["identity"], [CrossEntropy()], [1.0])
    value = objective(TrainingOutputs((), (torch.randn(8, 4),)), IDENTITIES)
    monitor = CollapseMonitor(objective, 1)
    monitor.check(features, IDENTITIES, value, place="step 1")
    assert monitor.steps == 0


def test_a_model_may_weigh_its_branches():
    outputs, identities = make_outputs()
    weighed = TrainingOutputs(outputs.features, outputs.logits, branch_weights=(0.75, 0.25))
    value = Objective(["a"], [CrossEntropy()], [1.0])(weighed, identities)
    first, second = (CrossEntropy()(branch, identities) for branch in outputs.logits)
    torch.testing.assert_close(value.total, 0.75 * first + 0.25 * second)
