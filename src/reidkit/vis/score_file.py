"""Read back the scores of a run: what curves of several models and their comparison are drawn from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidkit.core.errors import DatasetError

SCORES = "scores.json"


@dataclass(frozen=True, eq=False)
class Roc:
    """Rates at ascending thresholds.

    Args:
        false_accept_rate: (T,) share of pairs of different individuals that are accepted.
        true_accept_rate: (T,) share of pairs of the same individual that are accepted.
    """

    false_accept_rate: NDArray[np.float64]
    true_accept_rate: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ScoreFile:
    """One evaluation, as ``scores.json`` holds it.

    Args:
        path: Of the file.
        name: Of the model or the recipe.
        summary: Means and protocol.
        cmc: (K,) share of queries answered by rank k.
        roc: Verification rates; None where they were not stored.
        queries: One row per query.
    """

    path: Path
    name: str
    summary: Mapping[str, Any]
    cmc: NDArray[np.float64]
    roc: Roc | None
    queries: Sequence[Mapping[str, Any]]


def read_scores(path: Path) -> ScoreFile:
    """Read the scores of a run folder, or of a file.

    Raises:
        DatasetError: there is none, or it is no ``scores.json``.
    """
    file = path / SCORES if path.is_dir() else path
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        roc = (content.get("verification") or {}).get("roc")
        return ScoreFile(
            file,
            str(content.get("name", file.parent.name)),
            content["summary"],
            np.array(content["cmc"], np.float64),
            None if roc is None else Roc(*(np.array(roc[key], np.float64) for key in _RATES)),
            content["queries"],
        )
    except OSError as error:
        raise DatasetError(
            f"Scores not found, got {file} ({error.strerror}). Expected the folder of a run or of an "
            f"evaluation. Make one: reidkit evaluate MODEL DATA --out FOLDER."
        ) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DatasetError(
            f"Scores cannot be read, got {file} ({type(error).__name__}: {error}). Expected a scores.json of "
            f"reidkit."
        ) from error


_RATES = ("false_accept_rate", "true_accept_rate")


def names_of(files: Sequence[ScoreFile]) -> list[str]:
    """Return one name per file, unlike any other: the model's, else the folder's, else with a number."""
    names = [file.name for file in files]
    if len(set(names)) < len(names):
        names = [file.path.parent.name or file.path.stem for file in files]
    if len(set(names)) < len(names):
        names = [f"{name} ({number})" for number, name in enumerate(names, start=1)]
    return names
