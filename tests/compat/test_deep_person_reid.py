"""The commands of an early README: each is a command of reidkit, which is printed and run."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from reidkit.cli.main import app
from reidkit.compat.deep_person_reid import SCRIPTS, plan
from reidkit.core.errors import RecipeError, WeightsError
from reidkit.engine.recipe_files import check_recipe, load_recipe
from tests.compat.torchreid.layouts import draw_dukemtmcvidreid, draw_market1501

README = (
    "-d market1501 -a resnet50 --optim adam --lr 0.0003 --max-epoch 60 --stepsize 20 40 "
    "--train-batch 32 --test-batch 100 --save-dir log/resnet50-xent-market1501 --gpu-devices 0"
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of data sets."""
    return draw_dukemtmcvidreid(draw_market1501(tmp_path_factory.mktemp("data")))


def test_the_readmes_training_command_is_our_recipe_of_it():
    found = plan("train_imgreid_xent", README.split())
    assert found.commands() == [
        "reidkit train log/resnet50-xent-market1501.recipe.yaml --out log/resnet50-xent-market1501"
    ]
    assert found.recipe is not None
    recipe = check_recipe(found.recipe, source="README").model_dump()
    assert recipe["model"]["arguments"] == {"is_pretrained": True}
    assert recipe["schedule"]["arguments"] == {"milestones": [20, 40], "gamma": 0.1}
    assert recipe["training"]["epochs"] == 60
    assert recipe["seed"] == 1
    assert set(found.ignored) == {"gpu_devices"}


def test_the_readmes_test_command_converts_and_evaluates():
    arguments = (
        "-d market1501 -a resnet50 --evaluate --resume saved-models/resnet50_xent_market1501.pth.tar "
        "--save-dir log/resnet50-xent-market1501 --test-batch 100 --gpu-devices 0"
    )
    convert, evaluate = plan("train_imgreid_xent", arguments.split()).commands()
    model = "log/resnet50-xent-market1501.start.safetensors"
    assert convert == f"reidkit convert saved-models/resnet50_xent_market1501.pth.tar --out {model}"
    assert evaluate == (
        f"reidkit evaluate {model} data --reader market1501 --option distractors_500k=False "
        f"--distance euclidean --batch-size 100 --out log/resnet50-xent-market1501"
    )


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_script_trains_and_its_model_is_judged(root: Path, tmp_path: Path, script: str):
    is_video = "vid" in script
    common = ["--root", str(root), "-d", "dukemtmcvidreid" if is_video else "market1501", "-a", "osnet_x0_25"]
    common += ["--height", "64", "--width", "32", "--save-dir", str(tmp_path / "log"), "--use-cpu"]
    batch = ["--train-batch", "4", "--max-epoch", "1", "--no-pretrained", "-j", "0"]
    batch += ["--num-instances", "2"] if script.endswith("htri") else []
    batch += ["--seq-len", "2"] if is_video else []
    runner = CliRunner()
    result = runner.invoke(app, ["compat", script, *common, *batch])
    assert result.exit_code == 0, result.output
    assert "This is, in reidkit:\n  reidkit train " in result.output
    assert (tmp_path / "log" / "model.safetensors").is_file()
    recipe = load_recipe(tmp_path / "log.recipe.yaml")
    assert len(recipe.losses) == (2 if script.endswith("htri") else 1)
    if script != "train_imgreid_xent_htri":
        return
    common[-2] = str(tmp_path / "judged")
    judged = runner.invoke(
        app,
        ["compat", script, *common, "--evaluate", "--resume", str(tmp_path / "log"), "--visualize-ranks"],
    )
    assert judged.exit_code == 0, judged.output
    assert len(list((tmp_path / "judged" / "ranked_results").glob("*.jpg"))) == 8
    again = runner.invoke(
        app,
        [
            "compat",
            script,
            *common[:-3],
            "--save-dir",
            str(tmp_path / "log"),
            "--resume",
            str(tmp_path / "log"),
        ],
    )
    assert again.exit_code == 0, again.output
    assert "reidkit train --resume --out" in again.output


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ("-d market", RecipeError, "Unknown data set 'market'. Did you mean 'market1501'"),
        ("-a resnet51", RecipeError, "Unknown network 'resnet51'"),
        ("-a mudeep", WeightsError, "'mudeep' has no published ImageNet weights"),
        ("--lrr 3", RecipeError, "unrecognized arguments: --lrr 3"),
        ("--evaluate", RecipeError, "Nothing to evaluate, got no --resume"),
        ("--visualize-ranks", RecipeError, "--visualize-ranks goes with --evaluate"),
        ("--resume a.pth.tar", RecipeError, "A run goes on in its own folder"),
    ],
)
def test_what_is_wrong_is_said(arguments: str, error: type[Exception], message: str):
    with pytest.raises(error) as raised:
        plan("train_imgreid_xent", arguments.split())
    assert message in str(raised.value)


def test_early_names_and_weights_find_their_place():
    found = plan(
        "train_imgreid_xent", ["-a", "resnet50m", "--load-weights", "w.pth.tar", "--fixbase-epoch", "5"]
    )
    assert found.recipe is not None
    assert found.recipe["model"] == {"name": "resnet50mid", "start_from": "log.start.safetensors"}
    assert found.commands()[0] == "reidkit convert w.pth.tar --out log.start.safetensors"
    fetched = plan("train_imgreid_xent", ["-a", "osnet_x1_0"])
    assert fetched.commands()[0] == "reidkit weights fetch torchreid/osnet_x1_0"
