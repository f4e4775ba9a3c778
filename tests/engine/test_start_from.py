"""Training may start from the weights of a checkpoint."""

from pathlib import Path

import pytest
import torch

from reidkit.core.errors import WeightsError
from reidkit.core.types import DatasetSplits, Sample
from reidkit.engine.train import build_recipe_model
from reidkit.models.checkpoint import ModelCard, save_model, start_from
from reidkit.models.zoo import build_model
from tests.engine.recipes import small_recipe

SPLITS = DatasetSplits(
    name="three",
    root=Path(),
    protocol="market1501",
    train=tuple(Sample((Path(f"{identity}.jpg"),), identity, 1) for identity in range(3)),
    query=(),
    gallery=(),
)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(7)
    model = build_model("osnet_x0_25", num_identities=5, image_size=(64, 32))
    save_model(tmp_path / "w.safetensors", model, ModelCard(architecture="osnet_x0_25", descriptor_dim=512))
    return tmp_path / "w.safetensors"


def test_a_model_starts_from_the_weights_with_a_classifier_of_its_own(weights: Path):
    fresh = build_recipe_model(small_recipe(None), SPLITS).state_dict()
    begun = build_recipe_model(small_recipe(None, model={"start_from": str(weights)}), SPLITS).state_dict()
    torch.manual_seed(7)
    expected = build_model("osnet_x0_25", num_identities=5, image_size=(64, 32)).state_dict()
    compared = [name for name in begun if "classifier" not in name]
    assert len(compared) > 400
    assert all(torch.equal(begun[name], expected[name]) for name in compared)
    assert torch.equal(begun["head.classifier.weight"], fresh["head.classifier.weight"])
    assert not torch.equal(begun["head.embedding.0.weight"], fresh["head.embedding.0.weight"])


def test_weights_of_another_network_are_refused_and_change_nothing(weights: Path):
    model = build_model("osnet_x0_5", image_size=(64, 32))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(WeightsError, match="of another shape"):
        start_from(model, weights)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_missing_weights_say_how_to_get_them(tmp_path: Path):
    recipe = small_recipe(None, model={"start_from": str(tmp_path / "none.safetensors")})
    with pytest.raises(WeightsError, match="reidkit weights fetch NAME -o FILE"):
        build_recipe_model(recipe, SPLITS)
