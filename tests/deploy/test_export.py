import os
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import reidkit
from reidkit.core.errors import CatalogError, DatasetError, ExportError, MissingExtraError
from reidkit.data.images import normalize_pixels
from reidkit.deploy import export as export_file
from reidkit.deploy.artefact import restore_pixels
from reidkit.deploy.export import export_model, put_in_place
from reidkit.deploy.graph import Network, example_input, fold_norms, make_graph
from reidkit.deploy.parity import FLOAT_LIMITS, ParityRow, check_parity, draw_patterns, measure_parity
from reidkit.deploy.quantization import choose_readable
from tests.deploy.tiny_model import PREPROCESSING, tiny_card, trained_tiny_model


def test_norms_behind_a_convolution_alone_are_folded():
    model, card = trained_tiny_model(), tiny_card()
    example = example_input(card, "standardised")
    graph = make_graph(Network(model, card, "standardised").eval(), example)
    norms = [node for node in graph.graph.nodes if node.target is torch.ops.aten.batch_norm.default]
    assert len(norms) == 2  # behind a convolution that feeds another too, and behind a sum
    assert fold_norms(graph) == 0
    names = {name for name, _ in (*graph.named_parameters(), *graph.named_buffers())}
    assert {f"folded_weight_{number}" for number in range(3)} < names
    assert not any("first" in name for name in names)  # the weights before folding are gone
    images = torch.randn(5, 3, 32, 16)
    with torch.no_grad():
        expected = nn.functional.normalize(model(images))
        torch.testing.assert_close(graph(images), expected, atol=1e-6, rtol=1e-5)


def test_pixels_come_back_from_standardised_images():
    pixels = draw_patterns(3, PREPROCESSING, seed=0)
    assert torch.equal(restore_pixels(normalize_pixels(pixels, PREPROCESSING), PREPROCESSING), pixels)


def test_parity_sees_a_difference_and_its_place():
    class Runtime:
        name = "test"
        batch_limit: int | None = 2

        def __init__(self, error: float) -> None:
            self.error = error

        def run(self, pixels: Tensor) -> Tensor:
            rows = pixels.flatten(1)[:, :50].float() / 255
            rows[0, 0] += self.error * (len(pixels) == 2)
            return rows

    same = measure_parity(Runtime(0), Runtime(0), PREPROCESSING)
    assert [(row.batch, row.max_difference, round(row.min_cosine, 9)) for row in same] == [
        (batch, 0, 1) for batch in (1, 2, 7, 32)
    ]
    check_parity(same, FLOAT_LIMITS, name="same")
    other = measure_parity(Runtime(0), Runtime(0.5), PREPROCESSING)
    assert other[0].max_difference == 0
    assert all(row.max_difference > 0.1 and row.min_cosine < 0.9999 for row in other[1:])
    with pytest.raises(ExportError, match=r"other gives other descriptors.*at batch (2|7|32)\. .*No file"):
        check_parity(other, FLOAT_LIMITS, name="other")
    with pytest.raises(ExportError, match="cosine of nan at batch 1"):
        check_parity([ParityRow(1, float("nan"), float("nan"))], FLOAT_LIMITS, name="broken")


def test_file_that_differs_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def spoil(path: Path, graph: nn.Module, example: Tensor, metadata: dict[str, str]) -> None:
        with torch.no_grad():
            graph.folded_weight_0 *= 1.5
        write(path, graph, example, metadata)

    write = export_file.write_torchscript
    monkeypatch.setattr(export_file, "write_torchscript", spoil)
    path = tmp_path / "model.torchscript"
    path.write_bytes(b"the old one")
    with pytest.raises(ExportError, match="gives other descriptors than the model"):
        export_model(trained_tiny_model(), tiny_card(), path, "torchscript")
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.torchscript"]
    assert path.read_bytes() == b"the old one"


def test_network_that_cannot_be_exported_is_explained(tmp_path: Path):
    model = trained_tiny_model()
    model.backbone.forward = lambda images: images if images.mean() > 0 else images + 1
    with pytest.raises(ExportError, match="cannot be exported to torch-export: "):
        export_model(model, tiny_card(), tmp_path / "model.pt2", "torch-export")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "file_format", "options", "error", "message"),
    [
        ("a.onnx", "onx", {}, CatalogError, "Unknown format 'onx'. Did you mean 'onnx'?"),
        ("a.bin", "openvino", {}, CatalogError, r"Expected a name ending in \.xml"),
        ("a.pt2", "torch-export", {"calibration_images": []}, CatalogError, "has no int8 here"),
        ("a.onnx", "onnx", {"batch_limit": 0}, CatalogError, "batch_limit is out of range, got 0"),
        ("a.onnx", "onnx", {"calibration_images": []}, DatasetError, "Too few images to calibrate with, got 0"),
        ("a.engine", "tensorrt", {}, MissingExtraError, r"Export to tensorrt needs .*reidkit\[tensorrt\]"),
    ],
)  # fmt: skip
def test_what_cannot_be_exported_is_refused(
    name: str,
    file_format: str,
    options: dict[str, object],
    error: type[Exception],
    message: str,
    tmp_path: Path,
):
    with pytest.raises(error, match=message.replace("?", r"\?")):
        export_model(trained_tiny_model(), tiny_card(), tmp_path / name, file_format, **options)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("photos")
    pixels = draw_patterns(12, PREPROCESSING, seed=5).permute(0, 2, 3, 1).numpy()
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(folder / f"{number:02d}.png")
    return sorted(folder.iterdir())


@pytest.mark.parametrize(
    ("file_format", "suffix", "with_preprocessing"), [("onnx", ".onnx", True), ("openvino", ".xml", False)]
)
def test_int8_is_near_and_is_another_model(
    file_format: str, suffix: str, with_preprocessing: bool, photos: list[Path], tmp_path: Path
):
    model, card = trained_tiny_model(), tiny_card()
    done = export_model(
        model, card, tmp_path / f"model{suffix}", file_format,
        calibration_images=photos, with_preprocessing=with_preprocessing,
    )  # fmt: skip
    rounded, own = reidkit.load(done.path, device="cpu"), reidkit.Embedder.of_model(model, card, device="cpu")
    assert rounded.fingerprint == own.fingerprint + "-int8"
    assert done.facts.precision == "int8"
    cosines = (rounded.embed(photos) * own.embed(photos)).sum(axis=1)
    assert 0.95 < cosines.min() < 1 - 1e-7
    if file_format == "onnx":
        kinds = [node.op_type for node in onnx.load(done.path).graph.node]
        assert kinds.count("QuantizeLinear") >= 4
    assert {entry.suffix for entry in tmp_path.iterdir()} <= {".onnx", ".xml", ".bin"}


def test_calibration_images_are_spread(photos: list[Path], tmp_path: Path):
    assert choose_readable(photos, limit=4) == [photos[0], photos[3], photos[6], photos[9]]
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"no picture")
    assert choose_readable([damaged, *photos[:3]], limit=9) == photos[:3]
    with pytest.raises(DatasetError, match="got 1 that can be read of 2"):
        choose_readable([damaged, photos[0]])


def test_openvino_never_has_the_weights_of_another_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Killed between the two renames, a reader finds no description, so that it takes no wrong weights."""
    folder = tmp_path / "unfinished"
    folder.mkdir()
    for place, word in ((tmp_path, b"old"), (folder, b"new")):
        (place / "model.xml").write_bytes(word)
        (place / "model.bin").write_bytes(word)
    replace = os.replace
    calls = []

    def stop(self: Path, target: Path) -> None:
        calls.append(target.name)
        if len(calls) == 2:
            raise SystemExit("killed")
        replace(self, target)

    monkeypatch.setattr(Path, "replace", stop)
    with pytest.raises(SystemExit, match="killed"):
        put_in_place(folder / "model.xml", tmp_path / "model.xml")
    assert calls == ["model.bin", "model.xml"]
    assert not (tmp_path / "model.xml").exists()


def test_euclidean_descriptors_keep_their_length(tmp_path: Path):
    model, card = trained_tiny_model(), tiny_card(distance="euclidean")
    done = export_model(model, card, tmp_path / "model.onnx", "onnx")
    image = np.full((9, 9, 3), 77, np.uint8)
    found = reidkit.load(done.path).embed(image)
    own = reidkit.Embedder.of_model(model, card, device="cpu").embed(image)
    np.testing.assert_allclose(found, own, rtol=1e-4, atol=1e-5)
    assert abs(float(np.linalg.norm(found)) - 1) > 0.1
