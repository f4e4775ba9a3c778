"""What trains while the rest of a model stays as it is."""

import pytest
import torch

from reidkit.core.errors import CatalogError, RecipeError
from reidkit.engine.freezing import Freezing
from reidkit.models.model import ReidModel
from reidkit.models.zoo import build_model
from tests.engine.recipes import small_recipe


def small_model() -> ReidModel:
    arguments = {"backbone_arguments": {"depth": 18}}
    return build_model("pipeline", num_identities=5, image_size=(64, 32), arguments=arguments)


def open_names(model: ReidModel) -> set[str]:
    return {name for name, item in model.named_parameters() if item.requires_grad}


def test_backbone_stays_closed_with_its_statistics_and_then_opens():
    model = small_model()
    everything = open_names(model)
    freezing = Freezing(model, epochs=2)
    freezing.start_epoch(1)
    assert open_names(model) == {name for name in everything if not name.startswith("backbone.")}
    assert not model.backbone.training
    assert model.head.training
    freezing.start_epoch(2)
    assert open_names(model) == everything  # and no more: the shift of the neck stays frozen
    assert len(everything) < len(list(model.parameters()))
    assert all(module.training for module in model.modules())


def test_only_named_layers_are_open_at_first():
    model = small_model()
    everything = open_names(model)
    Freezing(model, 1, ("head.classifier",)).start_epoch(0)
    assert open_names(model) == {name for name in everything if name.startswith("head.classifier.")}
    assert model.head.classifier.training
    assert not any(item.training for item in model.modules() if isinstance(item, torch.nn.BatchNorm2d))


def test_layer_that_is_not_there_is_refused_with_the_nearest_name():
    with pytest.raises(CatalogError, match=r"got 'head\.clasifier'\. Did you mean 'head\.classifier'\?"):
        Freezing(small_model(), 1, ("head.clasifier",))


@pytest.mark.parametrize(
    ("training", "message"),
    [
        ({"open_layers": ["heads"], "open_layers_epochs": 1}, "open_layers names no module of the model"),
        ({"open_layers": ["head"]}, "open_layers and open_layers_epochs go together"),
        (
            {"open_layers": ["head"], "open_layers_epochs": 1, "freeze_backbone_epochs": 1},
            "open_layers does not go with freeze_backbone_epochs",
        ),
        ({"open_layers": ["head"], "open_layers_epochs": 2}, "leaves no epoch in which the whole model"),
        ({"weights": "swa", "swa_from_epoch": 2}, "swa_from_epoch: 2 never comes, epochs being 2"),
    ],
)
def test_recipe_refuses_what_does_not_go_together(training: dict[str, object], message: str):
    with pytest.raises(RecipeError, match=message):
        small_recipe(None, training=training)
