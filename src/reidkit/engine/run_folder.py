"""The folder of a run: what lies where, and who may write into it."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reidkit.core.errors import RecipeError, TrainingError
from reidkit.engine.recipe import Recipe
from reidkit.engine.recipe_files import load_recipe, recipe_text, write_recipe


@dataclass(frozen=True)
class RunFolder:
    """Places of a run's files."""

    path: Path

    @property
    def recipe(self) -> Path:
        """The recipe as it ran, every key spelled out."""
        return self.path / "recipe.yaml"

    @property
    def environment(self) -> Path:
        """Versions, machine, command and data fingerprint."""
        return self.path / "environment.json"

    @property
    def history(self) -> Path:
        """One row per epoch: losses, learning rate, speed, scores."""
        return self.path / "history.csv"

    @property
    def tensorboard(self) -> Path:
        """Event files."""
        return self.path / "tensorboard"

    @property
    def last_checkpoint(self) -> Path:
        """Everything that goes on from here: model, optimizer, schedule, loop."""
        return self.path / "checkpoints" / "last.ckpt"

    @property
    def best_checkpoint(self) -> Path:
        """The same at the evaluation with the highest mAP."""
        return self.path / "checkpoints" / "best.ckpt"

    @property
    def model(self) -> Path:
        """The trained model, to use anywhere."""
        return self.path / "model.safetensors"

    @property
    def scores(self) -> Path:
        """The final evaluation, one row per query."""
        return self.path / "scores.json"

    def scores_on(self, target: str) -> Path:
        """The final evaluation on a further target."""
        return self.path / f"scores_{target}.json"

    def peer(self, number: int) -> Path:
        """A network that learned beside the model, counted from 1."""
        return self.path / "peers" / f"peer_{number}.safetensors"

    @property
    def failed_batch(self) -> Path:
        """The images of a batch that stopped the run."""
        return self.path / "failed_batch.json"

    @property
    def report(self) -> Path:
        """The page that shows it all."""
        return self.path / "report.html"

    @property
    def rank_lists(self) -> Path:
        """Pictures of the worst and of some other queries with what was found."""
        return self.path / "rank_lists"

    @property
    def is_finished(self) -> bool:
        """Whether the run came to its end."""
        return self.model.is_file() and self.scores.is_file()


def start_run(folder: RunFolder, recipe: Recipe, *, overwrite: bool) -> None:
    """Make the folder of a new run.

    Raises:
        TrainingError: it holds a run already, or cannot be written.
    """
    if folder.path.exists() and any(folder.path.iterdir() if folder.path.is_dir() else [1]):
        if not folder.recipe.is_file():
            raise TrainingError(
                f"Run folder {folder.path} is in use, got a place that holds other files. Expected a new or "
                f"empty folder. Choose another one with --out."
            )
        if not overwrite:
            raise TrainingError(
                f"Run folder {folder.path} holds a {'finished' if folder.is_finished else 'begun'} run. "
                f"Expected a new folder. Go on with --resume, start anew with --overwrite, or choose another "
                f"one with --out."
            )
        shutil.rmtree(folder.path)
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        write_recipe(recipe, folder.recipe)
    except OSError as error:
        raise TrainingError(
            f"Run folder {folder.path} cannot be written: {error}. Expected a writable folder with space. "
            f"Choose another one with --out."
        ) from error


def remove_unfinished(folder: RunFolder) -> None:
    """Remove what a killed process was writing; what it would have replaced is whole."""
    for place in (folder.path, folder.last_checkpoint.parent):
        for path in place.glob(".*.unfinished*"):
            path.unlink(missing_ok=True)


def read_run_recipe(folder: RunFolder) -> Recipe:
    """Return the recipe of a run that was begun.

    Raises:
        TrainingError: there is no run.
    """
    if not folder.recipe.is_file():
        raise TrainingError(
            f"Run folder {folder.path} holds no run: {folder.recipe.name} is missing. Expected the folder of "
            f"a run that was begun. Start one without --resume."
        )
    return load_recipe(folder.recipe)


def check_same_run(
    folder: RunFolder, recipe: Recipe, data: dict[str, Any], teachers: Mapping[str, str] | None = None
) -> None:
    """Refuse to go on with a run under another recipe, on other data or with other teachers.

    Args:
        folder: Of the run.
        recipe: To go on by.
        data: What describes the data now.
        teachers: Fingerprints of the teachers now, by their paths.

    Raises:
        RecipeError: the recipe differs; the message lists the lines.
        TrainingError: the data or a teacher differ.
    """
    before, now = recipe_text(read_run_recipe(folder)).splitlines(), recipe_text(recipe).splitlines()
    if before != now:
        changes = [f"  - {line.strip()}" for line in before if line not in now]
        changes += [f"  + {line.strip()}" for line in now if line not in before]
        headline = (
            f"Recipe differs from the one that {folder.path} was begun with. Expected the same, since a run "
            f"cannot go on exactly under another. Leave recipe and overrides out, or start a new run:"
        )
        raise RecipeError("\n".join([headline, *changes]))
    if folder.environment.is_file():
        environment = json.loads(folder.environment.read_text())
        fingerprint = environment["data"]["fingerprint"]
        if fingerprint != data["fingerprint"]:
            raise TrainingError(
                f"Data differ from those that {folder.path} was begun with, got fingerprint "
                f"{data['fingerprint']}. Expected {fingerprint}. Restore the data set, or start a new run."
            )
        for path, begun_with in environment.get("teachers", {}).items():
            if (digits := (teachers or {}).get(path)) != begun_with:
                raise TrainingError(
                    f"Teacher {path} differs from the one that {folder.path} was begun with, got fingerprint "
                    f"{digits}. Expected {begun_with}. Restore the file, or start a new run."
                )
