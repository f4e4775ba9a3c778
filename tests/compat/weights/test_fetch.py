import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from reidkit.compat.weights import fetch as module
from reidkit.compat.weights.fetch import fetch_weights, model_path, source_path
from reidkit.compat.weights.table import WEIGHTS
from reidkit.core import download
from reidkit.core.errors import WeightsError
from reidkit.models.checkpoint import load_model, read_card
from tests.core.file_server import FileServer, serve
from tests.golden.torchreid.networks import state_dict

NAME = "torchreid/osnet_x0_25"


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REIDKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("REIDKIT_OFFLINE", raising=False)
    monkeypatch.setattr(download, "WAITS", (0.0,))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def published() -> bytes:
    """A small file such as Torchreid publishes."""
    stream = io.BytesIO()
    torch.save(state_dict("osnet_x0_25"), stream)
    return stream.getvalue()


@pytest.fixture
def server(published: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """Serves it, at the address of a row that stands for one of the table."""
    with serve(FileServer(published, breaks=[len(published) // 2, None])) as file:
        digits = hashlib.sha256(published).hexdigest()[:8]
        row = replace(WEIGHTS[NAME], kind="address", url=file.url, sha256=digits)
        monkeypatch.setattr(module, "find_weights", lambda name: row)
        yield file


def test_published_weights_become_a_model_over_a_bad_connection(server: FileServer, published: bytes):
    path = fetch_weights(NAME)
    assert path == model_path(NAME)
    assert sum(server.sent) == len(published)
    assert len(server.sent) == 2
    model, card = load_model(path)
    assert (card.architecture, card.descriptor_dim, card.licence) == ("osnet_x0_25", 512, "MIT")
    assert card.training_data == {
        "name": "ImageNet-1k",
        "terms": "Non-commercial research and education.",
    }
    assert card.origin["url"] == server.url
    assert card.origin["sha256"] == hashlib.sha256(published).hexdigest()
    given = state_dict("osnet_x0_25")["conv1.conv.weight"]
    assert any(torch.equal(value, given) for value in model.state_dict().values())
    assert fetch_weights(NAME, offline=True) == path
    assert len(server.sent) == 2


def test_another_file_to_write_uses_what_was_fetched(server: FileServer, tmp_path: Path):
    fetch_weights(NAME)
    assert fetch_weights(NAME, out=tmp_path / "own.safetensors", offline=True) == tmp_path / "own.safetensors"
    assert read_card(tmp_path / "own.safetensors") == read_card(model_path(NAME))
    assert len(server.sent) == 2


def test_offline_says_where_the_file_is_expected(server: FileServer):
    with pytest.raises(WeightsError, match=r"Weights of 'torchreid/osnet_x0_25' cannot be had.*forbidden"):
        fetch_weights(NAME, offline=True)
    assert server.asked == []


def test_weights_behind_a_web_page_are_put_in_place_by_hand(published: bytes):
    place = source_path(WEIGHTS[NAME])
    with pytest.raises(WeightsError, match=r"fetched by hand.*at .*osnet_x0_25_imagenet.pth.*drive.google"):
        fetch_weights(NAME)
    place.parent.mkdir(parents=True)
    place.write_bytes(published)
    assert read_card(fetch_weights(NAME)).architecture == "osnet_x0_25"


def test_weights_of_timm_come_through_timm(monkeypatch: pytest.MonkeyPatch):
    import timm

    asked = []
    create = timm.create_model

    def without_hub(name: str, *, pretrained: bool = False, **arguments: object) -> torch.nn.Module:
        asked.append((name, pretrained))
        return create(name, pretrained=False, **arguments)

    monkeypatch.setattr(timm, "create_model", without_hub)
    path = fetch_weights("timm/test_vit.r160_in1k")
    assert ("test_vit.r160_in1k", True) in asked
    asked.clear()
    _, card = load_model(path)
    assert all(not pretrained for _, pretrained in asked)
    assert card.licence == timm.get_pretrained_cfg("test_vit.r160_in1k").license
    assert card.arguments["backbone"] == "test_vit.r160_in1k"
    assert card.origin == {
        "source": "timm",
        "url": "https://huggingface.co/timm/test_vit.r160_in1k",
    }


def test_a_damaged_model_in_the_cache_is_told():
    path = model_path(NAME)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half")
    with pytest.raises(WeightsError, match="damaged"):
        fetch_weights(NAME)
