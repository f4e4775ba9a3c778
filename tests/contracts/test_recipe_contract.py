"""Every shipped recipe parses and trains two steps; every synthetic twin trains and is judged, in small.

Recipes that differ only in their data, epochs and scores share the two steps.
"""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from reidkit.core.types import DatasetSplits
from reidkit.data.readers import BENCHMARKS, read_dataset
from reidkit.engine.module import TrainingModule
from reidkit.engine.recipe import Recipe
from reidkit.engine.recipe_files import load_recipe, shipped_recipes
from reidkit.engine.train import build_recipe_model, make_loader, train
from reidkit.synthetic import synthesize

SHIPPED = shipped_recipes()
CONTENT: dict[str, dict[str, Any]] = {
    name: yaml.safe_load(path.read_text(encoding="utf-8")) for name, path in SHIPPED.items()
}
TWINS = [name for name, path in SHIPPED.items() if name.endswith("-synthetic") or path.parent.name == "start"]
LARGE_TWINS = ["mgn-synthetic", "mlfn-synthetic", "pcb-synthetic"]
"""Of 25 million parameters and more: two steps in CI, all of it among the slow tests."""
FAMILIES = {path.parent.name for path in SHIPPED.values()}
SMALLEST = {"mgn": (48, 16), "pcb_p4": (64, 16), "pcb_p6": (96, 16), "transreid": (64, 32), "hacnn": (64, 32)}
"""Sizes that these models need; all others take the smallest that their backbone does."""

# Of timm's networks: patches of 14, windows of 7 and 8, four resolutions.
SMALLEST_OF_TIMM = {
    "vit_small_patch14": (56, 28),
    "swin_": (64, 64),
    "swinv2_": (64, 64),
    "hrnet": (64, 32),
}


def image_size(content: dict[str, Any]) -> tuple[int, int]:
    """Return the smallest image that the model of a recipe takes."""
    model = content["model"]
    backbone = str(model.get("arguments", {}).get("backbone_arguments", {}).get("name", ""))
    of_timm = (size for start, size in SMALLEST_OF_TIMM.items() if backbone.startswith(start))
    return SMALLEST.get(model["name"], next(of_timm, (48, 32)))


def overrides(name: str, root: Path) -> list[str]:
    """Return what makes a recipe small: its own parts on a few drawn people, for a few steps."""
    content = CONTENT[name]
    height, width = image_size(content)
    changes = {
        "data": {"reader": "folder", "root": str(root)},
        "input.height": height,
        "input.width": width,
        "model.start_from": None,
        "training.epochs": 3,
        "training.device": "cpu",
        "training.precision": "32-true",
        "training.num_workers": 0,
        "training.freeze_backbone_epochs": 0,
        "training.open_layers": [],
        "training.open_layers_epochs": 0,
        "schedule.warmup_epochs": 0,
        "schedule.warmup_iterations": 0,
        "schedule.delay_epochs": 0,
        "evaluation.every_epochs": 0,
    }
    arguments = content["model"].get("arguments", {})
    if arguments.get("is_pretrained"):
        changes["model.arguments.is_pretrained"] = False
    if content["schedule"]["name"] == "multi_step":
        changes["schedule.arguments.milestones"] = [1, 2]
    small = {"batch_size": 4, "identities_per_batch": 2, "images_per_identity": 2}
    for key in content["sampling"]["arguments"]:
        changes[f"sampling.arguments.{key}"] = small[key]
    for index, step in enumerate(content["augmentation"]):
        if step["name"] == "pad_crop":
            changes[f"augmentation.{index}.arguments.padding"] = 2
    return [f"{key}={json.dumps(value)}" for key, value in changes.items()]


def same_in_small(name: str) -> str:
    """Return what two steps of a recipe depend on: not on its data, its epochs and how it is judged."""
    content = CONTENT[name]
    kept = {key: content[key] for key in ("model", "sampling", "augmentation", "losses", "optim")}
    kept["input"] = {**content["input"], "height": 0, "width": 0}
    kept["model"] = {key: value for key, value in content["model"].items() if key != "start_from"}
    kept["sampling"] = {**content["sampling"], "arguments": sorted(content["sampling"]["arguments"])}
    kept["optim"] = {key: value for key, value in content["optim"].items() if key != "learning_rate"}
    return json.dumps(kept, sort_keys=True)


GROUPS: dict[str, list[str]] = {}
for _name in SHIPPED:
    if _name not in TWINS or _name in LARGE_TWINS:
        GROUPS.setdefault(same_in_small(_name), []).append(_name)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few people, as images and as tracklets."""
    root = tmp_path_factory.mktemp("people") / "data"
    synthesize(
        root, identities=8, cameras=2, images_per_camera=2, size=(64, 32), workers=1,
        parts=("images", "tracklets"),
    )  # fmt: skip
    return root


@pytest.fixture(scope="module")
def splits(people: Path) -> DatasetSplits:
    """The images."""
    return read_dataset("folder", people)


def test_there_are_all_families_with_a_twin_each():
    papers = {"osnet", "resnet", "mlfn", "hacnn", "pcb", "bot", "agw", "sbs", "mgn", "transreid", "timm"}
    assert {*papers, "video", "layumi", "start"} == FAMILIES
    assert [f"{family}-synthetic" in SHIPPED for family in FAMILIES - {"start"}] == [True] * 13
    assert len(SHIPPED) >= 150


@pytest.mark.parametrize("name", SHIPPED)
def test_a_recipe_parses_and_cross_checks(name: str):
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.about
    assert len(recipe.about) <= 110
    text = SHIPPED[name].read_text(encoding="utf-8")
    assert text.startswith(f"# reidkit train {name} data.root=")
    sources = [source.reader for source in recipe.data.sources] or [recipe.data.reader]
    assert name in TWINS or all(reader in BENCHMARKS for reader in sources)
    # Either the score it aims at and who says so, or a comment that says why there is none.
    assert recipe.published or "# Published scores: " in text or SHIPPED[name].parent.name == "start"
    for score in recipe.published:
        assert score.source
        assert (score.rank_1 or score.mean_ap) is not None


@pytest.mark.parametrize("names", GROUPS.values(), ids=lambda names: names[0])
def test_a_recipe_trains_two_steps(names: list[str], people: Path, splits: DatasetSplits, tmp_path: Path):
    recipe = load_recipe(names[0], overrides(names[0], people))
    losses, share = two_steps(recipe, splits, tmp_path)
    assert all(map(math.isfinite, losses))
    assert share > 0.9  # of the tensors that may learn


def two_steps(recipe: Recipe, splits: DatasetSplits, place: Path) -> tuple[list[float], float]:
    """Return the losses of two steps, and the share of the learned tensors that they moved."""
    model = build_recipe_model(recipe, splits).train()
    loader = make_loader(recipe, splits)
    module = TrainingModule(
        recipe, model, splits.train, steps_per_epoch=len(loader), failed_batch_path=place / "batch"
    )
    configured = module.configure_optimizers()
    before = [item.detach().clone() for item in model.parameters() if item.requires_grad]
    losses = []
    for _, batch in zip(range(2), loader, strict=False):
        outputs = module.execution(*module.model_input(batch))
        total = module.objective(outputs, batch.labels).total
        total.backward()
        configured["optimizer"].step()
        configured["optimizer"].zero_grad()
        configured["lr_scheduler"]["scheduler"].step()
        losses.append(float(total.detach()))
    assert len(losses) == 2
    after = [item.detach() for item in model.parameters() if item.requires_grad]
    moved = [not torch.equal(old, new) for old, new in zip(before, after, strict=True)]
    return losses, sum(moved) / len(moved)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in LARGE_TWINS else ()) for name in TWINS],
)
def test_a_twin_trains_and_is_judged(name: str, people: Path, tmp_path: Path):
    root = people / "tracklets" if "tracklet" in SHIPPED[name].read_text(encoding="utf-8") else people
    recipe = load_recipe(name, [*overrides(name, root), "training.epochs=1", "training.collapse_steps=0"])
    result = train(recipe, tmp_path / "run")
    assert result.folder.model.is_file()
    assert len(result.evaluation.scores.average_precision) > 0
