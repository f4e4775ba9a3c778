from pathlib import Path

import av
import numpy as np
import pytest

from reidkit.core.errors import CatalogError, DatasetError, ImageError
from reidkit.deploy.appearance import AppearanceModel
from reidkit.deploy.embedder import Embedder
from reidkit.deploy.video import embed_video, read_boxes
from tests.deploy.tiny_model import tiny_card, trained_tiny_model


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder.of_model(trained_tiny_model(), tiny_card(), device="cpu", batch_size=3)


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    """Six frames: coarse patterns, which a codec without loss keeps to the bit."""
    noise = np.random.default_rng(0)
    return [np.kron(noise.integers(0, 255, (6, 8, 3)), np.ones((8, 8, 1))).astype(np.uint8) for _ in range(6)]


@pytest.fixture(scope="module")
def video(frames: list[np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "walk.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr0"
        for pixels in frames:
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def test_boxes_of_a_video_are_those_of_its_frames(
    embedder: Embedder, video: Path, frames: list[np.ndarray], tmp_path: Path
):
    table = tmp_path / "boxes.csv"
    table.write_text(
        "track,frame,left,top,right,bottom\nb,4,0,0,20,40\na,1,10,5,30,45\nb,1,40,0,90,48\n"
        "a,4,70,0,80,9\na,9,0,0,9,9\nc,2,5,5,5,9\nb,5,0,0,64,48\n"
    )
    steps = []
    found = embed_video(embedder, video, table, report=lambda *done: steps.append(done))
    assert found.where.frames.tolist() == [1, 1, 2, 4, 4, 5, 9]
    assert found.where.tracks.tolist() == ["a", "b", "c", "b", "a", "b", "a"]
    assert found.is_valid.tolist() == [True, True, False, True, False, True, False]
    assert np.isnan(found.descriptors[~found.is_valid]).all()
    crops = [frames[1][5:45, 10:30], frames[1][:, 40:], frames[4][:40, :20], frames[5]]
    np.testing.assert_allclose(found.descriptors[found.is_valid], embedder.embed(crops), atol=1e-5)
    assert steps == [(2, 7), (3, 7), (5, 7), (6, 7)]


def test_boxes_of_motchallenge_are_read(tmp_path: Path):
    table = tmp_path / "gt.txt"
    table.write_text("2,7,10.5,20,30,40,1,1,0.9\n1,3,0,0,5,5,1,1,1\n")
    boxes = read_boxes(table)
    assert boxes.frames.tolist() == [0, 1]
    assert boxes.tracks.tolist() == ["3", "7"]
    assert boxes.boxes.tolist() == [[0, 0, 5, 5], [10.5, 20, 40.5, 60]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("frame,left,top\n1,2,3\n", "lack columns, got frame, left, top"),
        ("1,2,3\n", "line 1, is no box, got 1,2,3"),
        ("frame,left,top,right,bottom\n1,2,3,4,5\n1,x,3,4,5\n", "line 3, is no box"),
    ],
)
def test_wrong_boxes_are_refused(text: str, message: str, tmp_path: Path):
    (tmp_path / "boxes.csv").write_text(text)
    with pytest.raises(DatasetError, match=message):
        read_boxes(tmp_path / "boxes.csv")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_boxes(tmp_path / "nothing.csv")


def test_what_is_no_video_is_refused(embedder: Embedder, tmp_path: Path):
    (tmp_path / "boxes.csv").write_text("1,1,0,0,5,5\n")
    (tmp_path / "video.mp4").write_bytes(b"no video" * 100)
    for name in ("video.mp4", "nothing.mp4"):
        with pytest.raises(ImageError, match=f"Video .*{name} cannot be read"):
            embed_video(embedder, tmp_path / name, tmp_path / "boxes.csv")


def test_appearance_model_takes_what_trackers_hold(embedder: Embedder, frames: list[np.ndarray]):
    frame = frames[0][..., ::-1]  # as OpenCV has it
    boxes = np.array([[10, 5, 30, 45, 0.9], [0, 0, 20, 40, 0.8], [90, 0, 99, 9, 0.7], [np.nan] * 5])
    expected = embedder.embed([frames[0][5:45, 10:30], frames[0][:40, :20]])
    rows = AppearanceModel(embedder).embed(frame, boxes)
    np.testing.assert_allclose(rows[:2], expected, atol=1e-6)
    assert np.isnan(rows[2:]).all()
    wide = boxes.copy()
    wide[:, 2:4] -= wide[:, :2]
    filled = AppearanceModel(embedder, boxes="ltwh", fill=0).embed(frame, wide)
    np.testing.assert_allclose(filled[:2], expected, atol=1e-6)
    assert (filled[2:] == 0).all()
    model = AppearanceModel(embedder, colour="rgb")
    np.testing.assert_allclose(model.embed(frames[0], boxes[:2].tolist()), expected, atol=1e-6)
    assert model.embed(frames[0], []).shape == (0, model.descriptor_dim) == (0, 64)
    with pytest.raises(CatalogError, match="Form of boxes is unknown"):
        AppearanceModel(embedder, boxes="cxcywh")
    with pytest.raises(CatalogError, match="Order of colours is unknown"):
        AppearanceModel(embedder, colour="gray")
