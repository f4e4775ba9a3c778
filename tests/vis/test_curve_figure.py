"""Curves of several models: which panels there are, equal files, and scores that cannot be read."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from reidkit.core.errors import CatalogError, DatasetError, EvaluationError
from reidkit.vis.curve_figure import write_curves
from reidkit.vis.score_file import names_of, read_scores


def write_scores(folder: Path, *, name: str = "a model", has_rates: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rates = {
        "false_accept_rate": [0.0, 0.01, 1.0],
        "true_accept_rate": [0.2, 0.7, 1.0],
        "distance": [0, 1, 2],
    }
    content = {
        "name": name,
        "summary": {"mean_ap": 0.5},
        "cmc": [0.5, 0.75, 1.0],
        "verification": {"roc": rates} if has_rates else None,
        "queries": [],
    }
    (folder / "scores.json").write_text(json.dumps(content))
    return folder


def test_all_panels_where_all_have_rates(tmp_path: Path):
    files = {name: read_scores(write_scores(tmp_path / name)) for name in ("first", "second")}
    assert write_curves(tmp_path / "curves.png", files) == ["CMC", "ROC", "DET"]
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.width > 2 * picture.height


def test_without_rates_cmc_alone(tmp_path: Path):
    files = {
        "with": read_scores(write_scores(tmp_path / "a")),
        "without": read_scores(write_scores(tmp_path / "b", has_rates=False)),
    }
    assert write_curves(tmp_path / "curves.svg", files) == ["CMC"]


def test_svg_names_models_and_is_repeatable(tmp_path: Path):
    files = {"<first> & _co": read_scores(write_scores(tmp_path / "a"))}
    for name in ("one.svg", "two.svg"):
        write_curves(tmp_path / name, files)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    text = " ".join(ElementTree.parse(tmp_path / "one.svg").getroot().itertext())
    assert "<first> & _co: Rank-1 50.0 %, mAP 50.0 %" in text


def test_rates_are_read(tmp_path: Path):
    file = read_scores(write_scores(tmp_path / "run") / "scores.json")
    assert file.roc is not None
    np.testing.assert_array_equal(file.roc.true_accept_rate, [0.2, 0.7, 1.0])
    np.testing.assert_array_equal(file.cmc, [0.5, 0.75, 1.0])


def test_names_tell_runs_apart(tmp_path: Path):
    files = [read_scores(write_scores(tmp_path / name)) for name in ("left", "right")]
    assert names_of(files) == ["left", "right"]
    assert names_of([files[0], files[0]]) == ["left (1)", "left (2)"]
    assert names_of([read_scores(write_scores(tmp_path / "x", name="net")), files[0]]) == ["net", "a model"]


def test_faults_are_named(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"Scores not found, got .*none"):
        read_scores(tmp_path / "none")
    (tmp_path / "scores.json").write_text("[]")
    with pytest.raises(DatasetError, match="Scores cannot be read"):
        read_scores(tmp_path)
    with pytest.raises(CatalogError, match=r"Format of a picture is unknown, got '.gif'"):
        write_curves(tmp_path / "a.gif", {})
    with pytest.raises(EvaluationError, match="CMC curves are missing"):
        write_curves(tmp_path / "a.png", {})
