"""A run that was stopped goes on to the same bits, whatever keeps state of its own."""

from pathlib import Path
from typing import Any

import pytest

from reidkit.engine.checkpointing import RunCheckpoints
from reidkit.engine.recipe import Recipe
from reidkit.engine.run_folder import RunFolder
from reidkit.engine.train import train
from tests.engine.recipes import small_recipe

SHUFFLED = {"name": "shuffled", "arguments": {"batch_size": 8}}
CENTER = {"name": "center", "weight": 0.001, "optim": {"name": "sgd", "learning_rate": 10.0}}

CASES: dict[str, dict[str, Any]] = {
    "ema_and_clipping": {"training": {"weights": "ema", "ema_decay": 0.9, "gradient_clip_norm": 1.0}},
    "swa_and_accumulation": {"training": {"weights": "swa", "accumulate_batches": 4}, "sampling": SHUFFLED},
    "best_of_ema": {"training": {"weights": "ema", "keep": "best"}},
    "open_layers": {"training": {"open_layers": ["head"], "open_layers_epochs": 2}, "optim": {"name": "lamb"}},
    "optimizer_of_a_loss": {"losses": [{"name": "cross_entropy"}, CENTER], "optim": {"name": "rmsprop"}},
    "groups_and_epoch_steps": {
        "optim": {"name": "radam", "backbone_factor": 0.5, "bias_factor": 2.0, "norm_weight_decay": 0.0},
        "schedule": {
            "name": "multi_step", "arguments": {"milestones": [1]}, "by": "epoch", "warmup_epochs": 0,
            "warmup_iterations": 3, "counts_from": "warmup",
        },
    },
}  # fmt: skip


def stopped_after_first_epoch(recipe: Recipe, out: Path) -> None:
    """Train until the first checkpoint is written, and no further."""
    save = RunCheckpoints.on_train_epoch_end

    def save_and_stop(self: RunCheckpoints, *arguments: Any) -> None:
        save(self, *arguments)
        raise KeyError("stopped")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunCheckpoints, "on_train_epoch_end", save_and_stop)
        with pytest.raises(KeyError, match="stopped"):
            train(recipe, out)


@pytest.mark.parametrize("name", CASES)
def test_stopped_run_resumes_to_identical_bits(name: str, dataset_root: Path, tmp_path: Path):
    changes = CASES[name]
    training = {"epochs": 3, **changes.get("training", {})}
    recipe = small_recipe(dataset_root, **{**changes, "training": training})
    whole = train(recipe, tmp_path / "whole").folder
    stopped = RunFolder(tmp_path / "stopped")
    stopped_after_first_epoch(recipe, stopped.path)
    assert not stopped.is_finished
    train(recipe, stopped.path, resume=True)
    assert stopped.model.read_bytes() == whole.model.read_bytes()
    assert stopped.scores.read_bytes() == whole.scores.read_bytes()
