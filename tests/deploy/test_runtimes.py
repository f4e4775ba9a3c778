"""The contract of every runtime: the same images give the same descriptors, whatever file they come from."""

import json
from pathlib import Path

import numpy as np
import onnx
import openvino
import pytest
import torch
from PIL import Image

import reidkit
from reidkit.core.errors import CatalogError, MissingExtraError, WeightsError
from reidkit.deploy.embedder import Embedder
from reidkit.deploy.onnx_runtime import choose_providers
from reidkit.deploy.openvino_runtime import choose_device
from reidkit.deploy.parity import draw_patterns
from reidkit.deploy.runtime import run_in_parts
from reidkit.deploy.tensorrt_runtime import read_engine_file, write_engine_file
from reidkit.engine.extract import extract
from reidkit.models.checkpoint import CARD_KEY, ModelCard, read_card
from tests.deploy.tiny_model import PREPROCESSING

EXPORTED = (
    "onnx", "openvino", "torchscript", "torch-export", "onnx pixels", "openvino pixels", "torchscript pixels",
    "onnx limited",
)  # fmt: skip
EVERY = pytest.mark.parametrize("name", EXPORTED)


def open_shipped(shipped: dict[str, Path], name: str, **options: object) -> Embedder:
    return reidkit.load(shipped[name], device="cpu", trusted_modules=["tests.deploy.tiny_model"], **options)


@pytest.fixture(scope="module")
def own(shipped: dict[str, Path]) -> Embedder:
    return open_shipped(shipped, "torch", batch_size=4)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """Nine images of all kinds and sizes."""
    noise = np.random.default_rng(0)
    arrays = [noise.integers(0, 255, (20 + 5 * n, 11 + n, 3)).astype(np.uint8) for n in range(9)]
    folder = tmp_path_factory.mktemp("images")
    found: list[object] = [
        *arrays[:3],
        Image.fromarray(arrays[3]),
        torch.from_numpy(arrays[4]).permute(2, 0, 1),
    ]
    for number, array in enumerate(arrays[5:]):
        Image.fromarray(array).save(folder / f"{number}.png")
        found.append(folder / f"{number}.png")
    found[-1] = (folder / "3.png").read_bytes()
    return found


def test_the_fixture_has_every_runtime(shipped: dict[str, Path]):
    assert set(shipped) == {"torch", *EXPORTED}


@EVERY
def test_same_images_give_the_same_descriptors(
    name: str, shipped: dict[str, Path], own: Embedder, images: list[object]
):
    embedder = open_shipped(shipped, name, batch_size=4)
    expected = own.embed(images)
    assert np.abs(expected[0] - expected[1]).max() > 1e-3  # the images do differ
    np.testing.assert_allclose(embedder.embed(images), expected, atol=2e-6)
    frame, boxes = np.array(images[0]), [(0, 0, 9, 15), (-5, -5, 4, 4), (50, 0, 60, 9), (3, 3, 3, 9)]
    found, is_valid = embedder.embed_boxes(frame, boxes)
    np.testing.assert_allclose(found, own.embed_boxes(frame, boxes).descriptors, atol=2e-6)
    assert is_valid.tolist() == [True, True, False, False]
    np.testing.assert_allclose(
        embedder.embed_tracklets([images[:3], images[3:]]),
        own.embed_tracklets([images[:3], images[3:]]),
        atol=2e-6,
    )
    assert embedder.embed([]).shape == (0, 64)


@EVERY
def test_the_file_says_what_it_is(name: str, shipped: dict[str, Path], own: Embedder):
    embedder = open_shipped(shipped, name)
    assert embedder.card == read_card(shipped["torch"])
    assert embedder.fingerprint == own.fingerprint
    assert embedder.descriptor_dim == 64
    assert embedder.runtime.batch_limit == (3 if name == "onnx limited" else None)


@EVERY
def test_an_evaluation_takes_every_runtime(
    name: str, shipped: dict[str, Path], own: Embedder, dataset_root: Path
):
    samples = reidkit.read_dataset("folder", dataset_root).query[:5]
    expected = extract(own.network, samples, PREPROCESSING, flip=True).descriptors
    found = extract(open_shipped(shipped, name).network, samples, PREPROCESSING, flip=True).descriptors
    # The model gives raw descriptors, a file unit ones: the mean with the mirror image weighs them alike.
    cosines = torch.nn.functional.cosine_similarity(found, expected)
    assert float(cosines.min()) > 0.999


@EVERY
def test_layers_are_shown_by_a_checkpoint_only(name: str, shipped: dict[str, Path]):
    with pytest.raises(WeightsError, match="does not show its layers"):
        _ = open_shipped(shipped, name).model


@pytest.mark.parametrize("name", [name for name in EXPORTED if "openvino" not in name])
def test_half_precision_is_refused_where_the_file_decides(name: str, shipped: dict[str, Path]):
    with pytest.raises(CatalogError, match="computes in the precision of its file"):
        open_shipped(shipped, name, precision="half")


@pytest.mark.parametrize("name", ["torch", "openvino"])
def test_half_precision_is_near(name: str, shipped: dict[str, Path], own: Embedder, images: list[object]):
    half = open_shipped(shipped, name, precision="half").embed(images)
    assert half.dtype == np.float32
    assert (half * own.embed(images)).sum(axis=1).min() > 0.999


def test_unknown_precision_and_device_are_refused(shipped: dict[str, Path]):
    with pytest.raises(CatalogError, match="Precision is unknown, got 'double'"):
        open_shipped(shipped, "torch", precision="double")
    for name in ("onnx", "openvino", "torchscript", "torch-export"):
        with pytest.raises(CatalogError, match="Device 'nonsense' is not there"):
            reidkit.load(shipped[name], device="nonsense")


def test_devices_of_the_runtimes():
    both = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    assert choose_providers("auto", both) == both == choose_providers("cuda:1", both)
    assert choose_providers("auto", both[1:]) == both[1:] == choose_providers("cpu", both)
    with pytest.raises(CatalogError, match="onnxruntime-gpu"):
        choose_providers("cuda", both[1:])
    assert choose_device("gpu", ["CPU", "GPU.0"]) == "GPU"
    with pytest.raises(CatalogError, match="OpenVINO has CPU"):
        choose_device("npu", ["CPU"])


@pytest.mark.parametrize("name", ["onnx", "openvino", "torchscript", "torch-export"])
def test_damaged_and_missing_files_are_refused(name: str, shipped: dict[str, Path], tmp_path: Path):
    path = tmp_path / shipped[name].name
    with pytest.raises(WeightsError, match="Model not found"):
        reidkit.load(path)
    path.write_bytes(shipped[name].read_bytes()[:200])
    path.with_suffix(".bin").write_bytes(b"")
    with pytest.raises(WeightsError, match="cannot be read"):
        reidkit.load(path)


def test_file_without_a_card_is_refused(shipped: dict[str, Path], tmp_path: Path):
    model = onnx.load(shipped["onnx"])
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "plain.onnx")
    with pytest.raises(WeightsError, match="has no card of reidkit"):
        reidkit.load(tmp_path / "plain.onnx")
    onnx.helper.set_model_props(model, {CARD_KEY: "{}", "reidkit_artefact": "{}"})
    onnx.save(model, tmp_path / "damaged.onnx")
    with pytest.raises(WeightsError, match="has a damaged card"):
        reidkit.load(tmp_path / "damaged.onnx")


def test_unknown_suffix_and_half_of_a_model_are_named(shipped: dict[str, Path], tmp_path: Path):
    with pytest.raises(WeightsError, match=r"unknown suffix, got 'model\.onx'. Did you mean '\.onnx'\?"):
        reidkit.load("model.onx")
    with pytest.raises(WeightsError, match=r"Name .*model\.xml instead"):
        reidkit.load(shipped["openvino"].with_suffix(".bin"))
    (tmp_path / "model.xml").write_bytes(shipped["openvino"].read_bytes())
    with pytest.raises(WeightsError, match=r"Model not found, got .*model\.bin"):
        reidkit.load(tmp_path / "model.xml")


def test_plain_tools_find_the_card(shipped: dict[str, Path]):
    content = {entry.key: entry.value for entry in onnx.load(shipped["onnx"]).metadata_props}
    model = openvino.Core().read_model(shipped["openvino"])
    texts = [content[CARD_KEY], model.get_rt_info(["reidkit", CARD_KEY]).value]
    for text in texts:
        assert json.loads(text)["preprocessing"]["height"] == 32
        assert ModelCard.model_validate_json(text) == read_card(shipped["torch"])


def test_large_batches_are_split():
    sizes = []

    def run(pixels: torch.Tensor) -> torch.Tensor:
        sizes.append(len(pixels))
        return pixels.flatten(1).float()[:, :1]

    pixels = draw_patterns(8, PREPROCESSING, seed=0)
    whole = run_in_parts(run, pixels, None)
    assert torch.equal(run_in_parts(run, pixels, 3), whole)
    assert sizes == [8, 3, 3, 2]


def test_tensorrt_says_what_is_missing(tmp_path: Path, shipped: dict[str, Path]):
    content = {entry.key: entry.value for entry in onnx.load(shipped["onnx"]).metadata_props}
    path = tmp_path / "model.engine"
    write_engine_file(path, content, b"an engine")
    assert read_engine_file(path) == (content, b"an engine")
    with pytest.raises(MissingExtraError, match=r"pip install 'reidkit\[tensorrt\]'"):
        reidkit.load(path)
    path.write_bytes(b"an engine of somebody else")
    with pytest.raises(WeightsError, match="no TensorRT file of reidkit"):
        reidkit.load(path)
    path.write_bytes(b"REIDKTRT" + (10**6).to_bytes(8, "little") + b"{}")
    with pytest.raises(WeightsError, match="ends early"):
        reidkit.load(path)
