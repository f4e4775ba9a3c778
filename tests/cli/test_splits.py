"""Several splits of one data set on the command line: each judged, and the mean over them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reidkit.data.readers import read_dataset
from reidkit.engine.recipe_files import write_recipe
from tests.cli.conftest import Command
from tests.cli.test_several_data_sets import rows_of
from tests.engine.recipes import small_recipe


def draw(path: Path, identity: int, number: int) -> None:
    """Draw a pattern of the identity under some noise that differs in each image."""
    pattern = np.random.default_rng(identity).integers(0, 255, (4, 2, 3))
    noise = np.random.default_rng((identity, number)).normal(0, 60, (4, 2, 3))
    pixels = np.kron(pattern / 2 + 64 + noise, np.ones((8, 8, 1))).clip(0, 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture(scope="module")
def viper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("viper")
    for identity in range(12):
        draw(root / "cam_a" / f"{identity:03d}_45.bmp", identity, 0)
        draw(root / "cam_b" / f"{identity:03d}_90.bmp", identity, 1)
    return root


@pytest.fixture(scope="module")
def vehicles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("vehicleid")
    numbers = {vehicle: range(10 * vehicle, 10 * vehicle + 4) for vehicle in range(1, 9)}
    for vehicle, own in numbers.items():
        for number in own:
            draw(root / "image" / f"{number:07d}.jpg", vehicle, number)
    lists = root / "train_test_split"
    lists.mkdir()
    (lists / "train_list.txt").write_text("0000080 8\n")
    for name, last in (("test_list_800.txt", 5), ("test_list_1600.txt", 7)):
        lines = [f"{number:07d} {vehicle}" for vehicle in range(1, last) for number in numbers[vehicle]]
        (lists / name).write_text("\n".join(lines) + "\n")
    return root


def test_all_splits_of_viper_are_judged_and_averaged(reidkit: Command, run_folder: Path, viper: Path):
    result = reidkit(
        "evaluate", run_folder, viper, "--reader", "viper", "--splits", "all", "--rerank", "k_reciprocal(k1=4)",
        "--out", "judged",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert "each split: re-ranking of 12 images: about " in result.out
    content = json.loads(Path("judged/scores.json").read_text())
    assert content["summary"]["averaged_splits"] == list(range(20))
    assert content["summary"]["protocol"]["num_splits"] == 20
    assert len(content["splits"]) == len(list(Path("judged/splits").iterdir())) == 20
    single = [
        json.loads(Path(f"judged/splits/{split}.json").read_text())["summary"]["rank_1"]
        for split in range(20)
    ]
    assert [row["rank_1"] for row in content["splits"]] == single
    assert content["summary"]["rank_1"] == pytest.approx(np.mean(single))
    assert content["summary"]["spread"]["rank_1"] == pytest.approx(np.std(single, ddof=1))
    assert len(set(single)) > 1  # the splits are not one and the same
    rows = rows_of(result.out)
    assert rows["mean"][0] == f"{np.mean(single):.1%}"
    assert rows["19"][0] == f"{single[19]:.1%}"
    assert "mean over 20 of 20 splits" in result.out


def test_one_split_of_the_average_is_what_it_scores_alone(reidkit: Command, run_folder: Path, viper: Path):
    assert reidkit("evaluate", run_folder, f"viper={viper}", "--splits", "2,5", "--out", "both").code == 0
    alone = reidkit("evaluate", run_folder, f"viper(split=5)={viper}", "--out", "alone")
    assert alone.code == 0, alone.err
    assert "one of 20 splits" in alone.out
    averaged = json.loads(Path("both/splits/5.json").read_text())
    single = json.loads(Path("alone/scores.json").read_text())
    assert averaged["queries"] == single["queries"]
    assert averaged["data"]["split"] == single["data"]["split"] == 5
    assert averaged["summary"] == single["summary"]


def test_vehicleid_draws_of_two_sizes_are_averaged_each(reidkit: Command, run_folder: Path, vehicles: Path):
    result = reidkit(
        "evaluate", run_folder, f"vehicleid={vehicles}", f"vehicleid(size=medium)={vehicles}",
        "--splits", "12", "--option", "draws=12", "--out", "judged",
    )  # fmt: skip
    assert result.code == 0, result.err
    small, medium = (
        json.loads(Path("judged", name, "scores.json").read_text()) for name in ("vehicleid", "vehicleid-2")
    )
    assert [row["num_gallery"] for row in small["splits"]] == [4] * 12
    assert [row["num_gallery"] for row in medium["splits"]] == [6] * 12
    assert small["summary"]["protocol"]["name"] == "vehicleid"
    assert small["summary"]["spread"]["rank_1"] > 0
    assert "mean over 12 of 12 splits" in result.out


def test_training_takes_the_split_by_key_and_each_split_is_judged_by_its_own_model(
    reidkit: Command, viper: Path
):
    for split in (0, 2):
        recipe = small_recipe(
            viper,
            data={"reader": "viper", "root": str(viper), "options": {"split": split}},
            training={"epochs": 1},
        )
        write_recipe(recipe, Path("recipe.yaml"))
        result = reidkit("train", "recipe.yaml", "--out", f"runs/{split}", "--no-report")
        assert result.code == 0, result.err
        stored = json.loads(Path(f"runs/{split}/scores.json").read_text())
        assert (stored["data"]["split"], stored["data"]["num_splits"]) == (split, 20)
    result = reidkit("evaluate", "runs/{split}", f"viper={viper}", "--splits", "0,2", "--out", "judged")
    assert result.code == 0, result.err
    assert "was trained on split" not in result.out
    for split in (0, 2):
        trained = json.loads(Path(f"runs/{split}/scores.json").read_text())
        judged = json.loads(Path(f"judged/splits/{split}.json").read_text())
        assert judged["summary"]["rank_1"] == trained["summary"]["rank_1"]
    warned = reidkit("evaluate", "runs/0", f"viper={viper}", "--splits", "0,2")
    assert "runs/0 was trained on split 0 of viper, whose people are queries of other splits" in warned.out
    shutil.rmtree("runs/2")
    missing = reidkit("evaluate", "runs/{split}", f"viper={viper}", "--splits", "0,2")
    assert missing.code == 2
    assert "Models of 1 splits are missing, got no runs/2." in missing.err
    assert "embedding" not in missing.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--splits", "21"), "Splits are not there, got '21'"),
        (("--reader", "folder", "--splits", "all"), "Reader 'folder' deals no splits, got 'all'"),
    ],
)
def test_splits_that_are_not_there_are_refused(
    reidkit: Command, run_folder: Path, viper: Path, arguments: tuple[str, ...], message: str
):
    result = reidkit("evaluate", run_folder, viper, "--reader", "viper", *arguments)
    assert result.code == 2
    assert message in result.err


def test_place_of_a_split_in_the_path_of_the_model_needs_splits(reidkit: Command, viper: Path):
    result = reidkit("evaluate", "runs/{split}", f"viper={viper}")
    assert result.code == 2
    assert "goes with --splits" in result.err


def test_views_and_normalisation_are_options_and_are_printed(
    reidkit: Command, run_folder: Path, dataset_root: Path
):
    result = reidkit(
        "evaluate", run_folder, dataset_root, "--flip", "--scales", "1,1.25", "--normalize",
        "--distance", "squared-euclidean", "--view-average", "unit", "--out", "judged",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert (
        "protocol market1501: squared-euclidean distance of unit descriptors, mean of unit descriptors over "
        "mirror image and scales 1 1.25, same-camera matches dropped, junk none, rectangle AP, unmatched "
        "queries skipped, ties by gallery order; 15 queries" in result.out
    )
    content = json.loads(Path("judged/scores.json").read_text())
    assert set(content["precision_at"]) == set(content["recall_at"]) == {"1", "5", "10", "20"}
    low, high = content["intervals"]["mean_ap"]["low"], content["intervals"]["mean_ap"]["high"]
    assert low <= content["summary"]["mean_ap"] <= high
    assert f"mAP {low:.1%} to {high:.1%}" in result.out
    pairs = content["camera_pairs"]
    assert f"camera pairs: {len(pairs)}, mAP {min(pair['mean_ap'] for pair in pairs):.1%} to " in result.out
    stored = content["summary"]["protocol"]
    assert (stored["scales"], stored["distance"], stored["normalization"]) == (
        [1.0, 1.25], "squared-euclidean", "unit"
    )  # fmt: skip


def test_several_data_sets_leave_a_file_of_all_domains(
    reidkit: Command, run_folder: Path, dataset_root: Path
):
    result = reidkit("evaluate", run_folder, f"folder={dataset_root}", dataset_root, "--out", "judged")
    assert result.code == 0, result.err
    content = json.loads(Path("judged/scores.json").read_text())
    names = [dataset_root.name, f"{dataset_root.name}-2"]
    assert list(content["domains"]) == names
    for name in names:
        own = json.loads(Path("judged", name, "scores.json").read_text())
        assert content["domains"][name] == own["summary"]
    assert content["mean"]["mean_ap"] == pytest.approx(content["domains"][names[0]]["mean_ap"])
    assert "mean over 2 data sets: Rank-1 " in result.out


def test_splits_of_a_reader_agree_with_the_reader(viper: Path):
    splits = read_dataset("viper", viper, split=3)
    assert (splits.split, splits.num_splits) == (3, 20)
