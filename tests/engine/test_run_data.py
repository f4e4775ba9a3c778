"""Several sources and targets in one run."""

import io
import json
from pathlib import Path

import pytest
import torch
from rich.console import Console

from reidkit.core.errors import DatasetError, RecipeError
from reidkit.data.dataset import identity_labels
from reidkit.data.readers import read_dataset
from reidkit.engine.run_data import read_data, recipe_protocol
from reidkit.engine.train import make_loader, train
from tests.conftest import draw_dataset
from tests.engine.recipes import small_recipe

QUIET = Console(quiet=True)


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four data sets of equal names and numbers, as those of different groups are."""
    root = tmp_path_factory.mktemp("cities")
    for name in ("north", "south", "east", "west"):
        draw_dataset(root / name, train=3, test=3, cameras=2)
    return root


def mixed_recipe(cities: Path, sources: list[str], targets: list[str], **data):
    sections = {
        "sources": [{"reader": "folder", "root": name} for name in sources],
        "targets": [{"reader": "folder", "root": name} for name in targets],
    }
    return small_recipe(cities, data={**sections, **data}, training={"epochs": 1})


def test_four_sources_and_two_targets_train_and_give_one_score_each(cities: Path, tmp_path: Path):
    recipe = mixed_recipe(cities, ["north", "south", "east", "west"], ["east", "west"])
    result = train(recipe, tmp_path / "run")
    assert result.splits.name == "north+south+east+west"
    assert len({sample.identity for sample in result.splits.train}) == 12
    assert list(result.by_target) == ["east", "west"]
    assert result.by_target["east"] is result.evaluation
    written = json.loads(result.folder.scores.read_text())
    further = json.loads(result.folder.scores_on("west").read_text())
    assert (written["target"], further["target"]) == ("east", "west")
    assert written["queries"][0]["path"].startswith(str(cities / "east"))
    assert further["queries"][0]["path"].startswith(str(cities / "west"))


def test_run_on_several_sources_goes_on_only_with_them(cities: Path, tmp_path: Path):
    recipe = mixed_recipe(cities, ["north", "south"], ["west"])
    train(recipe, tmp_path / "run")
    assert train(recipe, tmp_path / "run", resume=True).splits.name == "north+south"
    with pytest.raises(RecipeError, match="differs from the one"):
        train(mixed_recipe(cities, ["north", "east"], ["west"]), tmp_path / "run", resume=True)


def test_targets_are_the_sources_unless_named(cities: Path):
    data = read_data(mixed_recipe(cities, ["north", "south"], []), QUIET)
    assert list(data.targets) == ["north", "south"]
    assert data.splits.query == data.targets["north"].query


def test_one_data_set_may_be_judged_on_others(cities: Path):
    recipe = small_recipe(cities / "north", data={"targets": [{"reader": "folder", "root": cities / "west"}]})
    data = read_data(recipe, QUIET)
    assert list(data.targets) == ["west"]
    assert {sample.identity[0] for sample in data.splits.train} == {"north"}


def test_training_samples_of_the_targets_are_there_to_adapt_to(cities: Path):
    data = read_data(mixed_recipe(cities, ["north"], ["east", "west"]), QUIET)
    assert {sample.attributes["domain"] for sample in data.adaptation} == {"east", "west"}
    assert len(data.adaptation) == 2 * len(data.targets["east"].train)
    assert not set(data.adaptation) & set(data.splits.train)


def test_combine_all_learns_from_test_identities(cities: Path):
    data = read_data(mixed_recipe(cities, ["north"], ["west"], combine_all=True), QUIET)
    assert len({sample.identity for sample in data.splits.train}) == 6


def test_combine_all_never_learns_from_a_target(cities: Path):
    with pytest.raises(DatasetError, match=r"Target .*west is a source as well"):
        read_data(mixed_recipe(cities, ["north", "west"], ["west"], combine_all=True), QUIET)


def test_combine_all_needs_targets(cities: Path):
    with pytest.raises(RecipeError, match="combine_all learns from the test identities"):
        mixed_recipe(cities, ["north"], [], combine_all=True)


def test_reader_and_sources_together_are_refused(cities: Path):
    with pytest.raises(RecipeError, match="reader 'market1501' and sources are both given"):
        mixed_recipe(cities, ["north"], [], reader="market1501")


def test_source_may_be_a_readers_name_alone(cities: Path):
    recipe = small_recipe(cities / "north", data={"sources": ["folder"]})
    assert recipe.data.sources[0].reader == "folder"
    assert list(read_data(recipe, QUIET).targets) == ["north"]


def test_unknown_reader_of_a_source_is_a_fault_with_the_nearest():
    with pytest.raises(RecipeError, match=r"data\.sources\.0\.reader: Unknown reader 'market1051'"):
        small_recipe(None, data={"sources": ["market1051"]})


def test_every_set_is_examined(cities: Path):
    console = Console(file=io.StringIO(), width=200)
    read_data(mixed_recipe(cities, ["north", "south"], ["west"]), console)
    text = console.file.getvalue()
    assert all(str(cities / name) in text for name in ("north", "south", "west"))
    assert str(cities / "east") not in text


@pytest.mark.parametrize(
    ("sampler", "arguments"),
    [
        ("domain_balanced", {"identities_per_batch": 2, "images_per_identity": 2}),
        ("camera_diverse", {"identities_per_batch": 2, "images_per_identity": 2}),
    ],
)
def test_sampler_is_told_domains_and_cameras(cities: Path, sampler: str, arguments: dict[str, int]):
    recipe = mixed_recipe(cities, ["north", "south"], [])
    section = type(recipe.sampling)(name=sampler, arguments=arguments)
    train_split = read_data(recipe, QUIET).splits.train
    batches = list(section.build_sampler(train_split, identity_labels(train_split), seed=0))
    for batch in batches:
        assert len({train_split[draw.index].camera for draw in batch}) >= 2
        if sampler == "domain_balanced":
            domains = [train_split[draw.index].attributes["domain"] for draw in batch]
            assert domains.count("north") == domains.count("south") > 0


def test_views_and_frames_are_images_of_the_batch(cities: Path):
    recipe = small_recipe(
        cities / "north",
        sampling={
            "arguments": {"identities_per_batch": 2, "images_per_identity": 2},
            "views": 3,
            "frames_per_tracklet": 2,
        },
    )
    loader = make_loader(recipe, read_data(recipe, QUIET).splits)
    batch = next(iter(loader))
    assert batch.images.shape == (2 * 2 * 3 * 2, 3, 64, 32)
    assert len(batch.labels) == len(batch.images)
    assert len(set(batch.labels.tolist())) == 2
    assert not torch.equal(batch.images[0], batch.images[1])


def test_recipe_gives_views_and_normalisation_to_the_protocol(tmp_path: Path):
    recipe = small_recipe(
        draw_dataset(tmp_path / "data", train=2, test=2),
        evaluation={"flip": True, "scales": [1, 1.25], "view_average": "unit", "normalization": "unit"},
    )
    protocol = recipe_protocol(recipe, read_dataset("folder", tmp_path / "data"))
    assert (protocol.flip, protocol.scales, protocol.view_average) == (True, (1.0, 1.25), "unit")
    assert protocol.normalization == "unit"
    with pytest.raises(RecipeError, match=r"evaluation\.scales"):
        small_recipe(tmp_path / "data", evaluation={"scales": [0]})
