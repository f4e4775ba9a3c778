import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from reidkit import __version__
from reidkit.engine.recipe_files import write_recipe
from reidkit.models.zoo import MODELS
from tests.cli.conftest import Command
from tests.conftest import draw_dataset
from tests.engine.recipes import small_recipe


def test_help_lists_every_command(reidkit: Command):
    result = reidkit("--help")
    assert result.code == 0
    for name in ("quickstart", "train", "evaluate", "embed", "compare", "models", "recipes", "env", "data"):
        assert name in result.out


@pytest.mark.parametrize(
    "command",
    [
        "quickstart",
        "train",
        "evaluate",
        "embed",
        "compare",
        "models",
        "recipes",
        "env",
        "data synthesize",
        "data check",
        "gallery create",
        "gallery search",
    ],
)
def test_every_command_has_help(command: str, reidkit: Command):
    result = reidkit(*command.split(), "--help")
    assert result.code == 0
    assert "Usage: reidkit" in result.out


def test_version(reidkit: Command):
    assert reidkit("--version").out.strip() == f"reidkit {__version__}"


def test_no_command_shows_help(reidkit: Command):
    assert "Usage: reidkit" in reidkit().out


def test_models_lists_every_model_with_its_cost(reidkit: Command):
    result = reidkit("models", "--size", "256x128")
    assert all(name in result.out for name in MODELS)
    assert "978.9 M" in result.out


def test_models_says_where_the_size_suits_no_network(reidkit: Command, monkeypatch: pytest.MonkeyPatch):
    few = {name: MODELS[name] for name in ("resnet18", "pcb_p6")}
    monkeypatch.setattr("reidkit.models.zoo.MODELS", few)
    lines = reidkit("models", "--size", "64x32").out.splitlines()
    assert "another size" in next(line for line in lines if "pcb_p6" in line)
    assert "11.18 M" in next(line for line in lines if "resnet18" in line)


def test_models_measures_those_asked_for(reidkit: Command):
    result = reidkit("models", "osnet_x0_25", "--size", "64x32", "--latency", "--json")
    (row,) = json.loads(result.out[result.out.index("[") :])
    assert row["model"] == "osnet_x0_25"
    assert (row["parameters"], row["descriptor_dim"]) == (201_864, 512)
    assert 0 < row["latency_ms"] < 60_000
    assert "ms per image" in reidkit("models", "osnet_x0_25", "--size", "64x32", "--latency").out
    unknown = reidkit("models", "osnet_1x0")
    assert unknown.code == 2
    assert "Did you mean 'osnet_x1_0'" in unknown.err


def test_models_refuses_a_size_that_is_none(reidkit: Command):
    result = reidkit("models", "--size", "256")
    assert result.code == 2
    assert "expected HEIGHTxWIDTH" in result.err


def test_recipes_lists_and_shows(reidkit: Command):
    assert "quickstart" in reidkit("recipes").out
    shown = reidkit("recipes", "quickstart").out
    assert "learning_rate:" in shown
    Path("mine.yaml").write_text(shown)
    assert reidkit("recipes", "mine.yaml").out == shown


def test_recipes_tell_family_data_and_published_score(reidkit: Command):
    every = reidkit("recipes", "--markdown").out
    assert "| bot | `bot-cuhk03` | cuhk03 |  |" in every
    assert "| `bot-market1501` | market1501 | market1501: 94.4 / 86.1 |" in every
    few = reidkit("recipes", "--family", "mgn", "--data", "msmt17").out
    assert "msmt17: 85.1 / 65.4" in few
    assert "mgn-market1501" not in few
    unknown = reidkit("recipes", "--family", "bott")
    assert unknown.code == 2
    assert "Did you mean 'bot'?" in unknown.err


def test_a_recipe_is_shown_with_its_comments(reidkit: Command):
    text = reidkit("recipes", "bot-market1501", "--source").out
    assert text.startswith("# reidkit train bot-market1501 data.root=FOLDER")
    assert "fall at the start of the 50th and 100th epoch" in " ".join(text.replace("#", " ").split())


def test_env_prints_versions(reidkit: Command):
    result = reidkit("env")
    assert "torch" in result.out
    assert "platform" in result.out


def test_train_writes_a_run_and_says_where(reidkit: Command, dataset_root: Path):
    write_recipe(small_recipe(dataset_root, training={"epochs": 1}), Path("recipe.yaml"))
    result = reidkit("train", "recipe.yaml", "name=mine", "seed=3")
    assert result.code == 0, result.err
    assert "Rank-1" in result.out
    assert "protocol market1501: cosine distance" in result.out
    for name in ("model.safetensors", "scores.json", "report.html"):
        assert f"wrote runs/mine/{name}" in result.out
        assert Path("runs/mine", name).is_file()
    assert list(Path("runs/mine/rank_lists").rglob("*.jpg"))

    again = reidkit("train", "recipe.yaml", "name=mine", "seed=3")
    assert again.code == 2
    assert "holds a finished run" in again.err
    old = Path("runs/mine/rank_lists/worst/99999_old.jpg")
    old.write_bytes(b"")
    resumed = reidkit("train", "--resume", "--out", "runs/mine")
    assert resumed.code == 0, resumed.err
    assert not old.exists()  # a picture of an earlier report would tell of another ranking


def test_train_dry_run_writes_nothing(reidkit: Command, dataset_root: Path):
    write_recipe(small_recipe(dataset_root), Path("recipe.yaml"))
    result = reidkit("train", "recipe.yaml", "--dry-run")
    assert result.code == 0, result.err
    assert "Would train osnet_x0_25" in result.out
    assert "for 2 epochs of 6 batches into runs/small" in result.out
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "name a recipe, or --resume a run"),
        (["train", "--resume"], "name the run to go on with"),
        (["train", "quikstart"], "Did you mean 'quickstart'"),
        (["train", "quickstart"], "data.root is missing"),
        (["train", "quickstart", "data.root=nowhere"], "nowhere"),
        (["train", "quickstart", "optim.learning_rat=1", "seed=-1"], "has 2 faults"),
        (["train", "--resume", "--out", "nowhere"], "holds no run"),
        (["evaluate", "nowhere.safetensors", "."], "not found"),
        (["compare", "a.jpg", "b.jpg"], "reidkit quickstart"),
        (["embed", "nowhere.jpg"], "Image not found"),
        (["embed", ".", "-o", "out.txt"], ".npz, .csv or .parquet"),
        (["data", "check", "nowhere"], "nowhere"),
        (["data", "check", ".", "--option", "novalue"], "expected key=value"),
    ],
)
def test_mistake_is_one_message_and_exit_code_2(arguments: list[str], message: str, reidkit: Command):
    result = reidkit(*arguments)
    assert result.code == 2
    assert message in " ".join(result.err.replace("│", " ").split())
    assert "Traceback" not in result.err


def test_evaluate_prints_scores_and_writes_the_report(reidkit: Command, run_folder: Path, dataset_root: Path):
    result = reidkit("evaluate", run_folder, dataset_root, "--out", "evaluation", "--flip")
    assert result.code == 0, result.err
    assert "mean of raw descriptors over mirror image, " in result.out
    assert "; 15 queries, 15 gallery images" in result.out
    content = json.loads(Path("evaluation/scores.json").read_text())
    assert content["summary"]["protocol"]["flip"] is True
    assert "<html" in Path("evaluation/report.html").read_text()


def test_evaluate_equals_the_scores_of_the_run(reidkit: Command, run_folder: Path, dataset_root: Path):
    result = reidkit("evaluate", run_folder / "model.safetensors", dataset_root, "--out", "evaluation")
    assert result.code == 0, result.err
    ours = json.loads(Path("evaluation/scores.json").read_text())
    theirs = json.loads((run_folder / "scores.json").read_text())
    assert ours["summary"] == theirs["summary"]
    assert ours["queries"] == theirs["queries"]


def test_evaluate_expands_reranks_and_says_so(reidkit: Command, run_folder: Path, dataset_root: Path):
    result = reidkit(
        "evaluate",
        run_folder,
        dataset_root,
        "--expand",
        "alpha",
        "--rerank",
        "k_reciprocal",
        "--out",
        "judged",
    )
    assert result.code == 0, result.err
    assert "re-ranking of 30 images: about" in result.out
    assert "then alpha_expansion(m=5, alpha=3.0), then k_reciprocal(variant=classic, k1=20" in result.out
    assert "verification: equal error rate" in result.out
    assert "open set: " in result.out
    content = json.loads(Path("judged/scores.json").read_text())
    assert len(content["summary"]["protocol"]["post_processing"]) == 2
    assert 0.5 < content["verification"]["area_under_curve"] <= 1
    assert len(content["open_set"]) == 2
    refused = reidkit("evaluate", run_folder, dataset_root, "--rerank", "reciprocal")
    assert refused.code == 2
    assert "Unknown re-ranking 'reciprocal'. Did you mean 'k_reciprocal'?" in refused.err


def test_evaluate_takes_arguments_and_local_matching(reidkit: Command, run_folder: Path, dataset_root: Path):
    result = reidkit(
        "evaluate", run_folder, dataset_root, "--rerank", "k_reciprocal(k1=4, k2=2)", "--local",
        "max_matching", "--top", 5, "--local-weight", 0.25, "--out", "judged",
    )  # fmt: skip
    assert result.code == 0, result.err
    names = json.loads(Path("judged/scores.json").read_text())["summary"]["protocol"]["post_processing"]
    assert len(names) == 2
    assert names[0].startswith("k_reciprocal(variant=classic, k1=4, k2=2")
    assert names[1] == "max_matching(top=5, weight=0.25)"
    for arguments, message in (
        (
            ("--rerank", "k_reciprocal(distance_weigth=0.2)"),
            "'distance_weigth'. Did you mean 'distance_weight'?",
        ),
        (("--rerank", "k_reciprocal(k1=4"), "expected NAME or NAME"),
        (("--expand", "alpha(beta=3)"), "'alpha' has no argument 'beta'"),
        (("--local", "dsrr"), "Unknown local matching 'dsrr'. Did you mean 'dsr'?"),
    ):
        refused = reidkit("evaluate", run_folder, dataset_root, *arguments)
        assert refused.code == 2
        assert message in " ".join(refused.err.split())


def test_evaluate_leaves_damaged_images_out_on_request(reidkit: Command, run_folder: Path):
    root = draw_dataset(Path("data"))
    damaged = root / "gallery" / "0009" / "0009_c2_01.png"
    damaged.write_bytes(b"")
    refused = reidkit("evaluate", run_folder, root)
    assert refused.code == 2
    assert "0009_c2_01.png" in refused.err
    skipped = reidkit("evaluate", run_folder, root, "--skip-unreadable")
    assert skipped.code == 0, skipped.err
    assert "left out" in skipped.out
    assert "14 gallery images" in skipped.out


def test_compare_in_words_and_as_json(reidkit: Command, run_folder: Path, dataset_root: Path):
    first, second = sorted((dataset_root / "query" / "0008").glob("*.png"))[:2]
    result = reidkit("compare", first, second, "--model", run_folder)
    assert result.code == 0, result.err
    assert "cosine distance 0." in result.out
    assert "Verdict: " in result.out
    content = json.loads(reidkit("compare", first, first, "--model", run_folder, "--json").out)
    assert content["distance"] == pytest.approx(0, abs=1e-6)
    assert content["verdict"] == "same"


def test_compare_takes_the_model_from_the_environment(
    reidkit: Command, run_folder: Path, dataset_root: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("REIDKIT_MODEL", str(run_folder))
    first, second = sorted((dataset_root / "query" / "0008").glob("*.png"))[:2]
    assert reidkit("compare", first, second).code == 0


def test_embed_writes_one_row_per_image_in_every_format(
    reidkit: Command, run_folder: Path, dataset_root: Path
):
    for name in ("d.npz", "d.csv", "d.parquet"):
        result = reidkit("embed", dataset_root / "query", "--model", run_folder, "--out", name)
        assert result.code == 0, result.err
        assert "15 descriptors of 512 numbers, cosine distance" in result.out
    stored = np.load("d.npz")
    with Path("d.csv").open() as stream:
        rows = list(csv.reader(stream))[1:]
    table = pyarrow.parquet.read_table("d.parquet").to_pydict()
    assert stored["paths"].tolist() == [row[0] for row in rows] == table["path"]
    values = np.array([[float(value) for value in row[1:]] for row in rows], np.float32)
    np.testing.assert_array_equal(stored["descriptors"], values)
    np.testing.assert_array_equal(stored["descriptors"], np.array(table["descriptor"], np.float32))


def test_embed_reports_damaged_images_and_goes_on(reidkit: Command, run_folder: Path, dataset_root: Path):
    folder = Path("photos")
    folder.mkdir()
    good = sorted((dataset_root / "query").rglob("*.png"))[0]
    (folder / "good.png").write_bytes(good.read_bytes())
    (folder / "bad.jpg").write_bytes(b"no picture")
    result = reidkit("embed", folder, "--model", run_folder)
    assert result.code == 0, result.err
    assert "bad.jpg" in result.out
    assert np.load("descriptors.npz")["paths"].tolist() == ["photos/good.png"]


def test_embed_of_nothing_but_damage_writes_nothing(reidkit: Command, run_folder: Path):
    Path("bad.jpg").write_bytes(b"no picture")
    result = reidkit("embed", "bad.jpg", "--model", run_folder)
    assert result.code == 2
    assert "None of the 1 images can be read" in result.err
    assert not Path("descriptors.npz").exists()


def test_data_check_in_words_and_as_json(reidkit: Command, dataset_root: Path):
    result = reidkit("data", "check", dataset_root)
    assert result.code == 0
    assert "8 training identities" in result.out
    content = json.loads(reidkit("data", "check", dataset_root, "--json").out)
    assert content["summary"]["train"]["images"] == 48


def test_data_check_exits_1_on_an_error(reidkit: Command):
    root = draw_dataset(Path("data"), cameras=1)
    result = reidkit("data", "check", root)
    assert result.code == 1
    assert "0 of 5 queries can be scored" in result.out
    assert reidkit("data", "check", root, "--protocol", "no-camera").code == 0
