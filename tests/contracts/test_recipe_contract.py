"""Every shipped recipe trains, in small: its own parts on drawn people."""

from pathlib import Path

import pytest

from reidkit.engine.recipe_files import load_recipe, shipped_recipes
from reidkit.engine.train import train
from reidkit.synthetic import synthesize


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough people for the batches of every recipe."""
    root = tmp_path_factory.mktemp("people") / "data"
    synthesize(root, identities=40, cameras=2, images_per_camera=2, workers=1)
    return root


@pytest.mark.parametrize("name", shipped_recipes())
def test_shipped_recipe_trains(name: str, people: Path, tmp_path: Path):
    recipe = load_recipe(
        name,
        [
            "data.reader=folder",
            "data.options={}",
            f"data.root={people}",
            "training.epochs=1",
            "training.device=cpu",
            "training.num_workers=0",
            "training.freeze_backbone_epochs=0",
            "schedule.warmup_epochs=0",
        ],
    )
    result = train(recipe, tmp_path / "run")
    assert result.folder.model.is_file()
    assert len(result.evaluation.scores.average_precision) > 0
