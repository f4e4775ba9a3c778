import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reidkit.core.errors import CatalogError, DatasetError, ImageError, ShapeError
from reidkit.deploy.embedder import Embedder
from reidkit.deploy.inputs import as_boxes, find_images, read_any
from reidkit.deploy.reading import BATCHES_AHEAD, read_ahead
from tests.deploy.tiny_model import tiny_card, trained_tiny_model


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder.of_model(trained_tiny_model(), tiny_card(), device="cpu", batch_size=3)


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (7, 30, 14, 3)).astype(np.uint8)


def test_tensors_are_read_like_arrays(embedder: Embedder, pixels: np.ndarray):
    tensors = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    expected = embedder.embed(pixels)
    assert expected.shape == (7, 64)
    np.testing.assert_array_equal(embedder.embed(tensors), expected)
    np.testing.assert_allclose(embedder.embed(tensors[2]), expected[2:3], atol=1e-6)
    np.testing.assert_array_equal(embedder.embed(tensors.flip(1), colour="bgr"), expected)
    for wrong in (tensors[0].float() / 255, tensors[0, :2], tensors[0, 0]):
        with pytest.raises(ImageError, match="Image tensor has a wrong form"):
            read_any(wrong)


def test_frames_of_every_kind_have_the_same_boxes(embedder: Embedder, pixels: np.ndarray, tmp_path: Path):
    frame, boxes = pixels[0], [(2, 3, 9, 20), (-4, -4, 5, 5), (20, 0, 30, 9), (float("nan"), 0, 1, 1)]
    Image.fromarray(frame).save(tmp_path / "frame.png")
    expected, is_valid = embedder.embed_boxes(frame, boxes)
    assert is_valid.tolist() == [True, True, False, False]
    np.testing.assert_allclose(expected[:2], embedder.embed([frame[3:20, 2:9], frame[:5, :5]]), atol=1e-6)
    tensor = torch.from_numpy(frame).permute(2, 0, 1)
    for given in (tmp_path / "frame.png", Image.fromarray(frame), tensor):
        np.testing.assert_array_equal(embedder.embed_boxes(given, torch.tensor(boxes)).descriptors, expected)
    turned = np.ascontiguousarray(frame[..., ::-1])
    np.testing.assert_array_equal(embedder.embed_boxes(turned, boxes, colour="bgr").descriptors, expected)
    np.testing.assert_array_equal(
        embedder.embed_boxes(tensor.flip(0), boxes, colour="bgr").descriptors, expected
    )
    with pytest.raises(ImageError, match="wrong type, got float64"):
        embedder.embed_boxes(frame / 255, [])
    for wrong in ([(1, 2, 3)], np.zeros(4), [["a"] * 4]):
        with pytest.raises(ShapeError, match="Boxes have a wrong form"):
            as_boxes(wrong)


def test_tracklet_is_the_mean_of_its_frames(embedder: Embedder, pixels: np.ndarray):
    rows = embedder.embed(pixels)
    mean = rows[:5].mean(axis=0)
    found = embedder.embed_tracklets([pixels[:5], pixels[5:6]])
    np.testing.assert_allclose(found, [mean / np.linalg.norm(mean), rows[5]], atol=1e-6)
    failures = []
    tracklets = [[pixels[0], b"no picture"], [b"no picture"], []]
    found = embedder.embed_tracklets(tracklets, unreadable="skip", failures=failures)
    np.testing.assert_allclose(found[0], rows[0], atol=1e-6)
    assert np.isnan(found[1:]).all()
    assert len(failures) == 2
    assert embedder.embed_tracklets([]).shape == (0, 64)


def test_folders_and_patterns(embedder: Embedder, pixels: np.ndarray, tmp_path: Path):
    names = ["a/1.png", "a/2.png", "b/deep/3.png", "b/[4].png"]
    for name, image in zip(names, pixels, strict=False):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / name)
    paths = [tmp_path / name for name in names]
    assert find_images(tmp_path / "a") == paths[:2]
    assert find_images(str(tmp_path / "*" / "?.png")) == paths[:2]
    assert set(find_images(str(tmp_path / "**" / "*.png"))) == set(paths)
    assert find_images(paths[3]) == [paths[3]]  # a file that is there is no pattern
    assert find_images([paths[1], tmp_path / "a"]) == [paths[1], paths[0]]
    for nothing, message in (
        ("nowhere", "Image not found"), (tmp_path / "*.gif", "No images found"), ([], "No images found")
    ):  # fmt: skip
        with pytest.raises(DatasetError, match=message):
            find_images(nothing)
    (tmp_path / "a" / "0.png").write_bytes(b"no picture")
    found = embedder.embed_files(tmp_path / "a")
    assert found.paths == paths[:2]
    assert [failure.path for failure in found.failures] == [tmp_path / "a" / "0.png"]
    np.testing.assert_allclose(found.descriptors, embedder.embed(pixels[:2]), atol=1e-6)
    with pytest.raises(ImageError, match=r"0\.png"):
        embedder.embed_files(tmp_path / "a", unreadable="error")


def test_progress_and_batches(embedder: Embedder, pixels: np.ndarray):
    steps = []
    expected = embedder.embed(pixels, report=lambda *done: steps.append(done))
    assert steps == [(3, 7), (6, 7), (7, 7)]
    batches = list(embedder.embed_batches(iter(pixels)))
    assert [len(batch) for batch in batches] == [3, 3, 1]
    np.testing.assert_array_equal(np.concatenate(batches), expected)
    with pytest.raises(CatalogError, match="batch_size is out of range, got 0"):
        Embedder.of_model(trained_tiny_model(), tiny_card(), device="cpu", batch_size=0)


def test_a_generator_is_read_a_bounded_way_ahead():
    taken = 0

    def endless() -> Iterator[list[int]]:
        nonlocal taken
        while True:
            taken += 1
            yield [taken] * 4

    batches = read_ahead(endless(), lambda number: number * 10)
    for number in range(1, 6):
        assert next(batches) == [number * 10] * 4
        assert taken <= number + BATCHES_AHEAD
    batches.close()


def test_decoding_goes_on_while_the_network_computes():
    started = threading.Semaphore(0)

    def read(number: int) -> int:
        started.release()
        return number

    batches = read_ahead(([n] for n in range(9)), read)
    assert next(batches) == [0]
    deadline = time.monotonic() + 60
    while started._value < 1 + BATCHES_AHEAD and time.monotonic() < deadline:
        time.sleep(0.01)
    assert started._value == 1 + BATCHES_AHEAD  # nobody asked for the second batch yet
    batches.close()


def test_an_error_of_a_thread_comes_out_in_its_place():
    def read(number: int) -> int:
        if number == 5:
            raise ImageError("the fifth")
        return number

    batches = read_ahead([[1, 2], [3, 4], [5, 6], [7, 8]], read)
    assert [next(batches), next(batches)] == [[1, 2], [3, 4]]
    with pytest.raises(ImageError, match="the fifth"):
        next(batches)
