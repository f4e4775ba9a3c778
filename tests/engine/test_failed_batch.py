"""What is kept of a batch that stopped a run."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from reidkit.core.errors import TrainingError
from reidkit.data.loaders import TrainingBatch
from reidkit.engine.failed_batch import GradientNorms, describe_norms
from reidkit.engine.module import TrainingModule
from reidkit.engine.train import train
from tests.engine.recipes import small_recipe


def test_norms_are_those_of_the_gradients_of_each_part():
    first, second, third = nn.Linear(2, 1, bias=False), nn.Linear(2, 1, bias=False), nn.Linear(1, 1)
    first.weight.grad = torch.tensor([[3.0, 4.0]])
    second.weight.grad = torch.tensor([[0.0, 12.0]])
    norms = GradientNorms({"first": first, "second": second, "third": third})
    assert norms.by_part() == {}
    assert float(norms.measure()) == pytest.approx(13)
    assert norms.by_part() == {"first": 5, "second": 12}
    assert describe_norms(norms.by_part()) == "first 5, second 12"
    assert describe_norms({}) == "none yet"


def test_loss_that_is_not_finite_keeps_the_batch_and_names_the_gradients(dataset_root: Path, tmp_path: Path):
    fed: list[TrainingBatch] = []
    step = TrainingModule.training_step

    def poisoned(self: TrainingModule, batch: TrainingBatch, batch_idx: int) -> torch.Tensor:
        fed.append(batch)
        if len(fed) == 3:
            with torch.no_grad():
                next(self.model.parameters()).fill_(float("nan"))
        return step(self, batch, batch_idx)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrainingModule, "training_step", poisoned)
        with pytest.raises(
            TrainingError,
            match=r"'cross_entropy' = nan, 'batch_hard_triplet' = nan is not finite at step 2 \(epoch 1, batch 3\), "
            r"learning rate .*Norms of the last gradients: backbone \d.*failed_batch\.safetensors",
        ):
            train(small_recipe(dataset_root), tmp_path / "run")
    tensors = load_file(tmp_path / "run" / "failed_batch.safetensors")
    assert torch.equal(tensors["images"], fed[2].images)
    assert torch.equal(tensors["labels"], fed[2].labels)
    content = json.loads((tmp_path / "run" / "failed_batch.json").read_text())
    assert content["losses"] == {"cross_entropy": "nan", "batch_hard_triplet": "nan"}
    assert (content["step"], content["epoch"]) == (2, 1)
    assert all(rate > 0 for rate in content["learning_rates"])
    assert float(content["gradient_norms"]["backbone"]) > 0
    assert len(content["images"]) == 8
    assert all(Path(path).is_file() for path in content["images"])


def test_gradient_that_is_not_finite_moves_no_weight(dataset_root: Path, tmp_path: Path):
    before, after = {}, {}
    measure = GradientNorms.measure

    def poisoned(self: GradientNorms) -> torch.Tensor:
        item = next(self.parts["backbone"].parameters())
        before["weight"] = item.detach().clone()
        after["weight"] = item
        item.grad[:] = float("inf")
        return measure(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GradientNorms, "measure", poisoned)
        with pytest.raises(TrainingError, match=r"Gradient is not finite at step 0 .*backbone inf"):
            train(small_recipe(dataset_root), tmp_path / "run")
    assert torch.equal(before["weight"], after["weight"])
    assert (
        json.loads((tmp_path / "run" / "failed_batch.json").read_text())["gradient_norms"]["backbone"]
        == "inf"
    )
