"""The examples use exported files where reidkit and torch cannot be imported."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import reidkit

EXAMPLES = Path(__file__).parents[2] / "examples"
WITHOUT = """
import importlib.abc, runpy, sys
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("reidkit", "torch"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Refuse())
for name in ("reidkit", "torch"):
    try:
        __import__(name)
    except ModuleNotFoundError:
        continue
    sys.exit(f"{name} can be imported")
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize(
    ("script", "name"),
    [
        ("plain_onnxruntime", "onnx"),
        ("plain_onnxruntime", "onnx pixels"),
        ("plain_openvino", "openvino pixels"),
    ],
)
def test_exported_file_is_used_without_reidkit(
    script: str, name: str, shipped: dict[str, Path], dataset_root: Path, tmp_path: Path
):
    images = []
    for number, path in enumerate(sorted((dataset_root / "query").rglob("*.png"))[:3]):
        with Image.open(path) as image:  # of other sizes than the input
            image.resize((40 + number, 90)).save(tmp_path / f"{number}.png")
        images.append(tmp_path / f"{number}.png")
    command = [sys.executable, "-c", WITHOUT, str(EXAMPLES / f"{script}.py"), str(shipped[name])]
    done = subprocess.run(
        [*command, *map(str, images)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "3 descriptors of 64 numbers" in done.stdout
    found = np.load(tmp_path / "descriptors.npy")
    # Pillow and torchvision round a resized pixel differently now and then, by one grey level.
    np.testing.assert_allclose(found, reidkit.load(shipped[name], device="cpu").embed(images), atol=5e-4)


def test_every_example_is_tried():
    assert sorted(path.stem for path in EXAMPLES.glob("*.py")) == ["plain_onnxruntime", "plain_openvino"]
