"""Curves of an evaluation and of a training, as SVG that may stand inside an HTML page."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reidkit.core.errors import EvaluationError
from reidkit.core.types import Threshold
from reidkit.vis.inline_svg import MUTED, SERIES, Chart
from reidkit.vis.words import format_percent

if TYPE_CHECKING:  # PairDistances brings torch, which no curve needs
    from reidkit.metrics.verification import PairDistances

NUM_BARS = 60
"""Bars of a histogram that people can tell apart; the bins of an evaluation are far finer."""

_DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
_RANK_TICKS = (1, 5, 10, 20, 30, 40, 50, 100, 200, 500, 1000)
_SCORE_KEY = re.compile(r"rank_\d+|mean_ap|mean_inp")

Points = tuple[list[float], list[float]]


def draw_cmc_curves(curves: Mapping[str, NDArray[np.float64]], *, name: str = "cmc") -> str:
    """Draw how many queries have a right image among the first k, for each k.

    Args:
        curves: By name of model, the CMC curve (K,) for k = 1 .. K, in [0, 1]; lengths may differ.
        name: Starts the ids of the SVG; unlike any other in the page.

    Raises:
        EvaluationError: no curve, or an empty one.
        MissingExtraError: matplotlib is not installed.
    """
    if not curves or any(len(curve) == 0 for curve in curves.values()):
        raise EvaluationError("CMC curves are missing, got none or an empty one. Expected at least a value.")
    description = "CMC curves. Rank-1: " + ", ".join(
        f"{label} {format_percent(curve[0])}" for label, curve in curves.items()
    )
    with Chart(name, description) as chart:
        handles = []
        for number, curve in enumerate(curves.values()):
            ranks = np.arange(1, len(curve) + 1)
            mark = "o" if len(curve) <= 20 else None
            handles += chart.axes.plot(ranks, curve, marker=mark, **look(number))
        lowest = min(float(np.min(curve)) for curve in curves.values())
        chart.axes.set_ylim(floor_to_tenth(lowest), 1.01)
        chart.axes.set_xlabel("rank k")
        chart.axes.set_ylabel("queries answered by rank k")
        longest = max(map(len, curves.values()))
        chart.axes.set_xticks([rank for rank in _RANK_TICKS if rank <= longest])
        chart.show_percent(chart.axes.yaxis)
        if len(curves) > 1:
            chart.add_legend(handles, list(curves))
        return chart.svg()


def draw_pair_distances(
    pairs: "PairDistances", thresholds: Sequence[Threshold] = (), *, name: str = "distances"
) -> str:
    """Draw the histograms of the distances between images of the same and of different individuals.

    Each histogram is of shares, since pairs of different individuals are many times more. Thresholds are
    upright lines, with the share of pairs of different individuals that they accept.

    Args:
        pairs: Counted distances.
        thresholds: To be marked.
        name: Starts the ids of the SVG; unlike any other in the page.

    Raises:
        EvaluationError: there is no pair of either kind.
        MissingExtraError: matplotlib is not installed.
    """
    if not pairs.genuine.any() and not pairs.impostor.any():
        raise EvaluationError("Distances are missing, got no pair. Expected at least one of either kind.")
    edges, genuine, impostor = _merge_bins(pairs)
    description = "Histograms of the distances of pairs of the same and of different individuals."
    with Chart(name, description) as chart:
        handles, names = [], []
        for number, (counts, label) in enumerate(
            ((genuine, "same individual"), (impostor, "different individuals"))
        ):
            if counts.any():
                colour = SERIES[number]
                shares = counts / counts.sum()
                chart.axes.stairs(shares, edges, fill=True, color=colour, alpha=0.25)
                handles.append(chart.axes.stairs(shares, edges, color=colour, linewidth=1.5))
                names.append(label)
        # Room above the bars for the words beside the thresholds.
        top = chart.axes.get_ylim()[1]
        chart.axes.set_ylim(0, top * (1 + min(1, 0.1 * len(thresholds))))
        _mark_thresholds(chart.axes, thresholds)
        chart.axes.set_xlabel("distance")
        chart.axes.set_ylabel("share of pairs")
        chart.show_percent(chart.axes.yaxis)
        chart.add_legend(handles, names)
        return chart.svg()


def draw_training_curves(history: Sequence[Mapping[str, float]], *, name: str = "training") -> dict[str, str]:
    """Draw what was recorded during a training, one chart per kind of value.

    Args:
        history: One row per epoch: "epoch" (else the row's number, from 1), and any of "loss",
            "loss/<name>", "learning_rate", "rank_<k>", "mean_ap", "mean_inp" (scores in [0, 1]). What a
            row lacks, or what is not finite, is left out; a score may be taken every few epochs only.
        name: Starts the ids of the SVGs; unlike any other in the page.

    Returns:
        SVG by title: "Loss", "Learning rate", "Scores"; those without any value are not there.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    keys = list(dict.fromkeys(key for row in history for key in row))
    terms = sorted(key for key in keys if key.startswith("loss/"))
    losses = {("total" if key == "loss" else key[5:]): _points(history, key) for key in ["loss", *terms]}
    rates = {"learning rate": _points(history, "learning_rate")}
    scores = {
        _score_name(key): _points(history, key)
        for key in sorted(keys, key=_score_order)
        if _SCORE_KEY.fullmatch(key)
    }
    charts = {"Loss": losses, "Learning rate": rates, "Scores": scores}
    return {
        title: _draw_over_epochs(title, filled, name=f"{name}-{number}")
        for number, (title, series) in enumerate(charts.items())
        if (filled := {label: points for label, points in series.items() if points[0]})
    }


ROOM_FOR_WORDS = 0.15
"""Share of the axis that the words of a threshold take."""


def _mark_thresholds(axes: Any, thresholds: Sequence[Threshold]) -> None:  # noqa: ANN401 - matplotlib is untyped
    """Draw an upright line for each threshold, with its words to the left of its upper end.

    Lines rise from left to right, so that no words lie on the line of a nearer threshold. Where there is no
    room before the numbers of the axis, the words stand to the right.
    """
    left, right = axes.get_xlim()
    step = min(0.08, 0.8 / max(1, len(thresholds)))
    for number, threshold in enumerate(sorted(thresholds, key=lambda item: -item.distance)):
        top = 1 - step * number
        axes.axvline(threshold.distance, ymax=top, color=MUTED, linewidth=1, linestyle=_DASHES[1])
        has_room = threshold.distance - left > ROOM_FOR_WORDS * (right - left)
        axes.annotate(
            format_percent(threshold.false_accept_rate),
            (threshold.distance, top),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if has_room else 4, 0),
            textcoords="offset points",
            horizontalalignment="right" if has_room else "left",
            verticalalignment="top",
            color=MUTED,
        )


def _draw_over_epochs(title: str, series: Mapping[str, Points], *, name: str) -> str:
    last = ", ".join(f"{label} {values[-1]:.4g}" for label, (_, values) in series.items())
    with Chart(name, f"{title} by epoch. Last values: {last}", height=290) as chart:
        handles = []
        for number, (epochs, values) in enumerate(series.values()):
            mark = "o" if len(epochs) <= 20 else None
            handles += chart.axes.plot(epochs, values, marker=mark, **look(number))
        chart.axes.set_xlabel("epoch")
        chart.show_whole_numbers(chart.axes.xaxis)
        if title == "Scores":
            chart.show_percent(chart.axes.yaxis)
        else:
            chart.axes.set_ylim(bottom=0)
            chart.axes.locator_params(axis="y", nbins=5)
            chart.axes.yaxis.set_major_formatter(lambda value, _position: f"{value:.3g}")
        if len(series) > 1:
            chart.add_legend(handles, list(series))
        return chart.svg()


def look(number: int) -> dict[str, object]:
    """Curves differ by colour and by dashes, so that they can be told apart without colours."""
    return {"color": SERIES[number % len(SERIES)], "linestyle": _DASHES[number % len(_DASHES)]}


def _points(history: Sequence[Mapping[str, float]], key: str) -> Points:
    epochs, values = [], []
    for number, row in enumerate(history, start=1):
        value = row.get(key)
        if value is not None and math.isfinite(value):
            epochs.append(float(row.get("epoch", number)))
            values.append(float(value))
    return epochs, values


def _score_order(key: str) -> tuple[str, int]:
    kind, _, number = key.rpartition("_")
    return kind, int(number) if number.isdecimal() else 0


def _score_name(key: str) -> str:
    return {"mean_ap": "mAP", "mean_inp": "mINP"}.get(key) or key.replace("rank_", "Rank-")


def _merge_bins(
    pairs: "PairDistances",
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return edges (N + 1,) and the two counts (N,) over the range that is used, N about NUM_BARS."""
    used = np.flatnonzero(pairs.genuine + pairs.impostor)
    first, last = int(used[0]), int(used[-1])
    width = math.ceil((last + 1 - first) / NUM_BARS)
    starts = np.arange(first, last + 1, width)
    edges = np.append(pairs.edges[starts], pairs.edges[min(last + 1, len(pairs.edges) - 1)])
    stop = slice(None, last + 1)
    return edges, np.add.reduceat(pairs.genuine[stop], starts), np.add.reduceat(pairs.impostor[stop], starts)


def floor_to_tenth(value: float) -> float:
    """Return a lower end for an axis of shares, with a little room below the lowest point."""
    return max(0.0, math.floor(value * 10 - 0.3) / 10)
