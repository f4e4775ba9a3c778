"""Search for the values of recipe keys that score best: one training run for each trial."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console

from reidkit.core.errors import ReidkitError, TrainingError
from reidkit.core.extras import import_extra
from reidkit.engine.history import Row
from reidkit.engine.recipe import Recipe
from reidkit.engine.recipe_files import load_recipe, recipe_text, write_recipe
from reidkit.engine.run_folder import RunFolder
from reidkit.engine.search_space import SearchKey, Value, override
from reidkit.engine.train import train

ScoreName = Literal["mean_ap", "rank_1", "mean_inp"]
Sampler = Literal["tpe", "random"]
TrialState = Literal["done", "pruned", "failed"]

JOURNAL = "trials.jsonl"
BEST = "best.yaml"
STUDY = "reidkit"


@dataclass(frozen=True)
class Search:
    """What is searched, and how.

    Args:
        recipe: Name or file of the recipe.
        overrides: Changes to it that hold for every trial.
        keys: What differs between trials.
        score: What is to be as high as possible.
        trials: How many to come to, those of an earlier session included.
        sampler: "tpe" looks where trials were good, "random" anywhere.
        is_pruned: Whether a trial stops early that is below the median of the others at the same epoch.
        startup_trials: How many run to their end before any is stopped early.
    """

    recipe: str
    overrides: tuple[str, ...]
    keys: tuple[SearchKey, ...]
    score: ScoreName = "mean_ap"
    trials: int = 20
    sampler: Sampler = "tpe"
    is_pruned: bool = True
    startup_trials: int = 4

    def recipe_with(self, values: dict[str, Value]) -> Recipe:
        """Return the recipe of one trial.

        Raises:
            RecipeError: faults.
        """
        return load_recipe(
            self.recipe, [*self.overrides, *(override(name, value) for name, value in values.items())]
        )

    def check(self) -> Recipe:
        """Return the recipe without changes; try each key at its ends first.

        Raises:
            RecipeError: a key that the recipe does not have, or a value that it refuses.
            TrainingError: nothing to search, or no scores to prune by.
        """
        recipe = self.recipe_with({})
        if not self.keys or self.trials < 1:
            raise TrainingError(
                f"Search has nothing to do, got {len(self.keys)} keys and {self.trials} trials. Expected at "
                f"least one each. Name a key: --key 'optim.learning_rate=log(1e-5, 1e-3)'."
            )
        for key in self.keys:
            for value in key.ends():
                self.recipe_with({key.name: value})
        return recipe


@dataclass(frozen=True)
class Trial:
    """One trial.

    Args:
        number: Counted from 0; its run lies in ``trial_<number>``.
        values: Of the keys.
        state: How it ended.
        score: At its end, or at its last evaluation; None without one.
        epochs: At its last evaluation.
        seconds: It took.
        reason: Why it failed.
    """

    number: int
    values: dict[str, Value]
    state: TrialState
    score: float | None
    epochs: int
    seconds: float
    reason: str = ""


class _Pruned(Exception):  # noqa: N818 - no error: the run is to end here
    """A trial is worse than the others were at this epoch."""


def tune(
    search: Search,
    out: Path,
    *,
    resume: bool = False,
    console: Console | None = None,
    report: Callable[[Trial], None] | None = None,
) -> list[Trial]:
    """Run trials until there are as many as the search wants; each ended one is kept at once.

    Args:
        search: What is searched.
        out: Folder of the search: the trials' journal, their run folders, and the best recipe.
        resume: Go on with the search in ``out``; a trial that was cut off runs again with its values.
        console: Where to show the progress of a run; None is quiet.
        report: Called with each trial that has ended.

    Returns:
        All trials, in their order.

    Raises:
        RecipeError: a key that the recipe does not have, or a value that it refuses.
        TrainingError: the folder is in use, holds another search, or every trial failed.
        MissingExtraError: optuna is not installed.
    """
    optuna = import_extra("optuna", extra="tune", purpose="Search")
    recipe = search.check()
    study = _open_study(optuna, search, recipe, out, resume=resume)
    while len(_ended(study)) < search.trials:
        trial = study.ask()
        _run_trial(optuna, study, trial, search, out, console)
        trials = _ended(study)
        if report is not None:
            report(trials[-1])
        if trials[-1].state == "done" and best_trial(trials) == trials[-1]:
            write_recipe(search.recipe_with(trials[-1].values), out / BEST)
    trials = _ended(study)
    if all(trial.state == "failed" for trial in trials):
        raise TrainingError(f"Every trial failed, got {len(trials)}. The first: {trials[0].reason}")
    if any(trial.state == "done" for trial in trials):  # a session may have ended before it wrote its best
        write_recipe(search.recipe_with(best_trial(trials).values), out / BEST)
    return trials


def best_trial(trials: Sequence[Trial]) -> Trial:
    """Return the finished trial with the highest score, the first of equals.

    Raises:
        TrainingError: none has finished.
    """
    finished = [trial for trial in trials if trial.state == "done" and trial.score is not None]
    if not finished:
        raise TrainingError(f"No trial has finished, got {len(trials)} trials. Expected at least one.")
    return max(finished, key=lambda trial: trial.score or 0.0)


def _open_study(optuna: Any, search: Search, recipe: Recipe, out: Path, *, resume: bool) -> Any:  # noqa: ANN401
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    journal = out / JOURNAL
    if journal.exists() != resume or (not resume and out.exists() and any(out.iterdir())):
        raise TrainingError(
            f"Search folder {out} holds {'a' if journal.exists() else 'no'} search. Expected "
            f"{'one to go on with' if resume else 'a new or empty folder'}. "
            f"{'Leave out --resume' if resume else 'Go on with --resume, or choose another one with --out'}."
        )
    out.mkdir(parents=True, exist_ok=True)
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(journal)))
    # Drawing goes on where it was: a sampler begins anew, so its seed counts the trials before.
    study = optuna.create_study(storage=storage, study_name=STUDY, direction="maximize", load_if_exists=True)
    seed = recipe.seed + len(study.trials)
    samplers = optuna.samplers
    study.sampler = (samplers.TPESampler if search.sampler == "tpe" else samplers.RandomSampler)(seed=seed)
    pruners = optuna.pruners
    study.pruner = (
        pruners.MedianPruner(n_startup_trials=search.startup_trials)
        if search.is_pruned
        else pruners.NopPruner()
    )
    what = {
        "recipe": recipe_text(recipe),
        "keys": [key.as_text() for key in search.keys],
        "score": search.score,
    }
    before = study.user_attrs.get("search")
    if before is not None and before != what:
        differing = ", ".join(key for key in what if before.get(key) != what[key])
        raise TrainingError(
            f"Search differs from the one that {out} was begun with, got another {differing}. Expected the "
            f"same. Choose another folder with --out."
        )
    study.set_user_attr("search", what)
    for item in study.trials:
        if not item.state.is_finished():  # cut off
            study.tell(item.number, state=optuna.trial.TrialState.FAIL)
            study.enqueue_trial(item.params)
    return study


def _run_trial(
    optuna: Any,  # noqa: ANN401
    study: Any,  # noqa: ANN401
    trial: Any,  # noqa: ANN401
    search: Search,
    out: Path,
    console: Console | None,
) -> None:
    states = optuna.trial.TrialState
    folder = RunFolder(out / f"trial_{trial.number:03d}")

    def watch(row: Row) -> None:
        if search.score in row:
            trial.report(row[search.score], int(row["epoch"]))
            if trial.should_prune():
                raise _Pruned

    try:
        recipe = search.recipe_with({key.name: key.suggest(trial) for key in search.keys})
        result = train(recipe, folder.path, overwrite=True, console=console, on_epoch=watch)
        study.tell(trial, float(result.evaluation.scores.summary()[search.score]))
    except _Pruned:
        study.tell(trial, state=states.PRUNED)
    except ReidkitError as error:
        trial.set_user_attr("reason", str(error))
        study.tell(trial, state=states.FAIL)
    finally:
        shutil.rmtree(folder.last_checkpoint.parent, ignore_errors=True)  # many times the model


def _ended(study: Any) -> list[Trial]:  # noqa: ANN401
    """Return the trials that came to an end; what was cut off runs again under another number."""
    items = [item for item in study.trials if item.state.is_finished()]
    return [_trial(item) for item in items if item.state.name != "FAIL" or "reason" in item.user_attrs]


def _trial(item: Any) -> Trial:  # noqa: ANN401 - optuna's
    """Return a trial of optuna as ours."""
    states: dict[str, TrialState] = {"COMPLETE": "done", "PRUNED": "pruned"}
    steps = item.intermediate_values
    last = max(steps, default=0)
    score = item.value if item.value is not None else steps.get(last)
    took = (item.datetime_complete - item.datetime_start).total_seconds() if item.datetime_start else 0.0
    return Trial(
        number=item.number,
        values=dict(item.params),
        state=states.get(item.state.name, "failed"),
        score=score,
        epochs=last,
        seconds=took,
        reason=item.user_attrs.get("reason", ""),
    )
