"""``reidkit evaluate --features``: from files to scores and report."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Command

RANDOM = np.random.default_rng(0)
GALLERY = RANDOM.standard_normal((24, 8)).astype(np.float32)
IDENTITIES = np.arange(24) % 6
CAMERAS = np.arange(24) // 6


def save_both(**changes: np.ndarray) -> None:
    np.savez("q.npz", features=GALLERY[:6] + 0.01, pids=IDENTITIES[:6], camids=CAMERAS[:6])
    np.savez("g.npz", **{"features": GALLERY, "pids": IDENTITIES, "camids": CAMERAS, **changes})


def test_features_are_scored_as_the_naive_ranking_says(reidkit: Command):
    save_both()
    result = reidkit("evaluate", "--features", "q.npz", "g.npz", "--distance", "euclidean", "--out", "judged")
    assert result.code == 0, result.err
    assert "protocol market1501: euclidean distance" in result.out
    assert "ranking: 6 of 6 done" in result.out
    first = []
    for number in range(6):
        distances = np.linalg.norm(GALLERY - (GALLERY[number] + 0.01), axis=1)
        kept = [row for row in np.argsort(distances) if not (row % 6 == number and CAMERAS[row] == 0)]
        first.append(1 + [row % 6 for row in kept].index(number))
    content = json.loads(Path("judged/scores.json").read_text())
    assert [row["first_match_rank"] for row in content["queries"]] == first
    assert content["data"]["name"] == "q in g"
    assert "unknown, 8 numbers per descriptor" in Path("judged/report.html").read_text()


def test_the_same_file_twice_is_leave_one_out(reidkit: Command):
    np.savez("all.npz", features=GALLERY, pids=IDENTITIES)
    result = reidkit(
        "evaluate", "--features", "all.npz", "all.npz", "--rerank", "k_reciprocal", "--out", "out"
    )
    assert result.code == 0, result.err
    assert "protocol no-camera" in result.out
    summary = json.loads(Path("out/scores.json").read_text())["summary"]
    assert summary["num_valid"] == 24
    assert summary["rank_1"] < 1
    assert summary["protocol"]["post_processing"][0].startswith("k_reciprocal(")


def test_junk_under_a_protocol_without_junk_is_noted(reidkit: Command):
    save_both(pids=np.where(IDENTITIES == 5, -1, IDENTITIES))
    told = reidkit("evaluate", "--features", "q.npz", "g.npz")
    assert "4 gallery rows have the identity -1" in told.out
    quiet = reidkit("evaluate", "--features", "q.npz", "g.npz", "--protocol", "market1501-trapezoid")
    assert quiet.code == 0
    assert "have the identity -1" not in quiet.out


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": GALLERY[:, :7]}, "Query and gallery descriptors differ"),
        (
            {"features": np.where(np.arange(24)[:, None] == 3, np.nan, GALLERY)},
            "Gallery descriptors are not finite in 1 of 24 rows, the first is row 3",
        ),
        ({"pids": IDENTITIES + 100}, "0 of 6 queries can be scored"),
    ],
)
def test_features_that_do_not_fit_are_one_message(changes: dict, message: str, reidkit: Command):
    save_both(**changes)
    result = reidkit("evaluate", "--features", "q.npz", "g.npz")
    assert result.code == 2
    assert message in " ".join(result.err.split())


@pytest.mark.parametrize("more", [("--flip",), ("--local", "dsr"), ("third.npz",), ("--scales", "1,2")])
def test_options_that_need_the_model_are_refused(more: tuple[str, ...], reidkit: Command):
    save_both()
    result = reidkit("evaluate", "--features", "q.npz", "g.npz", *more)
    assert result.code == 2
    assert "--features takes two files" in " ".join(result.err.replace("│", " ").split())


def test_rank_lists_are_written_in_every_format_that_is_asked_for(reidkit: Command):
    parquet = pytest.importorskip("pyarrow.parquet")
    save_both()
    command = (
        "evaluate",
        "--features",
        "q.npz",
        "g.npz",
        "-o",
        "out",
        "--table",
        "json",
        "--table",
        "parquet",
    )
    assert reidkit(*command).code == 0
    rows = json.loads(Path("out/rankings.json").read_text())["rows"]
    assert parquet.read_table("out/rankings.parquet").to_pylist() == rows
    assert len(Path("out/rankings.csv").read_text().splitlines()) == len(rows) + 1
    assert json.loads(Path("out/failures.json").read_text())["attributes"] == []
