import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import reidkit
from reidkit.core.errors import CatalogError, ImageError, WeightsError
from reidkit.core.types import Preprocessing, Threshold
from reidkit.data.failures import ReadFailure
from reidkit.data.readers import read_dataset
from reidkit.deploy.comparison import judge_distance
from reidkit.deploy.devices import choose_device
from reidkit.deploy.embedder import Embedder, find_model, load
from reidkit.engine.extract import extract
from reidkit.models.checkpoint import ModelCard, save_model
from reidkit.models.zoo import build_model

PREPROCESSING = Preprocessing(height=64, width=32)


@pytest.fixture(scope="module")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    model = build_model("osnet_x0_25", image_size=(64, 32)).eval()
    card = ModelCard(architecture="osnet_x0_25", preprocessing=PREPROCESSING, descriptor_dim=512)
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    save_model(path, model, card)
    return path


@pytest.fixture(scope="module")
def embedder(model_path: Path) -> Embedder:
    return load(model_path, device="cpu", batch_size=4)


@pytest.fixture(scope="module")
def paths(dataset_root: Path) -> list[Path]:
    return sorted((dataset_root / "query").rglob("*.png"))


def test_every_kind_of_input_gives_the_same_descriptor(embedder: Embedder, paths: list[Path]):
    path = paths[0]
    image = Image.open(path).convert("RGB")
    pixels = np.array(image)
    whole = embedder.embed([path, str(path), path.read_bytes(), image, pixels])
    assert whole.shape == (5, 512)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole, np.repeat(whole[:1], 5, axis=0), atol=1e-6)


def test_bgr_arrays_are_turned(embedder: Embedder, paths: list[Path]):
    pixels = np.array(Image.open(paths[0]).convert("RGB"))
    np.testing.assert_allclose(
        embedder.embed(pixels[..., ::-1], colour="bgr"), embedder.embed(pixels), atol=1e-6
    )
    assert np.abs(embedder.embed(pixels[..., ::-1]) - embedder.embed(pixels)).max() > 1e-4


def test_descriptors_have_unit_length_for_cosine(embedder: Embedder, paths: list[Path]):
    np.testing.assert_allclose(np.linalg.norm(embedder.embed(paths), axis=1), 1, atol=1e-5)


def test_embedder_and_evaluation_share_one_preprocessing(embedder: Embedder, dataset_root: Path):
    splits = read_dataset("folder", dataset_root)
    evaluated = extract(embedder.model, splits.query, PREPROCESSING, batch_size=7).descriptors
    embedded = embedder.embed([sample.path for sample in splits.query])
    expected = torch.nn.functional.normalize(evaluated).numpy()
    np.testing.assert_allclose(embedded, expected, atol=1e-5)


def test_one_image_gives_one_row_and_none_gives_none(embedder: Embedder, paths: list[Path]):
    assert embedder.embed(paths[0]).shape == (1, 512)
    assert embedder.embed(np.zeros((8, 4, 3), np.uint8)).shape == (1, 512)
    assert embedder.embed(np.zeros((2, 8, 4, 3), np.uint8)).shape == (2, 512)
    assert embedder.embed([]).shape == (0, 512)


def test_generator_is_consumed_batch_by_batch(embedder: Embedder, paths: list[Path]):
    np.testing.assert_allclose(embedder.embed(path for path in paths), embedder.embed(paths), atol=1e-6)


def test_result_does_not_depend_on_the_batch(model_path: Path, paths: list[Path]):
    one = load(model_path, device="cpu", batch_size=1).embed(paths)
    many = load(model_path, device="cpu", batch_size=64).embed(paths)
    np.testing.assert_allclose(one, many, atol=1e-5)


def test_damaged_image_stops_or_gives_nan(embedder: Embedder, paths: list[Path], tmp_path: Path):
    damaged = tmp_path / "damaged.jpg"
    damaged.write_bytes(b"\xff\xd8\xff\xe0 no picture")
    with pytest.raises(ImageError, match=r"damaged\.jpg"):
        embedder.embed([paths[0], damaged])
    failures: list[ReadFailure] = []
    descriptors = embedder.embed([paths[0], damaged, paths[1]], unreadable="skip", failures=failures)
    assert np.isnan(descriptors[1]).all()
    np.testing.assert_allclose(descriptors[[0, 2]], embedder.embed(paths[:2]), atol=1e-5)
    assert [failure.path for failure in failures] == [damaged]


def test_boxes_are_cut_clipped_and_never_crash(embedder: Embedder):
    frame = np.random.default_rng(0).integers(0, 255, (100, 80, 3)).astype(np.uint8)
    boxes = [(10, 20, 30, 60), (-5, -5, 20, 20), (200, 0, 300, 50), (30, 30, 30, 40)]
    descriptors, is_valid = embedder.embed_boxes(frame, boxes)
    assert descriptors.shape == (4, 512)
    assert is_valid.tolist() == [True, True, False, False]
    np.testing.assert_allclose(descriptors[0], embedder.embed(frame[20:60, 10:30])[0], atol=1e-5)
    np.testing.assert_allclose(descriptors[1], embedder.embed(frame[:20, :20])[0], atol=1e-5)
    assert np.isnan(descriptors[2:]).all()
    nothing = embedder.embed_boxes(frame, np.empty((0, 4)))
    assert nothing.descriptors.shape == (0, 512)
    assert nothing.is_valid.shape == (0,)


def test_compare_gives_the_cosine_distance(embedder: Embedder, paths: list[Path]):
    first, second = embedder.embed(paths[:2])
    result = embedder.compare(paths[0], paths[1])
    assert result.distance == pytest.approx(1 - float(first @ second), abs=1e-6)
    assert result.verdict is None
    assert embedder.compare(paths[0], paths[0]).distance == pytest.approx(0, abs=1e-6)


def test_judge_distance_says_same_unsure_or_different():
    strict, middle, loose = Threshold(0.1, 0.001, 0.5), Threshold(0.2, 0.01, 0.8), Threshold(0.4, 0.1, 0.95)
    thresholds = [loose, strict, middle]  # in any order
    assert judge_distance(0.1, thresholds).verdict == "same"
    assert judge_distance(0.15, thresholds).verdict == "unsure"
    assert judge_distance(0.15, thresholds).threshold == middle
    assert judge_distance(0.4, thresholds).threshold == loose
    assert judge_distance(0.41, thresholds).verdict == "different"
    assert judge_distance(0.1, []).verdict is None


def test_device_that_is_not_there_is_refused():
    assert choose_device("auto").type in ("cpu", "cuda", "mps")
    with pytest.raises(CatalogError, match="Device 'nonsense' is not there"):
        choose_device("nonsense")


def test_run_folder_stands_for_its_model(model_path: Path, tmp_path: Path):
    assert find_model(model_path) == model_path
    assert find_model(model_path.parent) == model_path
    with pytest.raises(WeightsError, match=r"holds no model\.safetensors.*--resume"):
        find_model(tmp_path)


def test_public_load_reads_bytes_too(model_path: Path, paths: list[Path]):
    image = io.BytesIO()
    Image.open(paths[0]).save(image, "JPEG")
    assert reidkit.load(str(model_path), device="cpu").embed([image.getvalue()]).shape == (1, 512)


def test_using_a_model_loads_no_training_code(model_path: Path, paths: list[Path]):
    code = (
        "import sys, reidkit; reidkit.load(sys.argv[1], device='cpu').embed([sys.argv[2]]); "
        "heavy = {'lightning', 'tensorboard', 'matplotlib', 'timm', 'typer', 'omegaconf'} & set(sys.modules); "
        "assert 'torch' in sys.modules; sys.exit(str(heavy) if heavy else 0)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(model_path), str(paths[0])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_cameras_for_a_model_that_uses_none_are_refused(embedder: Embedder, paths: list[Path]):
    with pytest.raises(CatalogError, match="uses none"):
        embedder.embed(paths[:1], cameras=[1])


@pytest.mark.parametrize(
    ("distance", "normalization", "is_unit"),
    [
        ("cosine", "by_distance", True),
        ("euclidean", "by_distance", False),
        ("euclidean", "unit", True),
        ("squared-euclidean", "unit", True),
    ],
)
def test_descriptors_are_scaled_as_the_card_says(
    model_path: Path, paths: list[Path], tmp_path: Path, distance: str, normalization: str, is_unit: bool
):
    from reidkit.models.checkpoint import load_model

    model, card = load_model(model_path)
    changed = card.model_copy(update={"distance": distance, "normalization": normalization})
    save_model(tmp_path / "model.safetensors", model, changed)
    rows = load(tmp_path / "model.safetensors", device="cpu").embed(paths[:2])
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5) == is_unit
