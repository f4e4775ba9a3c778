import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from PIL import Image

import reidkit
from reidkit.core.errors import DatasetError, ImageError
from reidkit.deploy.descriptor_files import read_label, read_part, read_rows
from reidkit.deploy.embed_job import embed_to_file, parts_folder
from reidkit.deploy.embedder import Embedder
from reidkit.deploy.inputs import find_images
from tests.deploy.tiny_model import tiny_card, trained_tiny_model

KILLS = 3


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder.of_model(trained_tiny_model(), tiny_card(), device="cpu", batch_size=4)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    noise = np.random.default_rng(0)
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(23):
        Image.fromarray(noise.integers(0, 255, (20, 10, 3)).astype(np.uint8)).save(
            folder / f"{number:02d}.png"
        )
    return find_images(folder)


class Counting:
    """Counts what is embedded."""

    def __init__(self, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
        self.paths: list[Path] = []
        embed = embedder.embed

        def counted(images: Sequence[Path], **options: object) -> object:
            self.paths += images
            return embed(images, **options)

        monkeypatch.setattr(embedder, "embed", counted)


@pytest.mark.parametrize("suffix", [".npz", ".parquet", ".csv"])
def test_file_holds_every_descriptor(suffix: str, embedder: Embedder, paths: list[Path], tmp_path: Path):
    out = tmp_path / f"features{suffix}"
    seen = []
    result = embed_to_file(embedder, paths, out, part_size=10, report=lambda *done: seen.append(done))
    assert (result.num_rows, result.num_new, result.num_had, result.failures) == (23, 23, 0, ())
    assert seen == [(10, 23), (20, 23), (23, 23)]
    expected = embedder.embed(paths)
    if suffix == ".csv":
        table = np.genfromtxt(out, delimiter=",", skip_header=1, dtype=None, encoding="utf-8")
        assert [row[0] for row in table] == [str(path) for path in paths]
        found = np.array([list(row)[1:] for row in table], np.float32)
    else:
        rows = list(read_rows(out))
        assert np.concatenate([part.paths for part in rows]).tolist() == [str(path) for path in paths]
        found = np.concatenate([part.descriptors for part in rows])
        label = read_label(out)
        assert (label.fingerprint, label.distance, label.descriptor_dim) == (
            embedder.fingerprint,
            "cosine",
            64,
        )
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert not parts_folder(out).exists()


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_what_the_file_has_is_skipped(
    suffix: str, embedder: Embedder, paths: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    out = tmp_path / f"features{suffix}"
    embed_to_file(embedder, paths[:20], out)
    counting = Counting(embedder, monkeypatch)
    Image.new("RGB", (10, 20), "red").save(paths[3])  # another picture under an old name
    os.utime(paths[3], ns=(1, 1))
    result = embed_to_file(embedder, paths, out)
    assert counting.paths == [paths[3], *paths[20:]]
    assert (result.num_rows, result.num_new, result.num_had) == (23, 4, 19)
    rows = list(read_rows(out))
    names = np.concatenate([part.paths for part in rows]).tolist()
    assert sorted(names) == [str(path) for path in paths]
    found = np.concatenate([part.descriptors for part in rows])
    np.testing.assert_allclose(found, embedder.embed([Path(name) for name in names]), atol=1e-6)
    counting.paths.clear()
    embed_to_file(embedder, paths, out, overwrite=True)
    assert counting.paths == paths


def test_another_model_is_refused(embedder: Embedder, paths: list[Path], tmp_path: Path):
    out = tmp_path / "features.npz"
    embed_to_file(embedder, paths[:3], out)
    other = Embedder.of_model(trained_tiny_model(), tiny_card(distance="euclidean"), device="cpu")
    with pytest.raises(DatasetError, match=r"features\.npz are of another model.*--overwrite"):
        embed_to_file(other, paths[:3], out)
    np.savez(tmp_path / "plain.npz", paths=[], descriptors=np.empty((0, 64)))
    with pytest.raises(DatasetError, match="got no record"):
        embed_to_file(embedder, paths[:3], tmp_path / "plain.npz")
    with pytest.raises(DatasetError, match="unknown suffix"):
        embed_to_file(embedder, paths[:3], tmp_path / "features.txt")


def test_damaged_pictures_are_listed_or_stop(embedder: Embedder, paths: list[Path], tmp_path: Path):
    paths[12].write_bytes(b"no picture")
    out = tmp_path / "features.npz"
    with pytest.raises(ImageError, match=r"12\.png"):
        embed_to_file(embedder, paths, out, part_size=5, unreadable="error")
    assert not out.exists()
    result = embed_to_file(embedder, paths, out, part_size=5)
    assert (result.num_rows, result.num_new, result.num_had) == (22, 12, 10)  # two parts were done before
    assert [failure.path for failure in result.failures] == [paths[12]]
    with pytest.raises(DatasetError, match="None of the 1 images can be read"):
        embed_to_file(embedder, [paths[12]], tmp_path / "nothing.npz")
    assert not parts_folder(tmp_path / "nothing.npz").exists()


SLOW_JOB = """
    import sys, time
    from pathlib import Path
    import torch
    from reidkit.deploy import embed_job
    from reidkit.deploy.embedder import Embedder
    from reidkit.deploy.inputs import find_images
    from tests.deploy.tiny_model import tiny_card, trained_tiny_model

    torch.set_num_threads(1)  # as the tests have it: the model is trained anew, to the same bits
    write = embed_job.write_part
    def slowly(path, rows):
        write(path, rows)
        print(path.name, flush=True)
        time.sleep(0.05)
    embed_job.write_part = slowly
    embedder = Embedder.of_model(trained_tiny_model(), tiny_card(), device="cpu", batch_size=4)
    embed_job.embed_to_file(embedder, find_images(sys.argv[1]), Path(sys.argv[2]), part_size=2)
    print("done", flush=True)
"""


def test_killed_job_goes_on_and_repeats_nothing(embedder: Embedder, paths: list[Path], tmp_path: Path):
    out = tmp_path / "features.parquet"
    script = textwrap.dedent(SLOW_JOB)
    written: list[str] = []
    for _ in range(KILLS):
        job = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "images"), str(out)],
            stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert job.stdout is not None
        written.append(job.stdout.readline().strip())  # at least one part is acknowledged
        time.sleep(0.02)
        os.kill(job.pid, signal.SIGKILL)
        written += [line.strip() for line in job.stdout if line.strip()]
        assert job.wait() == -signal.SIGKILL
        job.stdout.close()
    assert "done" not in written
    assert len(set(written)) == len(written) >= KILLS
    assert not out.exists()
    parts = sorted(parts_folder(out).glob("[0-9]*.npz"))
    assert {path.name for path in parts} >= set(written)  # nothing acknowledged is lost
    had = [name for path in parts for name in read_part(path).paths.tolist()]
    assert len(set(had)) == len(had)  # nothing was done twice
    result = embed_to_file(embedder, paths, out)
    assert (result.num_rows, result.num_had) == (23, len(had))
    table = pyarrow.parquet.read_table(out)
    assert sorted(table["path"].to_pylist()) == [str(path) for path in paths]
    found = np.array(table["descriptor"].to_pylist(), np.float32)
    expected = embedder.embed([Path(path) for path in table["path"].to_pylist()])
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray warns of its own
def test_ray_writes_the_same_file(run_folder_model: Path, paths: list[Path], tmp_path: Path):
    ray_job = pytest.importorskip("reidkit.deploy.ray_job")
    ray = pytest.importorskip("ray")
    paths[12].write_bytes(b"no picture")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        out = tmp_path / "features.parquet"
        options = {"device": "cpu", "batch_size": 4}
        result = ray_job.embed_on_ray(run_folder_model, paths, out, workers=2, options=options, part_size=5)
        assert (result.num_rows, result.num_new) == (22, 22)
        assert [failure.path for failure in result.failures] == [paths[12]]
        table = pyarrow.parquet.read_table(out)
        assert table["path"].to_pylist() == [str(path) for path in paths if path != paths[12]]
        expected = reidkit.load(run_folder_model, device="cpu").embed(table["path"].to_pylist())
        np.testing.assert_allclose(np.array(table["descriptor"].to_pylist()), expected, atol=1e-5)
        again = ray_job.embed_on_ray(run_folder_model, paths, out, workers=2, options=options)
        assert (again.num_had, again.num_new, again.num_rows) == (22, 0, 22)
    finally:
        ray.shutdown()


@pytest.fixture
def run_folder_model(tmp_path: Path) -> Path:
    """A model that needs nothing of the tests, so that workers can load it."""
    from reidkit.models.checkpoint import ModelCard, save_model
    from reidkit.models.zoo import build_model
    from tests.deploy.tiny_model import PREPROCESSING

    card = ModelCard(architecture="osnet_x0_25", preprocessing=PREPROCESSING, descriptor_dim=512)
    save_model(tmp_path / "model.safetensors", build_model("osnet_x0_25", image_size=(32, 16)), card)
    return tmp_path / "model.safetensors"
