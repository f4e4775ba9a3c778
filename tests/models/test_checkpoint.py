import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from reidkit.core.errors import WeightsError
from reidkit.core.types import Preprocessing, Threshold
from reidkit.models.checkpoint import CARD_KEY, ModelCard, load_model, load_weights, read_card, save_model
from reidkit.models.heads import EmbeddingHead
from reidkit.models.model import PipelineModel, ReidModel
from reidkit.models.pooling import AverageAggregation
from reidkit.models.zoo import build_model

SIZE = (64, 32)


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, ReidModel]:
    model = build_model("osnet_x0_25", num_identities=5, image_size=SIZE).eval()
    card = ModelCard(
        architecture="osnet_x0_25",
        preprocessing=Preprocessing(*SIZE),
        descriptor_dim=512,
        thresholds=(Threshold(0.3, 0.01, 0.9),),
        training_data={"name": "here"},
    )
    path = tmp_path / "model.safetensors"
    save_model(path, model, card)
    return path, model


def test_round_trip_is_exact_and_leaves_the_classifier_out(saved: tuple[Path, ReidModel]):
    path, model = saved
    loaded, card = load_model(path)
    assert not any("classifier" in name for name in load_file(path))
    images = torch.randn(2, 3, *SIZE)
    with torch.no_grad():
        assert torch.equal(loaded(images), model(images))
    assert not loaded.training
    assert card.thresholds == (Threshold(0.3, 0.01, 0.9),)
    assert card.preprocessing == Preprocessing(*SIZE)


def test_read_card_needs_no_model(saved: tuple[Path, ReidModel]):
    assert read_card(saved[0]).training_data == {"name": "here"}


@pytest.mark.parametrize("keep", [0, 4, 100, 0.5, 0.999])
def test_truncated_file_is_refused(saved: tuple[Path, ReidModel], keep: float):
    content = saved[0].read_bytes()
    saved[0].write_bytes(content[: int(keep * len(content)) if keep < 1 else int(keep)])
    with pytest.raises(WeightsError, match=r"is damaged or not a safetensors file .* bytes long"):
        load_model(saved[0])


def test_missing_file_is_named(tmp_path: Path):
    with pytest.raises(WeightsError, match=r"not found, got .*none\.safetensors"):
        load_model(tmp_path / "none.safetensors")


def test_pickle_is_never_opened(tmp_path: Path):
    path = tmp_path / "model.pth.tar"
    torch.save({"state_dict": {}}, path)
    with pytest.raises(WeightsError, match="is a pickle file of PyTorch, which may run code"):
        load_model(path)


def test_web_page_is_recognised(tmp_path: Path):
    path = tmp_path / "model.safetensors"
    path.write_text("<!DOCTYPE html><html>quota exceeded</html>")
    with pytest.raises(WeightsError, match="is a web page, not weights"):
        load_model(path)


def test_weights_without_a_card_are_refused(tmp_path: Path):
    path = tmp_path / "model.safetensors"
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(WeightsError, match="has no card of reidkit"):
        load_model(path)


def rewrite(
    path: Path, *, drop: str = "", add: dict[str, torch.Tensor] | None = None, **card: object
) -> None:
    """Write a checkpoint again with other tensors or another card."""
    content = json.loads(read_card(path).model_dump_json()) | card
    tensors = {name: value for name, value in load_file(path).items() if name != drop}
    save_file({**tensors, **(add or {})}, path, metadata={CARD_KEY: json.dumps(content)})


def test_missing_tensor_is_never_random(saved: tuple[Path, ReidModel]):
    rewrite(saved[0], drop="head.embedding.0.weight")
    with pytest.raises(
        WeightsError,
        match=r"1 of 565 embedding tensors cannot be loaded.*missing: head\.embedding\.0\.weight",
    ):
        load_model(saved[0])


def test_unexpected_tensor_is_refused(saved: tuple[Path, ReidModel]):
    rewrite(saved[0], add={"neck.weight": torch.zeros(3)})
    with pytest.raises(WeightsError, match=r"1 are unexpected - unexpected: neck\.weight"):
        load_model(saved[0])


def test_tensor_of_another_shape_is_refused_with_both_shapes(saved: tuple[Path, ReidModel]):
    rewrite(saved[0], add={"head.embedding.0.bias": torch.zeros(7)})
    with pytest.raises(WeightsError, match=r"head\.embedding\.0\.bias \(7,\) instead of \(512,\)"):
        load_model(saved[0])


def test_wrong_architecture_is_refused(saved: tuple[Path, ReidModel]):
    rewrite(saved[0], architecture="osnet_x0_5")
    with pytest.raises(WeightsError, match="Refusing to give random descriptors"):
        load_model(saved[0])


def test_unknown_architecture_is_named(saved: tuple[Path, ReidModel]):
    rewrite(saved[0], architecture="osnet_x9")
    with pytest.raises(WeightsError, match="cannot be built: Unknown model 'osnet_x9'"):
        load_model(saved[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format_version": 2}, "has a card of format 2. Expected format 1"),
        ({"descriptor_dim": "many"}, "has a damaged card"),
        ({"surprise": 1}, "has a damaged card"),
    ],
)
def test_card_that_is_not_understood_is_refused(
    saved: tuple[Path, ReidModel], change: dict[str, object], message: str
):
    rewrite(saved[0], **change)
    with pytest.raises(WeightsError, match=message):
        load_model(saved[0])


def tiny_builder(*, num_identities: int | None, image_size: tuple[int, int]) -> ReidModel:
    """A builder outside of the package."""
    return PipelineModel(torch.nn.Conv2d(3, 4, 3), AverageAggregation(), EmbeddingHead(4, num_identities))


def test_builder_of_ones_own_needs_trust(tmp_path: Path):
    path = tmp_path / "model.safetensors"
    model = tiny_builder(num_identities=None, image_size=SIZE)
    save_model(path, model, ModelCard(architecture=f"{__name__}:tiny_builder", descriptor_dim=4))
    with pytest.raises(WeightsError, match=r"runs code of the module .* trusted_modules="):
        load_model(path)
    loaded, _ = load_model(path, trusted_modules=[__name__])
    assert loaded.descriptor_dim == 4


def test_failed_load_leaves_the_model_as_it_was():
    model = build_model("osnet_x0_25", image_size=SIZE)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(WeightsError, match="missing"):
        load_weights(model, {"head.embedding.0.bias": torch.ones(512)}, source="test")
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_saving_replaces_the_file_whole(saved: tuple[Path, ReidModel]):
    path, model = saved
    save_model(path, model, ModelCard(architecture="osnet_x0_25", descriptor_dim=512, licence="MIT"))
    assert read_card(path).licence == "MIT"
    assert [item.name for item in path.parent.iterdir()] == ["model.safetensors"]
