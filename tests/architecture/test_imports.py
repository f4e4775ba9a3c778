"""What importing a part loads: a budget, kept in a fresh interpreter."""

import subprocess
import sys

import pytest

HEAVY = (
    "torch", "torchvision", "numpy", "PIL", "lightning", "timm", "pydantic", "omegaconf", "rich", "typer",
    "matplotlib", "jinja2", "tensorboard", "pyarrow", "safetensors",
)  # fmt: skip


def heavy_modules_after(code: str) -> set[str]:
    """Return which heavy packages a fresh interpreter has loaded after running code."""
    script = f"{code}\nimport sys\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_importing_reidkit_loads_nothing_heavy():
    assert heavy_modules_after("import reidkit; reidkit.__version__; dir(reidkit)") == set()


def test_the_command_line_starts_without_torch():
    loaded = heavy_modules_after("import reidkit.cli.main")
    assert "typer" in loaded  # the check did look
    assert not loaded & {"torch", "torchvision", "lightning", "timm", "pydantic", "omegaconf", "matplotlib"}


def test_readers_load_no_torch():
    assert not heavy_modules_after("import reidkit.data.readers") & {"torch", "torchvision", "lightning"}


@pytest.mark.parametrize(
    "package", ["reidkit.metrics.ranking", "reidkit.deploy.embedder", "reidkit.vis.report"]
)
def test_parts_for_use_load_no_lightning(package: str):
    loaded = heavy_modules_after(f"import {package}")
    assert not loaded & {"lightning", "timm", "tensorboard", "typer", "omegaconf"}


def test_evaluation_loads_no_lightning():
    assert "lightning" not in heavy_modules_after("import reidkit.engine.evaluate")


def test_synthetic_loads_no_torch():
    assert "torch" not in heavy_modules_after("import reidkit.synthetic")
