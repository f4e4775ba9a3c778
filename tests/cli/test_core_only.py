"""What works where only the core is installed, and what is said where an extra is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXTRAS = (
    "lightning", "timm", "pytorch_metric_learning", "tensorboard", "jinja2", "matplotlib", "pyarrow", "h5py",
    "scipy", "sklearn",
)  # fmt: skip

WITHOUT_EXTRAS = f"""
import sys
from importlib.machinery import PathFinder

class WithoutExtras(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {EXTRAS!r} else super().find_spec(name, path, target)

sys.meta_path[:] = [WithoutExtras if finder is PathFinder else finder for finder in sys.meta_path]
sys.argv = ["reidkit", *sys.argv[1:]]
from reidkit.cli.main import run
run()
"""


def reidkit_core(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_EXTRAS, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "200", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["--help"], "quickstart"),
        (["models"], "osnet_x0_25"),
        (["datasets", "market1501"], "Market-1501"),
        (["recipes"], "quickstart"),
        (["env"], "torch"),
        (["data", "check", "DATA"], "protocol market1501"),
        (["data", "show", "DATA", "--out", "sheet.png"], "wrote sheet.png"),
        (["data", "synthesize", "drawn", "--identities", "4", "--cameras", "2", "--size", "64x32"], "wrote"),
        (["evaluate", "RUN", "DATA"], "Rank-1"),
        (["embed", "DATA/query", "--model", "RUN", "--out", "d.csv"], "wrote d.csv"),
        (["compare", "IMAGE", "IMAGE", "--model", "RUN"], "Verdict"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_using_a_model_needs_the_core_alone(
    command: list[str], expected: str, run_folder: Path, dataset_root: Path, tmp_path: Path
):
    image = sorted((dataset_root / "query").rglob("*.png"))[0]
    named = {"DATA": dataset_root, "DATA/query": dataset_root / "query", "RUN": run_folder, "IMAGE": image}
    done = reidkit_core(*(named.get(word, word) for word in command), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        (["train", "quickstart", "data.root=DATA"], "train"),
        (["train", "quickstart", "data.root=DATA", "--no-report"], "train"),
        (["evaluate", "RUN", "DATA", "--out", "judged"], "report"),
        (["embed", "DATA/query", "--model", "RUN", "--out", "d.parquet"], "parquet"),
        (["data", "check", "DATA", "--html", "check.html"], "report"),
    ],
    ids=lambda value: " ".join(value[:1]) if isinstance(value, list) else value,
)
def test_what_needs_an_extra_says_which(
    command: list[str], extra: str, run_folder: Path, dataset_root: Path, tmp_path: Path
):
    named = {
        "DATA": dataset_root,
        "DATA/query": dataset_root / "query",
        "RUN": run_folder,
        "data.root=DATA": f"data.root={dataset_root}",
    }
    done = reidkit_core(*(named.get(word, word) for word in command), cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"Run: pip install 'reidkit[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr
