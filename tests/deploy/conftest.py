"""One small model in every format that runs here, exported once."""

from pathlib import Path

import pytest

from reidkit.deploy.export import SUFFIXES, export_model
from reidkit.models.checkpoint import save_model
from tests.deploy.tiny_model import tiny_card, trained_tiny_model

FORMATS = ("onnx", "openvino", "torchscript", "torch-export")


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The tiny model by format; "torch" is its checkpoint, "onnx pixels" standardises for itself."""
    folder = tmp_path_factory.mktemp("shipped")
    model, card = trained_tiny_model(), tiny_card()
    paths = {"torch": folder / "model.safetensors"}
    save_model(paths["torch"], model, card)
    for file_format in FORMATS:
        path = folder / f"model{SUFFIXES[file_format]}"
        paths[file_format] = export_model(model, card, path, file_format).path
    for file_format in ("onnx", "openvino", "torchscript"):
        path = folder / f"pixels{SUFFIXES[file_format]}"
        done = export_model(model, card, path, file_format, with_preprocessing=True)
        paths[f"{file_format} pixels"] = done.path
    limited = export_model(model, card, folder / "limited.onnx", "onnx", batch_limit=3)
    paths["onnx limited"] = limited.path
    return paths
