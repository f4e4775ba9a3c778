"""Commands that draw: activation and plot, on a finished run."""

from pathlib import Path

import numpy as np
from PIL import Image

from tests.cli.conftest import Command


def test_activation_writes_pictures_and_maps(
    reidkit: Command, run_folder: Path, dataset_root: Path, tmp_path: Path
):
    outcome = reidkit("activation", run_folder, dataset_root, "-o", "maps", "--most", 2)
    assert outcome.code == 0, outcome.err
    assert "wrote 2 pictures and maps.npz to maps: activation of the last map" in outcome.out
    assert len(list((tmp_path / "maps").glob("*.png"))) == 2
    with np.load(tmp_path / "maps/maps.npz") as content:
        assert content["maps"].shape[0] == len(content["paths"]) == 2
        np.testing.assert_allclose(np.square(content["maps"]).sum(axis=(1, 2)), 1, rtol=1e-4)


def test_plot_draws_the_curves_of_runs(reidkit: Command, run_folder: Path, tmp_path: Path):
    outcome = reidkit("plot", run_folder, run_folder, "-o", "curves.png", "--name", "one", "--name", "two")
    assert outcome.code == 0, outcome.err
    assert "wrote curves.png: CMC" in outcome.out
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.width > 400


def test_plot_refuses_another_number_of_names(reidkit: Command, run_folder: Path):
    outcome = reidkit("plot", run_folder, "-o", "curves.png", "--name", "one", "--name", "two")
    assert outcome.code == 2
    assert "expected 1 different names" in outcome.err


def test_evaluation_leaves_its_rankings(
    reidkit: Command, run_folder: Path, dataset_root: Path, tmp_path: Path
):
    outcome = reidkit("evaluate", run_folder, dataset_root, "-o", "judged")
    assert outcome.code == 0, outcome.err
    lines = (tmp_path / "judged/rankings.csv").read_text().splitlines()
    assert lines[0].startswith("query,query_path,query_identity,query_camera,rank,gallery,")
    assert len(lines) > 10


def test_report_compares_a_model_with_itself(
    reidkit: Command, run_folder: Path, dataset_root: Path, tmp_path: Path
):
    assert reidkit("evaluate", run_folder, dataset_root, "-o", "judged").code == 0
    outcome = reidkit("report", "judged", "judged", "-o", "compared")
    assert outcome.code == 0, outcome.err
    assert "answers 0 queries better and 0 worse" in outcome.out
    assert (tmp_path / "compared/comparison.html").is_file()
    assert (tmp_path / "compared/comparison.json").is_file()


def test_gates_map_and_doubts_write_data_and_pictures(
    reidkit: Command, run_folder: Path, dataset_root: Path, tmp_path: Path
):
    for command in (
        ("gates", run_folder, dataset_root, "-o", "out", "--clusters", 2),
        ("gates", run_folder, dataset_root, "-o", "out", "--clusters", 2, "--reader", "folder"),
        ("map", run_folder, dataset_root, "-o", "out"),
        ("data", "doubts", run_folder, dataset_root, "-o", "out"),
    ):
        outcome = reidkit(*command)
        assert outcome.code == 0, outcome.err
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"gates.json", "gates.png", "map.json", "identity.png", "picture.png", "doubts.json"} <= names
