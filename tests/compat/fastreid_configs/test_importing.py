"""FastReID's configurations become our recipes, every key accounted for."""

import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from reidkit.cli.main import app
from reidkit.compat.fastreid_configs.data_keys import READERS as DATA_SETS
from reidkit.compat.fastreid_configs.defaults import DEFAULTS
from reidkit.compat.fastreid_configs.importing import LEFT_OUT, import_config, write_recipe
from reidkit.core.errors import RecipeError
from reidkit.data.readers import READERS
from reidkit.engine.recipe import Recipe
from reidkit.engine.recipe_files import load_recipe
from reidkit.engine.train import train
from tests.compat.fastreid_configs.files import OURS, write, write_all
from tests.conftest import draw_dataset

NOT_THE_RUN = ("name", "about", "published")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FastReID's configurations of Market-1501."""
    return write_all(tmp_path_factory.mktemp("configs"))


def run_of(recipe: Recipe) -> dict[str, Any]:
    return {key: value for key, value in recipe.model_dump().items() if key not in NOT_THE_RUN}


def test_there_are_fourteen_configurations_and_131_keys(market: Path):
    assert sorted(path.stem for path in market.iterdir()) == sorted(OURS)
    assert len(OURS) == 14
    assert len(DEFAULTS) == 131
    assert set(LEFT_OUT) < set(DEFAULTS)


@pytest.mark.parametrize("name", OURS)
def test_a_configuration_is_the_recipe_that_ships(market: Path, name: str):
    imported = import_config(market / f"{name}.yml")
    ours = load_recipe(OURS[name])
    assert run_of(imported.recipe) == run_of(ours)
    assert all(why for _, why in imported.left_out.values())


def test_an_imported_recipe_is_written_and_read(market: Path, tmp_path: Path):
    result = CliRunner().invoke(
        app, ["recipe", "import", str(market / "sbs_R50.yml"), "-o", str(tmp_path / "sbs.yaml")]
    )
    assert result.exit_code == 0, result.output
    assert "left out OUTPUT_DIR 'logs/market1501/sbs_R50': given to reidkit train as --out" in result.output
    text = (tmp_path / "sbs.yaml").read_text()
    assert "#   CUDNN_BENCHMARK True: chosen by torch" in text
    assert run_of(load_recipe(tmp_path / "sbs.yaml")) == run_of(load_recipe("sbs-market1501"))
    with pytest.raises(RecipeError, match="is there already"):
        write_recipe(import_config(market / "sbs_R50.yml"), tmp_path / "sbs.yaml")


SMALL_BACKBONE = [
    "model.arguments.backbone_arguments.depth=18",
    "model.arguments.backbone_arguments.non_local=[]",
]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("bagtricks_R50", SMALL_BACKBONE),
        ("AGW_R50", SMALL_BACKBONE),
        ("sbs_R50", [*SMALL_BACKBONE, "schedule.delay_epochs=0", "training.freeze_backbone_epochs=1"]),
        ("mgn_R50-ibn", ["schedule.delay_epochs=0", "training.freeze_backbone_epochs=1"]),
    ],
)
def test_an_imported_recipe_trains_two_steps(market: Path, tmp_path: Path, name: str, changes: list[str]):
    data = draw_dataset(tmp_path / "data", train=2, test=2, cameras=2, images=2)
    write_recipe(import_config(market / f"{name}.yml"), tmp_path / "imported.yaml")
    small = [
        f"data.root={data}", "data.reader=folder", "input.height=96", "input.width=32",
        "model.arguments.is_pretrained=false", "sampling.arguments.identities_per_batch=2",
        "sampling.arguments.images_per_identity=4", "schedule.warmup_iterations=1", "training.epochs=2",
        "training.precision=32-true", "training.device=cpu", "training.num_workers=0",
    ]  # fmt: skip
    if name in ("bagtricks_R50", "AGW_R50"):
        small.append("schedule.arguments.milestones=[1]")
        small.append("training.epochs=3")
    trained = train(load_recipe(tmp_path / "imported.yaml", [*small, *changes]), tmp_path / "run")
    assert len(trained.history) in (2, 3)
    assert trained.evaluation.scores.num_valid == 4


def changed(path: Path, **keys: Any) -> Path:
    """Write a configuration that changes one key of SBS, by a path with __ for dots."""
    content: dict[str, Any] = {"_BASE_": "Base-SBS.yml"}
    for key, value in keys.items():
        part = content
        *outer, last = key.split("__")
        for name in outer:
            part = part.setdefault(name, {})
        part[last] = value
    return write(path, content)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"SOLVER__BASE_LRR": 1.0}, "unknown key, got SOLVER.BASE_LRR. Did you mean 'SOLVER.BASE_LR'"),
        ({"SOLVER__MAX_EPOCH": "many"}, "SOLVER.MAX_EPOCH is of a wrong kind, got 'many'"),
        ({"MODEL__LOSSES__NAME": '("CrossEntropy",)'}, "MODEL.LOSSES.NAME is ('CrossEntropy',)"),
        ({"DATASETS__NAMES": '("Market",)'}, "names data set 'Market', which has no reader here"),
        ({"DATALOADER__NUM_INSTANCE": 5}, "a multiple of DATALOADER.NUM_INSTANCE, 5"),
        ({"MODEL__META_ARCHITECTURE": "Distiller"}, "MODEL.META_ARCHITECTURE is 'Distiller'"),
        ({"INPUT__SIZE_TRAIN": [256, 128]}, "the size of INPUT.SIZE_TEST, [384, 128]"),
        ({"MODEL__FREEZE_LAYERS": '["layer1"]'}, "a list with 'backbone', or none"),
        ({"_BASE_": "nowhere.yml"}, "Configuration not found, got"),
    ],
)
def test_what_cannot_be_taken_is_named(market: Path, keys: dict[str, Any], message: str):
    with pytest.raises(RecipeError, match=re.escape(message)):
        import_config(changed(market.parent / "changed.yml", **keys))


def test_a_file_that_inherits_from_itself_is_refused(tmp_path: Path):
    with pytest.raises(RecipeError, match="inherits from itself"):
        import_config(write(tmp_path / "a.yml", {"_BASE_": "a.yml"}))


def test_every_switch_finds_its_place(market: Path):
    keys: dict[str, Any] = {
        "DATASETS__NAMES": '("Market1501", "DukeMTMC")',
        "DATASETS__TESTS": '("MSMT17",)',
        "DATASETS__COMBINEALL": True,
        "DATALOADER__SAMPLER_TRAIN": "BalancedIdentitySampler",
        "INPUT__CJ__ENABLED": True,
        "INPUT__RPT__ENABLED": True,
        "INPUT__CROP__ENABLED": True,
        "MODEL__BACKBONE__NAME": "build_osnet_backbone",
        "MODEL__BACKBONE__DEPTH": "ibn_x1_0",
        "MODEL__BACKBONE__PRETRAIN": False,
        "MODEL__FREEZE_LAYERS": [],
        "MODEL__HEADS__CLS_LAYER": "Linear",
        "MODEL__LOSSES__NAME": '("CrossEntropyLoss", "CircleLoss", "Cosface", "TripletLoss")',
        "MODEL__LOSSES__CE__EPSILON": -1,
        "MODEL__LOSSES__CIRCLE__SCALE": 0.5,
        "MODEL__LOSSES__TRI__NORM_FEAT": True,
        "SOLVER__OPT": "SGD",
        "SOLVER__NESTEROV": True,
        "SOLVER__BIAS_LR_FACTOR": 2.0,
        "SOLVER__WEIGHT_DECAY_BIAS": 0.0,
        "SOLVER__CLIP_GRADIENTS__ENABLED": True,
        "TEST__AQE__ENABLED": True,
        "TEST__RERANK__ENABLED": True,
        "TEST__FLIP__ENABLED": True,
        "TEST__METRIC": "euclidean",
    }
    recipe = import_config(changed(market.parent / "all.yml", **keys)).recipe
    assert [source.reader for source in recipe.data.sources] == ["market1501", "dukemtmcreid"]
    assert [target.reader for target in recipe.data.targets] == ["msmt17"]
    assert recipe.data.combine_all
    assert recipe.sampling.name == "camera_diverse"
    assert [step.name for step in recipe.augmentation] == [
        "auto_augment", "random_resized_crop", "flip", "pad_crop", "colour_jitter", "random_erasing",
        "random_patch",
    ]  # fmt: skip
    assert recipe.model.arguments["backbone_arguments"] == {"width": 1.0, "instance_norm": "ibn"}
    names = {term.name: (term.weight, term.arguments) for term in recipe.losses}
    assert names["cross_entropy"][1]["is_adaptive"]
    assert names["pairwise_circle"] == (0.5, {"scale": 128.0, "margin": 0.25})
    assert names["batch_hard_triplet"][1]["distance"] == "normalised_euclidean"
    assert recipe.optim.arguments == {"momentum": 0.9, "use_nesterov": True}
    assert (recipe.optim.bias_factor, recipe.optim.bias_weight_decay) == (2.0, 0.0)
    assert recipe.training.gradient_clip_norm == 5.0
    assert recipe.evaluation.expand == "transductive"
    assert recipe.evaluation.rerank_arguments["variant"] == "fastreid"
    assert recipe.evaluation.flip
    assert recipe.evaluation.distance == "euclidean"


def test_every_data_set_of_fastreid_has_a_reader():
    assert len(DATA_SETS) == 37
    assert {reader for reader, _ in DATA_SETS.values()} <= set(READERS)
