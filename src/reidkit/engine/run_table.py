"""Runs side by side: what each trained, how far it came, and what it reached."""

import csv
import hashlib
import io
import json
import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from reidkit.core.catalog import near_name
from reidkit.core.errors import CatalogError, DatasetError, WeightsError
from reidkit.engine.history import Row, read_history
from reidkit.engine.run_folder import RunFolder
from reidkit.models.checkpoint import read_card

RunState = Literal["done", "running", "stopped", "failed", "broken"]

QUIET_SECONDS = 600.0
"""Without a sign of life for so long, or for three epochs if that is longer, a run counts as stopped."""

NOT_OF_THE_METHOD = ("seed", "name", "about", "published")
"""Keys of a recipe in which two runs of one method may differ."""


@dataclass(frozen=True)
class RunSummary:
    """One run.

    Args:
        folder: Of the run.
        name: Of the recipe.
        model: Its network.
        data: What it learned from.
        seed: Of the run.
        epochs: Planned.
        epochs_done: Finished.
        state: "done"; "running" or "stopped" by the age of its newest file; "failed" where a batch stopped
            it; "broken" where its files cannot be read.
        rank_1: Of the kept model, or of the last evaluation of a run that goes on; None without one.
        mean_ap: Likewise.
        mean_inp: Likewise.
        seconds: Of all epochs, evaluations left out.
        method: Equal for runs of one recipe on one data set, whatever the seed.
    """

    folder: str
    name: str
    model: str
    data: str
    seed: int | None
    epochs: int | None
    epochs_done: int
    state: RunState
    rank_1: float | None
    mean_ap: float | None
    mean_inp: float | None
    seconds: float
    method: str


@dataclass(frozen=True)
class SeedSummary:
    """Finished runs of one recipe that differ by their seed.

    Args:
        name: Of the recipe.
        model: Its network.
        data: What they learned from.
        seeds: Of the runs.
        rank_1: Mean.
        rank_1_deviation: Standard deviation over the runs, divided by one less than their number.
        mean_ap: Mean.
        mean_ap_deviation: Likewise.
        seconds: Mean.
    """

    name: str
    model: str
    data: str
    seeds: tuple[int | None, ...]
    rank_1: float
    rank_1_deviation: float
    mean_ap: float
    mean_ap_deviation: float
    seconds: float


def read_runs(root: Path) -> list[RunSummary]:
    """Return every run in a folder and below it, by the names of their folders.

    Raises:
        DatasetError: the folder is not there, or holds no run.
    """
    found = sorted(path.parent for path in root.rglob("recipe.yaml"))
    if not found:
        raise DatasetError(
            f"No runs found, got {root.absolute()}. Expected a folder with runs of 'reidkit train' below it."
        )
    return [_summarise(RunFolder(path), root) for path in found]


def sort_runs(runs: Sequence[RunSummary], key: str) -> list[RunSummary]:
    """Return runs by a column: scores from the best, all else ascending; what is unknown comes last.

    Raises:
        CatalogError: no such column.
    """
    known = [field.name for field in fields(RunSummary)]
    if key not in known:
        raise CatalogError(f"Runs have no column '{key}'.{near_name(key, known)} Known: {', '.join(known)}.")
    is_score = key in ("rank_1", "mean_ap", "mean_inp")
    given = [run for run in runs if getattr(run, key) is not None]
    others = [run for run in runs if getattr(run, key) is None]
    return sorted(given, key=lambda run: getattr(run, key), reverse=is_score) + others


def over_seeds(runs: Sequence[RunSummary]) -> list[SeedSummary]:
    """Return mean and deviation of the finished runs of each recipe that ran at least twice."""
    groups: dict[str, list[RunSummary]] = {}
    for run in runs:
        if run.state == "done" and run.mean_ap is not None and run.rank_1 is not None:
            groups.setdefault(run.method, []).append(run)
    return [
        SeedSummary(
            name=group[0].name,
            model=group[0].model,
            data=group[0].data,
            seeds=tuple(run.seed for run in group),
            rank_1=statistics.fmean(run.rank_1 or 0 for run in group),
            rank_1_deviation=statistics.stdev(run.rank_1 or 0 for run in group),
            mean_ap=statistics.fmean(run.mean_ap or 0 for run in group),
            mean_ap_deviation=statistics.stdev(run.mean_ap or 0 for run in group),
            seconds=statistics.fmean(run.seconds for run in group),
        )
        for group in groups.values()
        if len(group) > 1
    ]


def runs_text(runs: Sequence[RunSummary]) -> str:
    """Return runs as CSV; what is unknown stays empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(RunSummary)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(run) for run in runs)
    return text.getvalue()


def _summarise(folder: RunFolder, root: Path) -> RunSummary:
    try:
        recipe: Any = OmegaConf.to_container(OmegaConf.load(folder.recipe))
        name, model, planned = str(recipe["name"]), str(recipe["model"]["name"]), recipe["training"]["epochs"]
        environment = _read_json(folder.environment)
        rows = read_history(folder.history) if folder.history.is_file() else []
        scores = _scores(folder, rows)
    except (OSError, ValueError, KeyError, TypeError, WeightsError, YAMLError, OmegaConfBaseException):
        return RunSummary(
            _name(folder, root), "?", "?", "?", None, None, 0, "broken", None, None, None, 0.0, ""
        )
    data = environment.get("data", {})
    method = {key: value for key, value in recipe.items() if key not in NOT_OF_THE_METHOD}
    digest = hashlib.sha256(json.dumps([method, data.get("fingerprint")], sort_keys=True).encode())
    return RunSummary(
        folder=_name(folder, root),
        name=name,
        model=model,
        data=str(data.get("name") or recipe.get("data", {}).get("reader", "?")),
        seed=recipe.get("seed"),
        epochs=planned,
        epochs_done=int(rows[-1]["epoch"]) if rows else 0,
        state=_state(folder, rows),
        rank_1=scores.get("rank_1"),
        mean_ap=scores.get("mean_ap"),
        mean_inp=scores.get("mean_inp"),
        seconds=math.fsum(row.get("seconds", 0.0) for row in rows),
        method=digest.hexdigest()[:16],
    )


def _name(folder: RunFolder, root: Path) -> str:
    return str(folder.path.relative_to(root)) if folder.path != root else folder.path.name or "."


def _read_json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _scores(folder: RunFolder, rows: Sequence[Row]) -> dict[str, float]:
    if folder.is_finished:
        return dict(read_card(folder.model).scores or {})
    judged = [row for row in rows if "mean_ap" in row]
    return dict(judged[-1]) if judged else {}


def _state(folder: RunFolder, rows: Sequence[Row]) -> RunState:
    if folder.is_finished:
        return "done"
    if folder.failed_batch.exists():
        return "failed"
    newest = max(path.stat().st_mtime for path in folder.path.rglob("*") if path.is_file())
    patience = max(QUIET_SECONDS, 3 * max((row.get("seconds", 0.0) for row in rows), default=0.0))
    return "running" if time.time() - newest < patience else "stopped"
