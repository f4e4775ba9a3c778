"""Parameters that a loss owns reach the optimizer, at a learning rate of their own, and learn."""

from pathlib import Path

import pytest
import torch

from reidkit.core.errors import ReidkitError, TrainingError
from reidkit.core.types import Sample, TrainingOutputs
from reidkit.engine.module import TrainingModule
from reidkit.engine.objective import single_feature_dim
from reidkit.engine.recipe import Recipe
from reidkit.engine.train import train
from reidkit.models.zoo import build_model
from reidkit.synthetic import synthesize
from tests.engine.recipes import small_recipe

SAMPLES = tuple(Sample((Path(f"{number}.jpg"),), identity=str(number % 3)) for number in range(6))


def recipe_with(*losses: dict[str, object], root: Path | None = None) -> Recipe:
    return small_recipe(
        root, losses=list(losses), training={"epochs": 1}, schedule={"name": "constant", "warmup_epochs": 0}
    )


def build_module(recipe: Recipe, model_name: str = "osnet_x0_25") -> TrainingModule:
    model = build_model(model_name, num_identities=3, image_size=(64, 32))
    return TrainingModule(recipe, model, SAMPLES, steps_per_epoch=1, failed_batch_path=Path("none"))


def test_loss_is_told_identities_and_dimension_and_learns_at_its_own_rate():
    recipe = recipe_with(
        {"name": "cross_entropy"},
        {"name": "center", "weight": 0.01, "arguments": {"learning_rate_factor": 10}},
        {"name": "proxy_anchor"},
    )
    module = build_module(recipe)
    _, center, anchor = module.objective.losses
    assert center.centres.shape == anchor.proxies.shape == (3, 512)
    optimizer = module.configure_optimizers()["optimizer"]
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([1e-3, 1e-2, 1e-1])
    assert [group["weight_decay"] for group in optimizer.param_groups] == [5e-4, 0, 0]
    optimized = {id(item) for group in optimizer.param_groups for item in group["params"]}
    assert {id(item) for item in module.parameters() if item.requires_grad} == optimized
    before = center.centres.detach().clone(), anchor.proxies.detach().clone()
    generator = torch.Generator().manual_seed(0)
    outputs = TrainingOutputs(
        (torch.randn(6, 512, generator=generator),), (torch.randn(6, 3, generator=generator),)
    )
    module.objective(outputs, torch.tensor([0, 0, 1, 1, 2, 2])).total.backward()
    optimizer.step()
    assert not torch.equal(center.centres, before[0])
    assert not torch.equal(anchor.proxies, before[1])


def test_loss_may_have_an_optimizer_of_its_own_that_leaves_the_schedule_alone():
    recipe = small_recipe(
        None,
        losses=[
            {"name": "cross_entropy"},
            {"name": "center", "weight": 0.001, "optim": {"name": "sgd", "learning_rate": 500.0}},
        ],
        training={"epochs": 10},
        schedule={"name": "step", "arguments": {"step_epochs": 1}, "warmup_epochs": 0},
    )
    configured = build_module(recipe).configure_optimizers()
    optimizer, schedule = configured["optimizer"], configured["lr_scheduler"]["scheduler"]
    assert [type(part).__name__ for part in optimizer.optimizers] == ["Adam", "SGD"]
    optimizer.step()
    schedule.step()
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([1e-4, 500.0])


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ({"name": "cross_entropy", "optim": {"learning_rate": 1}}, "'cross_entropy' learns nothing itself"),
        (
            {"name": "center", "optim": {"learning_rate": 1}, "arguments": {"learning_rate_factor": 5}},
            "'center' has optim and learning_rate_factor",
        ),
    ],
)
def test_optimizer_of_a_loss_that_cannot_use_it_is_refused(term: dict[str, object], message: str):
    with pytest.raises(ReidkitError, match=message):
        recipe_with(term)


def test_trying_the_model_does_not_change_it():
    model = build_model("osnet_x0_25", num_identities=3)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    assert single_feature_dim(model, (64, 32)) == 512
    assert model.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_model_of_several_branches_is_refused():
    model = build_model("mgn", num_identities=3)
    with pytest.raises(
        TrainingError, match=r"do not fit the model, got \d+ branches of features\. Expected one"
    ):
        single_feature_dim(model, (128, 64))


def test_recipe_may_not_give_what_the_data_say():
    with pytest.raises(ReidkitError, match="num_identities"):
        recipe_with({"name": "center", "arguments": {"num_identities": 5}})


def test_model_trains_with_losses_that_own_parameters(tmp_path: Path):
    root = tmp_path / "data"
    synthesize(root, identities=8, cameras=2, images_per_camera=2, workers=1)
    recipe = recipe_with(
        {"name": "cross_entropy"}, {"name": "center", "weight": 0.001}, {"name": "proxy_anchor"}, root=root
    )
    result = train(recipe, tmp_path / "run")
    assert {"loss/center", "loss/proxy_anchor"} <= set(result.history[0])
