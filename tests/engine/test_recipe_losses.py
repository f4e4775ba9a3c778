"""A recipe whose losses and classifier do not fit is refused before any data is read."""

from pathlib import Path

import pytest

from reidkit.core.errors import ReidkitError
from reidkit.engine.recipe import Recipe
from reidkit.engine.train import train
from reidkit.synthetic import synthesize
from tests.engine.recipes import small_recipe


def recipe_with(loss: str, classifier: str, root: Path | None = None) -> Recipe:
    return small_recipe(
        root,
        model={
            "name": "pipeline",
            "arguments": {
                "backbone_arguments": {"depth": 18},
                "head_arguments": {"classifier": classifier},
            },
        },
        losses=[{"name": loss}],
        training={"epochs": 1},
        schedule={"warmup_epochs": 0},
    )


def test_loss_of_cosines_with_a_linear_classifier_is_refused():
    message = (
        r"'arc_face' takes cosines, but the classifier of the model gives logits\. Expected a cosine class"
    )
    with pytest.raises(ReidkitError, match=message):
        recipe_with("arc_face", "linear")


def test_cross_entropy_of_plain_cosines_is_refused():
    message = r"'cross_entropy' takes logits, but the classifier of the model gives cosines\. Expected a loss"
    with pytest.raises(ReidkitError, match=message):
        recipe_with("cross_entropy", "cosine")


def test_model_with_a_cosine_classifier_trains_with_a_margin(tmp_path: Path):
    root = tmp_path / "data"
    synthesize(root, identities=8, cameras=2, images_per_camera=2, workers=1)
    result = train(recipe_with("cos_face", "cosine", root), tmp_path / "run")
    assert result.folder.model.is_file()
