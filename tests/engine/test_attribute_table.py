"""Attributes of samples reach the loss that learns them, row by row."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from reidkit.core.errors import DatasetError, TrainingError
from reidkit.core.types import Sample, TrainingOutputs
from reidkit.data.loaders import TrainingBatch
from reidkit.engine.attribute_table import attribute_table
from reidkit.engine.module import TrainingModule
from reidkit.models.zoo import build_model
from tests.engine.recipes import small_recipe

GIVEN: tuple[dict[str, Any], ...] = (
    {"hat": 1, "colour": "red", "domain": "city"},
    {"hat": 0, "colour": "blue"},
    {"hat": 0},
    {"hat": 1, "colour": "red"},
)
SAMPLES = tuple(
    Sample((Path(f"{number}.jpg"),), identity=number // 2, attributes=given)
    for number, given in enumerate(GIVEN)
)


def test_table_asks_one_question_for_each_value():
    table = attribute_table(SAMPLES)
    assert table.columns == ("colour=blue", "colour=red", "hat")
    expected = [[0, 1, 1], [1, 0, 0], [math.nan, math.nan, 0], [0, 1, 1]]
    torch.testing.assert_close(table.values, torch.tensor(expected), equal_nan=True)
    assert table.positive_shares == pytest.approx([1 / 3, 2 / 3, 1 / 2])


def test_named_attributes_are_taken_alone():
    assert attribute_table(SAMPLES, ["hat"]).columns == ("hat",)


def test_unknown_attribute_is_refused_with_a_near_name():
    with pytest.raises(DatasetError, match=r"got no attribute 'hatt'\. Did you mean 'hat'\?"):
        attribute_table(SAMPLES, ["hatt"])
    with pytest.raises(DatasetError, match=r"lack attributes to learn, got none"):
        attribute_table([replace(sample, attributes={}) for sample in SAMPLES])


def test_attribute_of_many_values_is_no_class():
    timed = [Sample((Path("a.jpg"),), 0, attributes={"time": str(number)}) for number in range(300)]
    with pytest.raises(DatasetError, match=r"Attribute 'time' is no class to learn, got 300 values"):
        attribute_table(timed)


def build_module(loss: dict[str, Any], samples: tuple[Sample, ...] = SAMPLES) -> TrainingModule:
    recipe = small_recipe(None, losses=[{"name": "cross_entropy"}, loss])
    torch.manual_seed(0)
    model = build_model("osnet_x0_25", num_identities=2, image_size=(64, 32))
    return TrainingModule(recipe, model, samples, steps_per_epoch=1, failed_batch_path=Path("none"))


def test_module_gives_each_image_its_row():
    module = build_module({"name": "attribute_classification", "arguments": {"attributes": ["hat"]}})
    loss = module.objective.losses[1]
    assert loss.classifier.weight.shape == (1, 512)
    indices = torch.tensor([3, 1])
    rows = module._attributes(TrainingBatch(torch.zeros(0), torch.zeros(2), indices), 2)
    assert rows is not None
    assert rows.tolist() == [[1], [0]]
    outputs = TrainingOutputs((torch.randn(2, 512),), (torch.randn(2, 2),))
    value = module.objective(outputs, torch.tensor([1, 0]), rows)
    torch.testing.assert_close(value.terms["attribute_classification"], loss(outputs.features[0], rows))
    with pytest.raises(TrainingError, match=r"takes attributes, got none"):
        module.objective(outputs, torch.tensor([1, 0]))
    optimizer = module.configure_optimizers()["optimizer"]
    moved = {id(item) for group in optimizer.param_groups for item in group["params"]}
    assert {id(item) for item in loss.parameters()} <= moved


def test_training_mode_remembers_a_batch():
    module = build_module({"name": "cross_batch_memory", "arguments": {"size": 6}})
    outputs = TrainingOutputs((torch.randn(4, 512),), (torch.randn(4, 2),))
    module.eval().objective(outputs, torch.tensor([0, 0, 1, 1]))
    memory = module.objective.losses[1]
    assert int(memory.count) == 0
    module.train().objective(outputs, torch.tensor([0, 0, 1, 1]))
    assert memory.identities.tolist() == [0, 0, 1, 1, -1, -1]
    assert "objective.losses.1.directions" in module.state_dict()
