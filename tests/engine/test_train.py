"""Training end to end on drawn images, and what happens when it cannot go on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from reidkit.core.errors import DatasetError, RecipeError, TrainingError
from reidkit.data.readers import read_dataset
from reidkit.engine.checkpointing import RunCheckpoints
from reidkit.engine.epoch_record import read_history
from reidkit.engine.recipe_files import load_recipe, write_recipe
from reidkit.engine.run_folder import RunFolder
from reidkit.engine.train import build_recipe_model, train
from reidkit.models.checkpoint import load_model
from tests.conftest import draw_dataset
from tests.engine.recipes import small_recipe

TRAIN = """
import sys
from pathlib import Path
import torch
from reidkit.engine.recipe_files import load_recipe
from reidkit.engine.train import train
torch.set_num_threads(1)
recipe, out, how = sys.argv[1:]
train(load_recipe(recipe), Path(out), resume=how == "resume")
"""


@pytest.fixture(scope="module")
def trained(dataset_root: Path, tmp_path_factory: pytest.TempPathFactory):
    return train(small_recipe(dataset_root), tmp_path_factory.mktemp("run") / "run")


def test_training_leaves_every_file_where_people_look(trained):
    folder = trained.folder
    for path in (
        folder.recipe, folder.environment, folder.history, folder.model, folder.scores,
        folder.last_checkpoint, folder.best_checkpoint, folder.tensorboard,
    ):  # fmt: skip
        assert path.exists(), path
    assert folder.is_finished
    assert not list(folder.path.rglob("*unfinished*"))


def test_training_changes_every_weight(trained, dataset_root: Path):
    before = build_recipe_model(trained.recipe, read_dataset("folder", dataset_root)).state_dict()
    after = load_file(trained.folder.model)
    unchanged = [name for name in after if torch.equal(before[name], after[name])]
    assert len(after) > 500
    # A gate of so narrow a network has one hidden unit, which may start dead: ReLU of a negative sum.
    assert [name for name in unchanged if ".gate.reduce." not in name] == []


def test_history_has_one_row_per_epoch_with_all_terms(trained):
    rows = read_history(trained.folder.history)
    assert [row["epoch"] for row in rows] == [1, 2]
    assert {"loss", "loss/cross_entropy", "loss/batch_hard_triplet", "mean_ap", "learning_rate"} <= set(
        rows[0]
    )
    assert rows[0]["loss"] == pytest.approx(
        rows[0]["loss/cross_entropy"] + rows[0]["loss/batch_hard_triplet"]
    )


def test_model_file_describes_itself(trained):
    model, card = load_model(trained.folder.model)
    assert card.architecture == "osnet_x0_25"
    assert card.preprocessing.height == 64
    assert card.scores == trained.evaluation.scores.summary()
    assert card.recipe["name"] == "small"
    assert card.training_data["splits"]["train"] == {"images": 48, "identities": 8, "cameras": 3}
    assert card.versions["torch"] == torch.__version__.partition("+")[0]
    assert model.head.classifier is None


def test_scores_file_names_data_and_protocol(trained):
    content = json.loads(trained.folder.scores.read_text())
    assert content["summary"]["protocol"]["distance"] == "cosine"
    assert len(content["data"]["fingerprint"]) == 16
    assert content["queries"][0]["path"].endswith(".png")


def test_equal_seeds_give_equal_weights(trained, dataset_root: Path, tmp_path: Path):
    again = train(small_recipe(dataset_root), tmp_path / "again")
    assert again.folder.model.read_bytes() == trained.folder.model.read_bytes()


def test_another_seed_gives_other_weights(trained, dataset_root: Path, tmp_path: Path):
    other = train(small_recipe(dataset_root, seed=1), tmp_path / "other")
    assert other.folder.model.read_bytes() != trained.folder.model.read_bytes()


def test_workers_change_nothing(trained, dataset_root: Path, tmp_path: Path):
    recipe = small_recipe(dataset_root, training={"num_workers": 1})
    run = train(recipe, tmp_path / "workers")
    ours, theirs = load_file(run.folder.model), load_file(trained.folder.model)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_run_killed_in_mid_epoch_resumes_to_identical_bits(dataset_root: Path, tmp_path: Path):
    recipe = small_recipe(dataset_root, training={"epochs": 5}, evaluation={"every_epochs": 2})
    write_recipe(recipe, tmp_path / "recipe.yaml")
    whole, killed = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "killed")
    train(recipe, whole.path)

    command = [sys.executable, "-c", TRAIN, str(tmp_path / "recipe.yaml"), str(killed.path)]
    run = subprocess.Popen([*command, "start"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not (killed.last_checkpoint.exists() and len(read_history(killed.history)) >= 2):
        assert run.poll() is None, run.stderr.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stderr.close()
    assert not killed.is_finished

    subprocess.run([*command, "resume"], check=True, capture_output=True)
    assert killed.model.read_bytes() == whole.model.read_bytes()
    assert killed.scores.read_bytes() == whole.scores.read_bytes()
    columns = ("epoch", "step", "learning_rate", "loss", "loss/cross_entropy", "mean_ap")
    assert [[row.get(name) for name in columns] for row in read_history(killed.history)] == [
        [row.get(name) for name in columns] for row in read_history(whole.history)
    ]


def test_resume_of_a_run_that_finished_no_epoch_starts_again(trained, dataset_root: Path, tmp_path: Path):
    recipe = small_recipe(dataset_root)
    folder = RunFolder(tmp_path / "begun")
    folder.path.mkdir()
    write_recipe(recipe, folder.recipe)
    run = train(recipe, folder.path, resume=True)
    assert run.folder.model.read_bytes() == trained.folder.model.read_bytes()


def test_resume_of_a_finished_run_changes_nothing(dataset_root: Path, tmp_path: Path):
    recipe = small_recipe(dataset_root, training={"epochs": 1})
    before = train(recipe, tmp_path / "run").folder.model.read_bytes()
    after = train(recipe, tmp_path / "run", resume=True)
    assert after.folder.model.read_bytes() == before
    assert len(after.history) == 1


def test_resume_under_another_recipe_is_refused_and_shows_the_lines(trained):
    recipe = trained.recipe.model_copy(update={"seed": 5})
    with pytest.raises(RecipeError, match=r"(?s)differs from the one.*- seed: 0.*\+ seed: 5"):
        train(recipe, trained.folder.path, resume=True)


def test_resume_on_other_data_is_refused(tmp_path: Path):
    root = draw_dataset(tmp_path / "data")
    recipe = small_recipe(root, training={"epochs": 1})
    train(recipe, tmp_path / "run")
    (root / "train" / "0000" / "0000_c1_00.png").unlink()
    with pytest.raises(TrainingError, match="Data differ from those"):
        train(recipe, tmp_path / "run", resume=True)


def test_resume_where_no_run_is_says_so(dataset_root: Path, tmp_path: Path):
    with pytest.raises(TrainingError, match=r"holds no run: recipe.yaml is missing"):
        train(small_recipe(dataset_root), tmp_path / "none", resume=True)


def test_folder_of_a_run_is_not_overwritten_unasked(trained):
    before = trained.folder.model.read_bytes()
    with pytest.raises(TrainingError, match=r"holds a finished run.*--resume.*--overwrite.*--out"):
        train(trained.recipe, trained.folder.path)
    assert trained.folder.model.read_bytes() == before


def test_folder_with_other_files_is_never_touched(dataset_root: Path, tmp_path: Path):
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(TrainingError, match="holds other files"):
        train(small_recipe(dataset_root), tmp_path, overwrite=True)
    assert (tmp_path / "letters.txt").read_text() == "dear"


def test_place_that_cannot_be_written_is_refused_before_training(dataset_root: Path, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match="cannot be written"):
        train(small_recipe(dataset_root), tmp_path / "file" / "run")


def test_data_are_checked_before_anything_is_written(tmp_path: Path):
    root = draw_dataset(tmp_path / "data", cameras=1)
    with pytest.raises(DatasetError, match="0 of 5 queries can be scored"):
        train(small_recipe(root), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_recipe_without_data_says_which_key_is_missing(tmp_path: Path):
    with pytest.raises(RecipeError, match=r"data\.root is missing"):
        train(small_recipe(None), tmp_path / "run")


def test_too_many_identities_per_batch_are_refused_with_the_count(dataset_root: Path, tmp_path: Path):
    recipe = small_recipe(
        dataset_root, sampling={"arguments": {"identities_per_batch": 16, "images_per_identity": 2}}
    )
    with pytest.raises(DatasetError, match=r"P=16 .*train split has 8"):
        train(recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_recipe_that_cannot_run_replaces_no_run(trained):
    before = trained.folder.model.read_bytes()
    sampling = trained.recipe.sampling.model_copy(
        update={"arguments": {"identities_per_batch": 999, "images_per_identity": 2}}
    )
    with pytest.raises(DatasetError, match="P=999"):
        train(trained.recipe.model_copy(update={"sampling": sampling}), trained.folder.path, overwrite=True)
    assert trained.folder.model.read_bytes() == before


def test_nan_stops_the_run_names_the_term_and_lists_the_batch(dataset_root: Path, tmp_path: Path):
    recipe = small_recipe(
        dataset_root, optim={"name": "sgd", "learning_rate": 1e25}, training={"epochs": 3, "collapse_steps": 0},
        schedule={"name": "constant", "warmup_epochs": 0},
    )  # fmt: skip
    with pytest.raises(
        TrainingError, match=r"Loss '.*' = (nan|inf).*not finite at step \d+ \(epoch \d.*learning rate 1e\+25"
    ):
        train(recipe, tmp_path / "run")
    content = json.loads((tmp_path / "run" / "failed_batch.json").read_text())
    assert len(content["images"]) == 8
    assert Path(content["images"][0]).is_file()


def test_frozen_backbone_stays_and_then_trains(dataset_root: Path, tmp_path: Path):
    splits = read_dataset("folder", dataset_root)
    one = small_recipe(dataset_root, training={"epochs": 2, "freeze_backbone_epochs": 1})
    before = build_recipe_model(one, splits).state_dict()

    def weights_after(epochs_done: int) -> dict[str, torch.Tensor]:
        checkpoint = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)
        assert checkpoint["epoch"] == epochs_done
        return {name.removeprefix("model."): value for name, value in checkpoint["state_dict"].items()}

    save = RunCheckpoints.on_train_epoch_end
    seen = {}

    def save_and_look(self, trainer, pl_module):
        save(self, trainer, pl_module)
        seen[trainer.current_epoch] = weights_after(trainer.current_epoch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunCheckpoints, "on_train_epoch_end", save_and_look)
        train(one, tmp_path / "run")
    backbone = [name for name in before if name.startswith("backbone.")]
    head = [name for name in before if name.startswith("head.") and name.endswith("weight")]
    assert len(backbone) > 500
    assert all(torch.equal(seen[0][name], before[name]) for name in backbone)
    assert not any(torch.equal(seen[0][name], before[name]) for name in head)
    changed = [name for name in backbone if not torch.equal(seen[1][name], before[name])]
    assert len(changed) > 0.9 * len(backbone)  # some narrow gates start dead


def test_mixed_precision_trains_and_keeps_float32_weights(dataset_root: Path, tmp_path: Path):
    recipe = small_recipe(dataset_root, training={"epochs": 1, "precision": "bf16-mixed"})
    run = train(recipe, tmp_path / "run")
    assert all(value.dtype != torch.bfloat16 for value in load_file(run.folder.model).values())
    assert run.history[0]["loss"] > 0


def test_keep_best_takes_the_weights_of_the_best_evaluation(dataset_root: Path, tmp_path: Path):
    recipe = small_recipe(dataset_root, training={"epochs": 3, "keep": "best"})
    run = train(recipe, tmp_path / "run")
    assert run.evaluation.scores.mean_ap == max(row["mean_ap"] for row in run.history)


@pytest.mark.parametrize("optimizer", ["adamw", "amsgrad", "sgd", "lamb"])
def test_every_optimizer_and_gradient_clipping_train(optimizer: str, dataset_root: Path, tmp_path: Path):
    recipe = small_recipe(
        dataset_root,
        optim={"name": optimizer},
        training={"epochs": 1, "gradient_clip_norm": 1.0},
        sampling={"name": "shuffled", "arguments": {"batch_size": 8}},
    )
    assert train(recipe, tmp_path / "run").folder.is_finished


def test_model_without_classifier_trains_on_a_metric_loss_alone(dataset_root: Path, tmp_path: Path):
    recipe = small_recipe(dataset_root, losses=[{"name": "batch_hard_triplet"}], training={"epochs": 1})
    assert train(recipe, tmp_path / "run").folder.is_finished


def test_leave_one_out_data_without_cameras_trains(tmp_path: Path):
    root = draw_dataset(tmp_path / "data")
    test = root / "test"
    for split in ("query", "gallery"):
        for path in sorted((root / split).rglob("*.png")):
            target = test / path.parent.name / f"{split}{path.name.replace('_c', '-photo')}"
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
        for folder in sorted((root / split).rglob("*"), reverse=True):
            folder.rmdir()
        (root / split).rmdir()
    recipe = small_recipe(root, data={"options": {"camera_pattern": None}}, training={"epochs": 1})
    run = train(recipe, tmp_path / "run")
    assert run.evaluation.scores.protocol.name == "no-camera"
    assert run.evaluation.scores.num_queries == 30


def test_recipe_in_the_run_folder_is_the_recipe_that_ran(trained):
    assert load_recipe(trained.folder.recipe) == trained.recipe
