"""Which parameter learns at which rate, and decays by how much."""

from collections.abc import Callable

import pytest
import torch
from timm.optim import param_groups_layer_decay

from reidkit.core.errors import CatalogError
from reidkit.engine.parameter_groups import GroupRules, parameter_groups
from reidkit.models.model import ReidModel
from reidkit.models.zoo import build_model


@pytest.fixture(scope="module")
def model() -> ReidModel:
    arguments = {"backbone_arguments": {"depth": 18}}
    return build_model("pipeline", num_identities=5, image_size=(64, 32), arguments=arguments)


def setting_of(model: ReidModel, **rules: float) -> Callable[[str], tuple[float, float]]:
    """Return a function from the name of a parameter to its learning rate and weight decay."""
    groups = parameter_groups(model, GroupRules(learning_rate=1.0, weight_decay=0.1, **rules))
    settings = {
        id(item): (group["lr"], group["weight_decay"]) for group in groups for item in group["params"]
    }
    assert len(settings) == sum(len(group["params"]) for group in groups)
    names = {name: id(item) for name, item in model.named_parameters() if item.requires_grad}
    assert set(settings) == set(names.values())
    return lambda name: settings[names[name]]


def test_without_rules_there_is_one_group_in_the_order_of_the_model(model: ReidModel):
    (group,) = parameter_groups(model, GroupRules(learning_rate=1.0, weight_decay=0.1))
    assert [id(item) for item in group["params"]] == [
        id(item) for item in model.parameters() if item.requires_grad
    ]


def test_backbone_and_head_have_factors_of_their_own(model: ReidModel):
    setting = setting_of(model, backbone_factor=0.1, head_factor=2.0)
    head = next(name for name, _ in model.named_parameters() if name.startswith("head."))
    backbone = next(name for name, _ in model.named_parameters() if name.startswith("backbone."))
    assert setting(head) == (2.0, 0.1)
    assert setting(backbone) == (0.1, 0.1)


def test_biases_and_norms_have_rules_of_their_own(model: ReidModel):
    setting = setting_of(
        model, bias_factor=2.0, bias_weight_decay=0.0, norm_weight_decay=0.01, backbone_factor=0.5
    )
    norms = [
        name for name, module in model.backbone.named_modules() if isinstance(module, torch.nn.BatchNorm2d)
    ]
    assert len(norms) > 10
    for name in norms:
        assert setting(f"backbone.{name}.weight") == (0.5, 0.01)
        assert setting(f"backbone.{name}.bias") == (1.0, 0.0)


def test_layer_decay_is_timms():
    model = build_model(
        "timm", num_identities=5, image_size=(32, 32), arguments={"backbone": "vit_tiny_patch16_224"}
    )
    setting = setting_of(model, layer_decay=0.5)
    network = model.backbone.network
    # timm counts the head as a layer behind the last one; here the head lies outside its network.
    network.head = torch.nn.Linear(192, 2)
    scales = {
        id(item): group["lr_scale"]
        for group in param_groups_layer_decay(network, layer_decay=0.5)
        for item in group["params"]
    }
    del network.head
    compared = 0
    for name, parameter in network.named_parameters():
        assert setting(f"backbone.network.{name}")[0] == pytest.approx(scales[id(parameter)]), name
        compared += 1
    assert compared > 100
    head = next(
        name for name, item in model.named_parameters() if name.startswith("head.") and item.requires_grad
    )
    assert setting(head)[0] == 1.0


def test_layer_decay_of_a_network_without_numbers_is_refused(model: ReidModel):
    with pytest.raises(CatalogError, match=r"layer_decay does not fit the model, got a backbone of class"):
        parameter_groups(model, GroupRules(learning_rate=1.0, weight_decay=0.0, layer_decay=0.7))
