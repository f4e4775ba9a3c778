"""A search: what it tries, stops, keeps and goes on with. Runs are played; one is real."""

import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import reidkit.engine.tune as engine
from reidkit.core.errors import RecipeError, TrainingError
from reidkit.engine.history import Row
from reidkit.engine.recipe import Recipe
from reidkit.engine.recipe_files import load_recipe, write_recipe
from reidkit.engine.search_space import parse_keys
from reidkit.engine.tune import BEST, Search, best_trial, tune
from tests.engine.recipes import small_recipe

RATE = "optim.learning_rate=log(1e-5, 1e-1)"


@pytest.fixture
def recipe_file(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    write_recipe(small_recipe(None, training={"epochs": 4}), path)
    return path


def search_of(recipe: Path, **changes: Any) -> Search:
    keys = changes.pop("keys", [RATE])
    return Search(str(recipe), (), parse_keys(keys), **{"trials": 4, **changes})


class Player:
    """Plays training runs: the score is best at a learning rate of 1e-3."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.epochs: list[int] = []
        self.fails_at: Callable[[int], Exception | None] = lambda number: None

    def score(self, rate: float) -> float:
        return 1 - abs(math.log10(rate) + 3) / 4

    def __call__(self, recipe: Recipe, out: Path, *, on_epoch: Callable[[Row], None], **others: Any) -> Any:
        assert others["overwrite"]
        (out / "checkpoints").mkdir(parents=True)
        number, rate = len(self.rates), recipe.optim.learning_rate
        self.rates.append(rate)
        self.epochs.append(0)
        error = self.fails_at(number)
        if error is not None:
            raise error
        for epoch in range(1, recipe.training.epochs + 1):
            self.epochs[-1] = epoch
            on_epoch(
                {"epoch": epoch, "loss": 1.0} | ({"mean_ap": self.score(rate)} if epoch % 2 == 0 else {})
            )
        scores = SimpleNamespace(summary=lambda: {"mean_ap": self.score(rate)})
        return SimpleNamespace(evaluation=SimpleNamespace(scores=scores))


@pytest.fixture
def player(monkeypatch: pytest.MonkeyPatch) -> Player:
    played = Player()
    monkeypatch.setattr(engine, "train", played)
    return played


def test_search_keeps_the_best_recipe_and_no_checkpoints(recipe_file: Path, tmp_path: Path, player: Player):
    seen: list[int] = []
    trials = tune(
        search_of(recipe_file, is_pruned=False),
        tmp_path / "out",
        report=lambda trial: seen.append(trial.number),
    )
    assert seen == [trial.number for trial in trials] == list(range(4))
    assert {trial.state for trial in trials} == {"done"}
    assert [trial.values["optim.learning_rate"] for trial in trials] == player.rates
    assert all(1e-5 <= rate <= 1e-1 for rate in player.rates)
    best = best_trial(trials)
    assert best.score == max(map(player.score, player.rates))
    kept = load_recipe(tmp_path / "out" / BEST)
    assert kept == small_recipe(
        None, training={"epochs": 4}, optim={"learning_rate": best.values["optim.learning_rate"]}
    )
    assert not list((tmp_path / "out").glob("*/checkpoints"))


def test_trial_below_the_median_is_stopped_early(recipe_file: Path, tmp_path: Path, player: Player):
    trials = tune(search_of(recipe_file, trials=9, sampler="random", startup_trials=3), tmp_path / "out")
    pruned = [trial for trial in trials if trial.state == "pruned"]
    assert len(pruned) >= 2
    assert {player.epochs[trial.number] for trial in pruned} == {2}
    assert all(trial.state == "done" for trial in trials[:3])
    done = [trial.score for trial in trials if trial.state == "done"]
    assert max(trial.score for trial in pruned) < max(done)


def test_search_goes_on_and_repeats_what_was_cut_off(recipe_file: Path, tmp_path: Path, player: Player):
    player.fails_at = lambda number: KeyboardInterrupt() if number == 2 else None  # type: ignore[return-value]
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        tune(search_of(recipe_file, is_pruned=False), tmp_path / "out")
    player.fails_at = lambda number: None
    trials = tune(search_of(recipe_file, is_pruned=False), tmp_path / "out", resume=True)
    assert len(trials) == 4
    assert player.rates[3] == player.rates[2]
    assert len(player.rates) == 5
    assert {trial.state for trial in trials} == {"done"}
    # As many as were wanted are there: nothing is left to do.
    assert tune(search_of(recipe_file, is_pruned=False), tmp_path / "out", resume=True) == trials
    assert len(player.rates) == 5


def test_failed_trial_is_told_and_the_search_goes_on(recipe_file: Path, tmp_path: Path, player: Player):
    player.fails_at = lambda number: TrainingError("Loss is not finite.") if number == 1 else None
    trials = tune(search_of(recipe_file, trials=3), tmp_path / "out")
    assert [trial.state for trial in trials] == ["done", "failed", "done"]
    assert trials[1].reason == "Loss is not finite."
    assert trials[1].score is None


def test_search_in_which_every_trial_fails_says_why(recipe_file: Path, tmp_path: Path, player: Player):
    player.fails_at = lambda number: TrainingError("Loss is not finite.")
    with pytest.raises(TrainingError, match=r"Every trial failed, got 2\. The first: Loss is not finite"):
        tune(search_of(recipe_file, trials=2), tmp_path / "out")
    with pytest.raises(TrainingError, match=r"No trial has finished, got 0"):
        best_trial([])


def test_equal_seeds_try_equal_values(recipe_file: Path, tmp_path: Path, player: Player):
    for name in ("one", "other"):
        tune(search_of(recipe_file, trials=2), tmp_path / name)
    assert player.rates[:2] == player.rates[2:]


def test_other_search_in_the_folder_is_refused(recipe_file: Path, tmp_path: Path, player: Player):
    tune(search_of(recipe_file, trials=1), tmp_path / "out")
    with pytest.raises(TrainingError, match=r"holds a search\. Expected a new or empty folder"):
        tune(search_of(recipe_file, trials=1), tmp_path / "out")
    with pytest.raises(TrainingError, match=r"got another keys, score"):
        tune(
            search_of(recipe_file, keys=["optim.learning_rate=log(1e-5, 1e-2)"], score="rank_1"),
            tmp_path / "out",
            resume=True,
        )
    with pytest.raises(TrainingError, match=r"holds no search\. Expected one to go on with"):
        tune(search_of(recipe_file, trials=1), tmp_path / "none", resume=True)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (["optim.learning_rat=log(1e-5, 1e-3)"], r"optim\.learning_rat: unknown key\. Did you mean"),
        (["optim.learning_rate=uniform(-1, 1)"], r"optim\.learning_rate"),
        (["model.name=choice(osnet_x0_25, osnett)"], r"Unknown model 'osnett'"),
    ],
)
def test_key_that_the_recipe_refuses_is_found_before_any_run(
    keys: list[str], message: str, recipe_file: Path, tmp_path: Path
):
    with pytest.raises(RecipeError, match=message):
        tune(search_of(recipe_file, keys=keys), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_search_without_keys_has_nothing_to_do(recipe_file: Path, tmp_path: Path):
    with pytest.raises(TrainingError, match=r"Search has nothing to do, got 0 keys and 4 trials"):
        tune(search_of(recipe_file, keys=[]), tmp_path / "out")
