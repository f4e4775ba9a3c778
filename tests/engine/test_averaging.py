"""Averages of weights, against averages by hand."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from reidkit.engine.averaging import AveragedWeights, measure_running_statistics
from reidkit.engine.train import train
from tests.engine.recipes import small_recipe


def one_weight(value: float) -> nn.Module:
    model = nn.Linear(1, 1, bias=False)
    set_to(model, value)
    return model


def set_to(model: nn.Module, value: float) -> None:
    with torch.no_grad():
        model.weight.fill_(value)


def test_exponential_average_is_that_of_hand():
    model = one_weight(1.0)
    averaged = AveragedWeights(model, "ema", decay=0.25, batches=list)
    averaged.on_train_start(SimpleNamespace(global_step=0), None)
    expected = 1.0
    for count, value in enumerate((2.0, 4.0, 8.0)):
        set_to(model, value)
        averaged.on_train_batch_end(SimpleNamespace(global_step=count + 1), None, None, None, count)
        kept = min(0.25, (1 + count) / (10 + count))
        expected = kept * expected + (1 - kept) * value
    # A batch without a step, as in accumulation, counts for nothing.
    averaged.on_train_batch_end(SimpleNamespace(global_step=3), None, None, None, 3)
    assert float(averaged.average["weight"]) == pytest.approx(expected)
    with averaged.in_place():
        assert model.weight.item() == pytest.approx(expected)
    assert model.weight.item() == 8.0


def test_mean_over_epochs_begins_when_it_is_told_and_goes_on_from_a_checkpoint():
    model = one_weight(0.0)
    averaged = AveragedWeights(model, "swa", from_epoch=1, batches=list)
    for epoch, value in enumerate((100.0, 1.0, 2.0)):
        set_to(model, value)
        averaged.on_train_epoch_end(SimpleNamespace(current_epoch=epoch), None)
        if epoch == 0:
            averaged.put()
            assert model.weight.item() == 100.0  # no average yet
    again = AveragedWeights(model, "swa", from_epoch=1, batches=list)
    again.load_state_dict(averaged.state_dict())
    set_to(model, 6.0)
    again.on_train_epoch_end(SimpleNamespace(current_epoch=3), None)
    again.put()
    assert model.weight.item() == pytest.approx((1 + 2 + 6) / 3)


def test_running_statistics_are_the_mean_over_the_batches():
    generator = torch.Generator().manual_seed(0)
    batches = [(torch.randn(16, 3, generator=generator) + shift,) for shift in (0.0, 2.0)]
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5)).train()
    model[0].running_mean.fill_(50.0)
    measure_running_statistics(model, batches)
    means = torch.stack([batch.mean(0) for (batch,) in batches])
    variances = torch.stack([batch.var(0) for (batch,) in batches])
    torch.testing.assert_close(model[0].running_mean, means.mean(0))
    torch.testing.assert_close(model[0].running_var, variances.mean(0))
    assert model[0].momentum == 0.1
    assert model[1].training


def test_average_is_what_is_kept_and_judged(dataset_root: Path, tmp_path: Path):
    recipe = small_recipe(dataset_root, training={"epochs": 1, "weights": "ema"})
    run = train(recipe, tmp_path / "run")
    checkpoint = torch.load(run.folder.last_checkpoint, weights_only=True)
    averages = [state["average"] for state in checkpoint["callbacks"].values() if "average" in state]
    assert len(averages) == 1
    kept = load_file(run.folder.model)
    assert len(kept) > 500
    assert all(torch.equal(value, averages[0][name]) for name, value in kept.items())
    last = {name.removeprefix("model."): value for name, value in checkpoint["state_dict"].items()}
    assert not all(torch.equal(value, last[name]) for name, value in kept.items())
    assert run.history[-1]["mean_ap"] == run.evaluation.scores.mean_ap
