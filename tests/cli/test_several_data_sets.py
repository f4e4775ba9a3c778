"""Several data sets on the command line: judged in one go, and learned from together."""

import json
from pathlib import Path

import pytest

from reidkit.synthetic import synthesize
from tests.cli.conftest import Command
from tests.conftest import draw_dataset
from tests.engine.recipes import small_recipe
from tests.engine.test_run_data import mixed_recipe


def rows_of(text: str) -> dict[str, list[str]]:
    """Return the cells of each row of a printed table, by its first cell."""
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if "│" in line]
    return {row[0]: row[1:] for row in rows}


def test_evaluate_judges_several_data_sets_in_one_table(
    reidkit: Command, run_folder: Path, dataset_root: Path
):
    draw_dataset(Path("city"), train=2, test=3)
    result = reidkit("evaluate", run_folder, dataset_root, "folder=city", "--out", "judged")
    assert result.code == 0, result.err
    rows = rows_of(result.out)
    assert {dataset_root.name, "city"} <= set(rows)
    for name in (dataset_root.name, "city"):
        summary = json.loads(Path("judged", name, "scores.json").read_text())["summary"]
        assert rows[name][0] == f"{summary['rank_1']:.1%}"
        assert Path("judged", name, "report.html").is_file()


def test_a_misspelt_folder_stops_before_anything_is_judged(
    reidkit: Command, run_folder: Path, dataset_root: Path
):
    result = reidkit("evaluate", run_folder, dataset_root, "folder=nowhere")
    assert result.code == 2
    assert "nowhere" in result.err
    assert "embedding" not in result.out


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four drawn cities, each with people and cameras of its own."""
    root = tmp_path_factory.mktemp("cities")
    for seed, name in enumerate(("north", "south", "east", "west")):
        synthesize(
            root / name, identities=8, cameras=2, images_per_camera=2, seed=seed, size=(64, 32), workers=1
        )
    return root


def test_four_sources_and_two_targets_give_the_cross_domain_table(reidkit: Command, cities: Path):
    recipe = small_recipe(cities, training={"epochs": 1})
    names = ("north", "south", "east", "west")
    sources = ",".join(f"{{reader: folder, root: {name}}}" for name in names)
    targets = ",".join(f"{{reader: folder, root: {name}}}" for name in names[2:])
    Path("recipe.yaml").write_text(reidkit_recipe(recipe))
    result = reidkit(
        "train", "recipe.yaml", f"data.sources=[{sources}]", f"data.targets=[{targets}]", "--out", "run"
    )
    assert result.code == 0, result.err
    assert "Trained on north+south+east+west, judged on" in result.out
    rows = rows_of(result.out)
    for name, file in (("east", "scores.json"), ("west", "scores_west.json")):
        content = json.loads(Path("run", file).read_text())
        assert rows[name][0] == f"{content['summary']['rank_1']:.1%}"
        assert content["queries"][0]["path"].startswith(str(cities / name))
    assert "wrote run/scores_west.json" in result.out


def test_plan_of_a_mixed_run_counts_all_sources(reidkit: Command, cities: Path):
    Path("recipe.yaml").write_text(reidkit_recipe(mixed_recipe(cities, ["north", "south"], ["west"])))
    result = reidkit("train", "recipe.yaml", "--dry-run")
    assert result.code == 0, result.err
    assert result.out.count("protocol market1501") == 3


def reidkit_recipe(recipe) -> str:
    from reidkit.engine.recipe_files import recipe_text

    return recipe_text(recipe)
