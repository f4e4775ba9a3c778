import math
import re
from collections.abc import Sequence
from xml.etree import ElementTree

import numpy as np
import pytest

from reidkit.core.errors import EvaluationError
from reidkit.core.types import Threshold
from reidkit.metrics.verification import PairDistances
from reidkit.vis.curves import NUM_BARS, draw_cmc_curves, draw_pair_distances, draw_training_curves


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter("text")]


def make_pairs(genuine: Sequence[int], impostor: Sequence[int]) -> PairDistances:
    edges = np.linspace(0, 2, len(genuine) + 1)
    return PairDistances(edges, np.array(genuine, np.int64), np.array(impostor, np.int64))


def curve_points(svg: str, colour: str) -> list[tuple[float, float]]:
    """Return the points of the curve of one colour, in pixels; the line of its legend is not clipped."""
    (line,) = [
        path.get("d", "")
        for path in ElementTree.fromstring(svg).iter("path")
        if f"stroke: var(--series-1, {colour})" in path.get("style", "") and path.get("clip-path")
    ]
    numbers = re.findall(r"[ML] ([\d.]+) ([\d.]+)", line)
    return [(float(x), float(y)) for x, y in numbers]


def test_cmc_names_its_curves_and_draws_their_values() -> None:
    curve = np.array([0.5, 0.75, 1.0])
    svg = draw_cmc_curves({"model": curve, "colour histogram": np.array([0.2, 0.3])})
    assert {"model", "colour histogram", "rank k", "1"} <= set(texts(svg))
    points = curve_points(svg, "#0b62a8")
    steps = np.diff(points, axis=0)
    assert steps[0] == pytest.approx(steps[1], abs=0.02)  # equal steps of rank and of share, upwards
    assert steps[0][0] > 0 > steps[0][1]


def test_single_cmc_needs_no_legend() -> None:
    assert "model" not in texts(draw_cmc_curves({"model": np.array([0.5, 1.0])}))


def test_description_of_cmc_tells_rank_1() -> None:
    label = ElementTree.fromstring(draw_cmc_curves({"model": np.array([0.5, 1.0])})).get("aria-label")
    assert label == "CMC curves. Rank-1: model 50.0 %"


@pytest.mark.parametrize("curves", [{}, {"a": np.array([])}])
def test_cmc_without_values_is_refused(curves: dict[str, np.ndarray]) -> None:
    with pytest.raises(EvaluationError, match="CMC curves are missing"):
        draw_cmc_curves(curves)


def test_distances_are_shares_with_thresholds_marked() -> None:
    genuine, impostor = np.zeros(2000, int), np.zeros(2000, int)
    genuine[200:400] = 5
    impostor[300:900] = 90_000
    thresholds = [Threshold(0.35, 0.01, 0.8), Threshold(0.31, 0.001, 0.6), Threshold(0.4, 0.1, 1.0)]
    svg = draw_pair_distances(make_pairs(genuine, impostor), thresholds)
    assert {"1.0 %", "0.1 %", "10.0 %", "same individual", "different individuals"} <= set(texts(svg))
    dashed = [
        path for path in ElementTree.fromstring(svg).iter("path") if "dasharray" in path.get("style", "")
    ]
    assert len(dashed) == 3
    assert len(svg) < 40_000


def test_merged_bins_lose_no_pair() -> None:
    from reidkit.vis.curves import _merge_bins

    random = np.random.default_rng(0)
    for first, last in ((0, 2000), (3, 5), (7, 8), (1999, 2000), (123, 1777)):
        genuine, impostor = np.zeros((2, 2000), np.int64)
        genuine[first], impostor[last - 1] = 1, 1
        genuine[first:last] += random.integers(0, 9, last - first)
        pairs = make_pairs(list(genuine), list(impostor))
        edges, some, others = _merge_bins(pairs)
        assert (some.sum(), others.sum()) == (genuine.sum(), impostor.sum())
        assert len(edges) == len(some) + 1 <= NUM_BARS + 1
        assert (np.diff(edges) > 0).all()
        assert (edges[0], edges[-1]) == (pairs.edges[first], pairs.edges[last])


def test_distances_of_one_kind_are_drawn_alone() -> None:
    shown = texts(draw_pair_distances(make_pairs([0, 3, 0], [0, 0, 0])))
    assert "same individual" in shown
    assert "different individuals" not in shown


def test_no_distances_are_refused() -> None:
    with pytest.raises(EvaluationError, match="Distances are missing"):
        draw_pair_distances(make_pairs([0, 0], [0, 0]))


def test_training_has_a_chart_per_kind_of_value() -> None:
    history = [
        {"epoch": 1, "loss": 3.0, "loss/triplet": 1.0, "loss/cross_entropy": 2.0, "learning_rate": 1e-4},
        {"epoch": 2, "loss": 2.0, "loss/triplet": 0.5, "learning_rate": 1e-5, "rank_1": 0.5, "mean_ap": 0.25},
        {"epoch": 3, "loss": math.nan, "seconds": 12.0, "rank_10": 0.9},
    ]
    charts = draw_training_curves(history)
    assert list(charts) == ["Loss", "Learning rate", "Scores"]
    assert {"total", "triplet", "cross_entropy"} <= set(texts(charts["Loss"]))
    assert {"Rank-1", "Rank-10", "mAP"} <= set(texts(charts["Scores"]))
    assert "Last values: total 2, " in charts["Loss"]
    assert not any("seconds" in chart or "nan" in chart for chart in charts.values())
    ids = [one for chart in charts.values() for one in re.findall(r'\bid="([^"]+)"', chart)]
    assert len(ids) == len(set(ids)) > 3


def test_training_without_values_has_no_chart() -> None:
    assert draw_training_curves([]) == {}
    assert draw_training_curves([{"epoch": 1}, {"epoch": 2, "loss": math.inf}]) == {}
    assert list(draw_training_curves([{"learning_rate": 0.1}])) == ["Learning rate"]


def test_rows_without_epoch_are_numbered() -> None:
    numbered = draw_training_curves([{"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 1.0}])
    assert draw_training_curves([{"loss": 2.0}, {"loss": 1.0}]) == numbered
