"""A small service: a random model, a gallery of drawn people, a client that calls it in this process."""

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import torch
from fastapi.testclient import TestClient
from PIL import Image

from reidkit.core.types import Calibration, Preprocessing, Threshold
from reidkit.deploy.embedder import Embedder, load
from reidkit.gallery.gallery import Gallery, create_gallery
from reidkit.gallery.records import Template
from reidkit.models.checkpoint import ModelCard, save_model
from reidkit.models.zoo import build_model
from reidkit.serve.app import create_app
from reidkit.serve.settings import ServiceSettings

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
CALIBRATION = Calibration(
    "isotonic", 0.5, (0.0, 0.02, 0.2), (0.99, 0.5, 0.01), 0.005, 0.05, 0.01, 0.02, 100, 1000, "drawn"
)


@pytest.fixture(scope="session")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file that knows nothing yet."""
    torch.manual_seed(0)
    model = build_model("osnet_x0_25", image_size=(64, 32)).eval()
    card = ModelCard(
        architecture="osnet_x0_25",
        preprocessing=Preprocessing(height=64, width=32),
        descriptor_dim=512,
        thresholds=(Threshold(0.01, 0.01, 0.9),),
        calibration=CALIBRATION,
    )
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    save_model(path, model, card)
    return path


@pytest.fixture(scope="session")
def embedder(model_path: Path) -> Embedder:
    return load(model_path, device="cpu", batch_size=8)


@dataclass(frozen=True)
class Place:
    """Where things of one test lie."""

    gallery: Gallery
    people: list[Path]
    root: Path


@pytest.fixture
def place(embedder: Embedder, dataset_root: Path, tmp_path: Path) -> Place:
    """A gallery of three people, two templates each, from two cameras."""
    gallery = create_gallery(
        tmp_path / "gallery",
        model=embedder.fingerprint,
        descriptor_dim=512,
        calibration=embedder.card.calibration,
    )
    folders = sorted(path for path in (dataset_root / "train").iterdir() if path.is_dir())[:3]
    people = [path for folder in folders for path in sorted(folder.glob("*_00.png"))[:2]]
    templates = [
        Template(
            path.parent.name,
            f"t{number}",
            camera=path.stem.split("_c")[1][0],
            time=NOON + timedelta(minutes=number),
            source=str(path),
        )
        for number, path in enumerate(people)
    ]
    gallery.add(templates, embedder.embed(people))
    return Place(gallery, people, dataset_root)


Connect = Callable[..., TestClient]


@pytest.fixture
def connect(embedder: Embedder, place: Place) -> Iterator[Connect]:
    """Return a function that starts the service with settings and gives a client."""
    opened: list[TestClient] = []

    def start(**settings: object) -> TestClient:
        chosen = ServiceSettings(**{"roots": (place.root,), **settings})  # type: ignore[arg-type]
        app = create_app(embedder, place.gallery, chosen)
        client = TestClient(app, raise_server_exceptions=False)
        client.__enter__()
        opened.append(client)
        return client

    yield start
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(connect: Connect) -> TestClient:
    return connect()


def photo(size: tuple[int, int] = (32, 64), colour: str = "red", kind: str = "PNG") -> bytes:
    """Return the content of an image file of one colour."""
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, kind)
    return stream.getvalue()


def id_of(content: bytes) -> str:
    """Return the id that the service gives to an image."""
    return hashlib.sha256(content).hexdigest()[:24]
