"""Two models query by query: won and lost by hand, the page, and evaluations that do not fit."""

import base64
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reidkit.core.errors import EvaluationError
from reidkit.vis.comparison_page import compare_models, verdict, write_comparison_page
from reidkit.vis.rank_table import RankRow
from reidkit.vis.score_file import ScoreFile
from tests.vis.scenes import COLOURS, draw_image


def score_file(precisions: list[float | None], protocol: str = "market1501") -> ScoreFile:
    queries = [
        {
            "path": f"q{number}.png",
            "identity": "<b>",
            "average_precision": value,
            "first_match_rank": None if value is None else 1 if value == 1 else 2,
        }
        for number, value in enumerate(precisions)
    ]
    return ScoreFile(Path("scores.json"), "net", {"protocol": protocol}, np.array([0.5]), None, queries)


def test_won_and_lost_by_hand():
    found = compare_models(score_file([0.5, 1.0, 0.2, None, 0.4]), score_file([1.0, 0.7, 0.9, None, 0.4]))
    assert [change.query for change in found.won] == [2, 0]
    assert [change.query for change in found.lost] == [1]
    assert found.mean_ap.difference.mean == pytest.approx((0.5 - 0.3 + 0.7 + 0) / 4)
    assert (found.rank_1.num_better, found.rank_1.num_worse) == (1, 1)
    assert "holds zero" in verdict(("a", "b"), found)


def test_a_sure_difference_names_the_better():
    worse, better = score_file([0.1, 0.2] * 20), score_file([0.6, 0.7] * 20)
    assert verdict(("a", "b"), compare_models(worse, better)).startswith(
        "b is better: mAP of b differs by +50.0"
    )
    assert verdict(("a", "b"), compare_models(better, worse)).startswith("a is better")


def test_other_data_or_rules_are_refused():
    with pytest.raises(EvaluationError, match="got different queries"):
        compare_models(score_file([0.5]), score_file([0.5, 1.0]))
    with pytest.raises(EvaluationError, match="got different protocols"):
        compare_models(score_file([0.5]), score_file([0.5], "no-camera"))


def test_page_shows_both_rank_lists_and_escapes(tmp_path: Path):
    found = compare_models(score_file([0.5, 1.0]), score_file([1.0, 0.5]))
    picture = str(draw_image(tmp_path / "g.png", COLOURS[0]))
    row = RankRow(0, "q0.png", "<b>", "", 1, 3, picture, "<i>", "", 0.1, "right")
    rows = [row, replace(row, rank=0, answer="ignored"), replace(row, rank=2, answer="wrong")]
    page = tmp_path / "page.html"
    write_comparison_page(page, ("one", "two"), found, (rows, []))
    text = page.read_text()
    assert text.count("data:image/jpeg") == 2
    assert "Queries won by two" in text
    assert "&lt;i&gt;" in text
    assert "<i>" not in text
    assert "http" not in text.replace("http-equiv", "")


def test_page_cuts_boxes_and_shows_frames_of_tracklets(tmp_path: Path):
    found = compare_models(score_file([0.5]), score_file([1.0]))
    frame = Image.new("RGB", (40, 40), (250, 250, 250))
    frame.paste((200, 0, 0), (10, 10, 20, 30))
    frame.save(tmp_path / "frame.png")
    frames = json.dumps([str(draw_image(tmp_path / f"{n}.png", COLOURS[n])) for n in range(3)])
    row = RankRow(
        0, str(tmp_path / "frame.png"), "a", "", 1, 3, str(tmp_path / "0.png"), "a", "", 0.1, "right",
        query_box="10 10 20 30", gallery_frames=frames,
    )  # fmt: skip
    page = tmp_path / "page.html"
    write_comparison_page(page, ("one", "two"), found, ([row], [row]))
    encoded = re.findall(r"data:image/jpeg;base64,([^\"]+)", page.read_text())
    pictures = [Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB") for text in encoded]
    assert len(pictures) == 3
    query, *hits = pictures
    assert query.size == (10, 20)
    assert query.getpixel((5, 10))[0] > 150 > query.getpixel((5, 10))[1]
    with Image.open(tmp_path / "0.png") as single:
        assert all(hit.width > 2 * single.width for hit in hits)
