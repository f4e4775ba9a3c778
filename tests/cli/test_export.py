from pathlib import Path

from tests.cli.conftest import Command


def test_export_prints_parity_and_the_file_is_used_like_the_model(
    reidkit: Command, run_folder: Path, dataset_root: Path
):
    done = reidkit("export", run_folder, "--format", "torchscript", "--out", "shipped/model.torchscript")
    assert done.code == 0, done.err
    assert "wrote shipped/model.torchscript" in done.out
    rows = [line.split() for line in done.out.splitlines() if "1.0000000" in line]
    assert [row[1] for row in rows] == ["1", "2", "7", "32"]
    image = sorted((dataset_root / "query").rglob("*.png"))[0]
    compared = reidkit("compare", image, image, "--model", "shipped/model.torchscript")
    assert "cosine distance 0.0000" in compared.out
    own = reidkit("evaluate", run_folder, dataset_root)
    shipped = reidkit("evaluate", "shipped/model.torchscript", dataset_root, "--device", "cpu")
    assert shipped.code == 0, shipped.err
    assert scores_of(shipped.out) == scores_of(own.out) != []


def scores_of(text: str) -> list[str]:
    """Return the numbers of the table of scores."""
    return [word for line in text.splitlines() if "dataset" in line for word in line.split() if "." in word]


def test_int8_says_what_it_costs(reidkit: Command, run_folder: Path, dataset_root: Path):
    done = reidkit(
        "export", run_folder, "--int8", "--calibrate", dataset_root / "train", "--with-preprocessing",
        "--measure", dataset_root, "--out", "small.onnx",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "MB, int8, takes uint8 pixels" in done.out
    assert "mAP on " in done.out
    assert " points" in done.out
    assert Path("small.onnx").is_file()


def test_failure_is_a_code_and_no_file(reidkit: Command, run_folder: Path):
    done = reidkit("export", run_folder, "--format", "tensorrt", "--out", "model.engine")
    assert done.code == 2
    assert "pip install 'reidkit[tensorrt]'" in done.err
    done = reidkit("export", run_folder, "--int8", "--out", "model.onnx")
    assert done.code == 2
    assert "--int8 and --calibrate DIR together" in done.err
    assert list(Path().iterdir()) == []
