"""CMC, ROC and DET curves of several models in one picture file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from reidkit.core.errors import CatalogError, EvaluationError
from reidkit.core.files import replace_file
from reidkit.vis.curves import floor_to_tenth, look
from reidkit.vis.inline_svg import Chart, printable_name
from reidkit.vis.score_file import ScoreFile
from reidkit.vis.words import format_percent

FORMATS = (".png", ".svg", ".pdf")
DOTS_PER_INCH = 144
LOWEST_RATE = 1e-8
"""Below it no set of pairs measures anything; 0 has no place on a logarithmic axis."""

Axes = Any


def write_curves(path: Path, models: Mapping[str, ScoreFile], *, max_rank: int = 20) -> list[str]:
    """Draw the curves of several models side by side: CMC, and ROC and DET where all of them have rates.

    ROC and DET have a logarithmic false accept rate, since that is where models differ: one stranger in a
    thousand is asked for, not one in two. DET shows both errors on logarithmic axes.

    Args:
        path: Of the picture, ``.png``, ``.svg`` or ``.pdf``.
        models: By the name that the legend shows.
        max_rank: Last rank of the CMC curves.

    Returns:
        The titles of the panels drawn.

    Raises:
        CatalogError: another suffix.
        EvaluationError: no model, or one without a CMC curve.
        MissingExtraError: matplotlib is not installed.

    Reference:
        ROC and CMC of several models side by side: He et al., "FastReID: A Pytorch Toolbox for General
        Instance Re-identification", 2020, arXiv:2006.02631, figure 6.
    """
    if path.suffix not in FORMATS:
        raise CatalogError(
            f"Format of a picture is unknown, got '{path.suffix}'. Known: {', '.join(FORMATS)}."
        )
    if not models or any(not len(model.cmc) for model in models.values()):
        raise EvaluationError("CMC curves are missing, got none or an empty one. Expected at least a value.")
    has_rates = all(model.roc is not None for model in models.values())
    panels = {"CMC": _draw_cmc, **({"ROC": _draw_roc, "DET": _draw_det} if has_rates else {})}
    height = 330 + 16 * len(models)
    with Chart("curves", "", width=420 * len(panels), height=height) as chart:
        chart.figure.clear()
        chart.figure.patch.set_visible(True)
        handles: list[Any] = []
        for axes, (title, draw) in zip(
            chart.figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
        ):
            axes.grid(visible=True, axis="both")
            axes.set_title(title, loc="left")
            handles = draw(chart, axes, models, max_rank)
        chart.add_legend(handles, [_legend(name, model) for name, model in models.items()], length=80)
        with replace_file(path) as unfinished:
            date = {"Date": None} if path.suffix == ".svg" else {}
            date = {"CreationDate": None} if path.suffix == ".pdf" else date
            chart.figure.savefig(unfinished, dpi=DOTS_PER_INCH, metadata=date)
    return list(panels)


def _legend(name: str, model: ScoreFile) -> str:
    scores = f"Rank-1 {format_percent(model.cmc[0])}, mAP {format_percent(model.summary['mean_ap'])}"
    return f"{printable_name(name, 36)}: {scores}"


def _draw_cmc(chart: Chart, axes: Axes, models: Mapping[str, ScoreFile], max_rank: int) -> list[Any]:
    handles = []
    for number, model in enumerate(models.values()):
        values = model.cmc[:max_rank]
        handles += axes.plot(np.arange(1, len(values) + 1), values, **look(number))
    axes.set_ylim(floor_to_tenth(min(float(model.cmc[0]) for model in models.values())), 1.01)
    axes.set_xlabel("rank k")
    axes.set_ylabel("queries answered by rank k")
    chart.show_whole_numbers(axes.xaxis)
    chart.show_percent(axes.yaxis)
    return handles


def _draw_roc(chart: Chart, axes: Axes, models: Mapping[str, ScoreFile], _max_rank: int) -> list[Any]:
    handles = []
    for number, model in enumerate(models.values()):
        false, true = _rates(model)
        handles += axes.plot(false, true, **look(number))
    _show_rates(axes.xaxis)
    axes.set_xlabel("false accept rate")
    axes.set_ylabel("true accept rate")
    axes.set_ylim(0, 1.01)
    chart.show_percent(axes.yaxis)
    return handles


def _draw_det(_chart: Chart, axes: Axes, models: Mapping[str, ScoreFile], _max_rank: int) -> list[Any]:
    handles = []
    lowest = 1.0
    for number, model in enumerate(models.values()):
        false, true = _rates(model)
        rejected = 1 - true
        shown = rejected >= LOWEST_RATE
        lowest = min([lowest, *false[shown], *rejected[shown]])
        handles += axes.plot(false[shown], rejected[shown], **look(number))
    axes.plot([lowest, 1], [lowest, 1], color="#59636e", linewidth=0.8, linestyle=":")  # where both are equal
    _show_rates(axes.xaxis)
    _show_rates(axes.yaxis)
    axes.set_xlabel("false accept rate")
    axes.set_ylabel("false reject rate")
    return handles


def _show_rates(axis: Any) -> None:  # noqa: ANN401 - matplotlib is untyped
    """Make an axis logarithmic, with plain numbers at the powers of ten alone."""
    getattr(axis.axes, f"set_{axis.axis_name}scale")("log")
    axis.set_major_formatter(lambda value, _position: f"{value:g}")
    axis.set_minor_formatter(lambda _value, _position: "")


def _rates(model: ScoreFile) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the rates that a logarithmic axis can show; points without a false accept are left out."""
    if model.roc is None:
        raise EvaluationError(f"Verification rates are missing, got none in {model.path}. Expected some.")
    is_shown = model.roc.false_accept_rate >= LOWEST_RATE
    return model.roc.false_accept_rate[is_shown], model.roc.true_accept_rate[is_shown]
