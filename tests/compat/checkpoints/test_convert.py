import re
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F
from torchvision.models import resnet18, resnet50

from reidkit.compat.checkpoints.convert import convert_checkpoint
from reidkit.compat.checkpoints.sources import SOURCES, recognise
from reidkit.core.errors import CatalogError, WeightsError
from reidkit.models.checkpoint import load_model, save_model
from tests.golden.test_fastreid_golden import HINTS, SHAPES
from tests.golden.torchreid.networks import NETWORKS, shapes_only
from tests.golden.weights import draw_state_dict

IMAGES = torch.randn(2, 3, 64, 32, generator=torch.Generator().manual_seed(0))


def on_meta(shapes: list[tuple[str, list[int]]]) -> dict[str, torch.Tensor]:
    return {key: torch.empty(shape, device="meta") for key, shape in shapes}


def drawn(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Give every tensor numbers of its own, with which a network stays calm."""
    weights = draw_state_dict([(key, list(value.shape)) for key, value in tensors.items()])
    return {key: 0.1 * value if key.endswith("bn3.weight") else value for key, value in weights.items()}


def layumi_file(
    folder: Path, *, num_identities: int = 5, linear: int = 512
) -> tuple[Path, dict[str, torch.Tensor]]:
    shapes = {f"model.{key}": value for key, value in resnet50().state_dict().items()}
    dim = linear or 2048
    block: dict[str, tuple[int, ...]] = {}
    if linear:
        block |= {"0.weight": (linear, 2048), "0.bias": (linear,)}
    norm = "1" if linear else "0"
    block |= {f"{norm}.{name}": (dim,) for name in ("weight", "bias", "running_mean", "running_var")}
    shapes |= {f"classifier.add_block.{key}": torch.empty(shape) for key, shape in block.items()}
    shapes[f"classifier.add_block.{norm}.num_batches_tracked"] = torch.tensor(0)
    shapes |= {
        "classifier.classifier.0.weight": torch.empty(num_identities, dim),
        "classifier.classifier.0.bias": torch.empty(num_identities),
    }
    tensors = drawn(shapes)
    torch.save(tensors, folder / "net_last.pth")
    return folder / "net_last.pth", tensors


def resnet_features(tensors: dict[str, torch.Tensor], prefix: str, *, last_stride: int) -> torch.Tensor:
    """Return what torchvision's ResNet-50 pools, with a step of 1 in the last stage where asked for."""
    network = resnet50().eval()
    if last_stride == 1:
        network.layer4[0].conv2.stride = (1, 1)
        network.layer4[0].downsample[0].stride = (1, 1)
    own = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
    network.load_state_dict({**network.state_dict(), **own})
    network.fc = torch.nn.Identity()
    with torch.no_grad():
        return network(IMAGES)


def norm_of(values: torch.Tensor, tensors: dict[str, torch.Tensor], prefix: str) -> torch.Tensor:
    mean, variance, weight, bias = (
        tensors[f"{prefix}.{name}"] for name in ("running_mean", "running_var", "weight", "bias")
    )
    return F.batch_norm(values, mean, variance, weight, bias)


def assert_near(actual: torch.Tensor, expected: torch.Tensor) -> None:
    assert actual.shape == expected.shape
    assert float((actual - expected).abs().max()) <= 1e-5 * float(expected.abs().max())


def test_every_published_network_is_of_exactly_one_source():
    for name in NETWORKS:
        assert recognise(shapes_only(name), {}).source == "torchreid"
    for name, shapes in SHAPES.items():
        assert recognise(on_meta(shapes), HINTS.get(name, {})).source == "fastreid"
    assert len(NETWORKS) + len(SHAPES) == 49 + 40
    assert len(SOURCES) == 6


def test_strong_baseline_gives_the_descriptor_behind_its_neck(tmp_path: Path):
    shapes = {
        f"base.{key}": value for key, value in resnet50().state_dict().items() if not key.startswith("fc")
    }
    shapes |= {f"bottleneck.{key}": value for key, value in torch.nn.BatchNorm1d(2048).state_dict().items()}
    tensors = drawn(shapes | {"classifier.weight": torch.empty(7, 2048)})
    torch.save(
        {f"module.{key}": value for key, value in tensors.items()}, tmp_path / "resnet50_model_120.pth"
    )
    conversion = convert_checkpoint(tmp_path / "resnet50_model_120.pth")
    assert conversion.foreign.source == "strong_baseline"
    assert conversion.left_out == ("classifier.weight",)
    expected = norm_of(resnet_features(tensors, "base.", last_stride=1), tensors, "bottleneck")
    with torch.no_grad():
        assert_near(conversion.model(IMAGES), expected)


@pytest.mark.parametrize("stride", [1, 2])
def test_layumi_gives_the_descriptor_before_its_classifier(stride: int, tmp_path: Path):
    path, tensors = layumi_file(tmp_path)
    conversion = convert_checkpoint(path, hints={"last_stride": stride})
    assert conversion.foreign.source == "layumi"
    assert conversion.card.preprocessing.interpolation == "bicubic"
    pooled = resnet_features(tensors, "model.", last_stride=stride)
    weight, bias = (tensors[f"classifier.add_block.0.{name}"] for name in ("weight", "bias"))
    expected = norm_of(F.linear(pooled, weight, bias), tensors, "classifier.add_block.1")
    with torch.no_grad():
        assert_near(conversion.model(IMAGES), expected)


def test_layumi_without_its_linear_layer(tmp_path: Path):
    path, tensors = layumi_file(tmp_path, linear=0)
    expected = norm_of(resnet_features(tensors, "model.", last_stride=2), tensors, "classifier.add_block.0")
    with torch.no_grad():
        assert_near(convert_checkpoint(path).model(IMAGES), expected)


def test_a_plain_resnet_becomes_a_model_and_a_file(tmp_path: Path):
    torch.manual_seed(0)
    network = resnet18().eval()
    torch.save(network.state_dict(), tmp_path / "resnet18-f37072fd.pth")
    conversion = convert_checkpoint(tmp_path / "resnet18-f37072fd.pth", hints={"image_size": (64, 32)})
    assert conversion.left_out == ("fc.weight", "fc.bias")
    save_model(tmp_path / "model.safetensors", conversion.model, conversion.card)
    model, card = load_model(tmp_path / "model.safetensors")
    assert card.origin["source"] == "plain"
    assert card.origin["sha256"] == conversion.file.sha256
    assert (card.preprocessing.height, card.preprocessing.width) == (64, 32)
    network.fc = torch.nn.Identity()
    with torch.no_grad():
        assert_near(model(IMAGES), network(IMAGES))


def test_a_classifier_is_kept_on_request_and_survives_the_file(tmp_path: Path):
    path, tensors = layumi_file(tmp_path)
    conversion = convert_checkpoint(path, keep_classifier=True)
    assert conversion.left_out == ("model.fc.weight", "model.fc.bias")
    save_model(tmp_path / "model.safetensors", conversion.model, conversion.card)
    model, card = load_model(tmp_path / "model.safetensors")
    assert card.num_identities == 5
    assert torch.equal(model.head.classifier.weight, tensors["classifier.classifier.0.weight"])
    (logits,) = model.training_outputs(IMAGES).logits
    assert logits.shape == (2, 5)


@pytest.mark.parametrize("what", ["missing", "left over", "misshapen"])
def test_every_tensor_is_accounted_for(what: str, tmp_path: Path):
    path, tensors = layumi_file(tmp_path)
    if what == "missing":
        del tensors["model.layer2.1.bn1.running_var"]
        expected = r"1 tensors are missing, 0 are left over, and 0 .*backbone\.layer2\.1\.bn1\.running_var"
    elif what == "left over":
        tensors["extra.weight"] = torch.ones(1)
        expected = r"0 tensors are missing, 1 are left over, and 0 .*not used:\n  extra\.weight"
    else:
        tensors["model.conv1.weight"] = torch.ones(64, 4, 7, 7)
        expected = r"and 1 have another shape.*conv1\.weight \(64, 4, 7, 7\) instead of \(64, 3, 7, 7\)"
    torch.save(tensors, path)
    with pytest.raises(WeightsError, match=re.compile(expected, re.DOTALL)):
        convert_checkpoint(path)


def test_files_without_counters_of_batches_are_complete(tmp_path: Path):
    path, tensors = layumi_file(tmp_path)
    torch.save({key: value for key, value in tensors.items() if "num_batches" not in key}, path)
    assert convert_checkpoint(path).card.descriptor_dim == 512


def test_position_embeddings_are_brought_to_another_size(tmp_path: Path):
    tensors = draw_state_dict(SHAPES["vit_small"])
    torch.save({"model": tensors}, tmp_path / "vit.pth")
    conversion = convert_checkpoint(tmp_path / "vit.pth", image_size=(128, 64))
    assert conversion.resized == ("backbone.network.pos_embed",)
    with torch.no_grad():
        assert conversion.model(torch.zeros(1, 3, 128, 64)).shape == (1, 768)


def test_what_nobody_knows_is_refused(tmp_path: Path):
    torch.save({"encoder.weight": torch.ones(2)}, tmp_path / "a.pth")
    with pytest.raises(
        WeightsError, match=r"of no library and network that is known here \(torchreid, .*encoder"
    ):
        convert_checkpoint(tmp_path / "a.pth")
    with pytest.raises(CatalogError, match=r"Unknown source 'torchried'\. Did you mean 'torchreid'\?"):
        convert_checkpoint(tmp_path / "a.pth", hints={"source": "torchried"})
    torch.save(resnet18().state_dict(), tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"is of no library .* \(fastreid\), got 122 tensors"):
        convert_checkpoint(tmp_path / "a.pth", hints={"source": "fastreid"})
    dropped = {key: value for key, value in resnet18().state_dict().items() if not key.startswith("fc")}
    torch.save(dropped, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"has no classifier to keep"):
        convert_checkpoint(tmp_path / "a.pth", keep_classifier=True)
