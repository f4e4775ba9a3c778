"""State dicts of torchvision and timm become models that give what those libraries' own networks give."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn

from reidkit.compat.checkpoints.convert import Conversion, convert_checkpoint
from reidkit.compat.checkpoints.fingerprints import fingerprint, known_networks
from reidkit.compat.checkpoints.sources import recognise
from reidkit.core.errors import CatalogError, WeightsError
from reidkit.models.checkpoint import load_model, save_model


def images_of(conversion: Conversion) -> Tensor:
    preprocessing = conversion.card.preprocessing
    size = (preprocessing.height, preprocessing.width)
    return torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))


def assert_near(actual: Tensor, expected: Tensor, tolerance: float = 1e-5) -> None:
    assert actual.shape == expected.shape
    assert float((actual - expected).abs().max()) <= tolerance * float(expected.abs().max())


def written(network: nn.Module, folder: Path) -> Path:
    torch.save(network.state_dict(), folder / "network.pth")
    return folder / "network.pth"


def input_of_classifier(network: nn.Module, images: Tensor) -> Tensor:
    """What the last linear layer of a network sees; SqueezeNet ends in a convolution and has none."""
    linear = [
        layer
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Linear) and not name.lower().startswith("aux")
    ]
    if not linear:
        return network.get_submodule("features")(images).mean((2, 3))
    seen: list[Tensor] = []
    hook = linear[-1].register_forward_pre_hook(lambda layer, inputs: seen.append(inputs[0]))
    network(images)
    hook.remove()
    return seen[0]


@pytest.mark.parametrize(
    ("name", "architecture"),
    [
        ("resnet18", "pipeline"),
        ("resnext50_32x4d", "resnext50_32x4d"),
        ("densenet121", "densenet121"),
        ("shufflenet_v2_x0_5", "shufflenet_v2_x0_5"),
        ("squeezenet1_1", "squeezenet1_1"),
        ("mobilenet_v3_small", "torchvision"),
        ("mnasnet0_5", "torchvision"),
        ("regnet_y_400mf", "torchvision"),
        ("efficientnet_b0", "torchvision"),
        ("swin_t", "torchvision"),
        pytest.param("convnext_tiny", "torchvision", marks=pytest.mark.slow),
        pytest.param("vgg11_bn", "torchvision", marks=pytest.mark.slow),
        pytest.param("alexnet", "torchvision", marks=pytest.mark.slow),
        pytest.param("wide_resnet50_2", "torchvision", marks=pytest.mark.slow),
        pytest.param("maxvit_t", "torchvision", marks=pytest.mark.slow),
        pytest.param("swin_v2_t", "torchvision", marks=pytest.mark.slow),
        pytest.param("vit_b_32", "timm", marks=pytest.mark.slow),
    ],
)
def test_torchvision_gives_the_input_of_its_classifier(name: str, architecture: str, tmp_path: Path):
    torch.manual_seed(0)
    network = torchvision.models.get_model(name, weights=None).eval()
    conversion = convert_checkpoint(written(network, tmp_path), hints={"source": "plain"})
    assert (conversion.foreign.source, conversion.card.architecture) == ("plain", architecture)
    assert all(key.split(".")[0] in ("fc", "classifier", "head", "heads") for key in conversion.left_out)
    assert conversion.left_out
    images = images_of(conversion)
    with torch.no_grad():
        assert_near(conversion.model(images), input_of_classifier(network, images))
        maps = conversion.model.feature_map(images)
    assert maps.ndim == 4
    assert maps.shape[2] >= maps.shape[3]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_inception_of_torchvision_needs_no_shifted_input(name: str, tmp_path: Path):
    torch.manual_seed(0)
    network = torchvision.models.get_model(
        name, weights=None, aux_logits=True, transform_input=True, init_weights=True
    ).eval()
    conversion = convert_checkpoint(written(network, tmp_path))
    assert conversion.card.preprocessing.mean == (0.5, 0.5, 0.5)
    pixels = torch.rand(2, 3, 256, 128)
    usual = torchvision.transforms.functional.normalize(pixels, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    with torch.no_grad():
        assert_near(conversion.model((pixels - 0.5) / 0.5), input_of_classifier(network, usual))


def test_a_classifier_of_torchvision_comes_along_on_request(tmp_path: Path):
    network = torchvision.models.mobilenet_v3_small(num_classes=7).eval()
    conversion = convert_checkpoint(written(network, tmp_path), keep_classifier=True)
    assert conversion.card.num_identities == 7
    save_model(tmp_path / "model.safetensors", conversion.model, conversion.card)
    model, _ = load_model(tmp_path / "model.safetensors")
    images = torch.randn(2, 3, 64, 32)
    with torch.no_grad():
        assert_near(model.training_outputs(images).logits[0], network(images))


@pytest.mark.parametrize(
    "name", ["convnext_atto", "mobilenetv3_small_050", "test_vit", "resnet10t", "levit_128s", "mixer_s32_224"]
)
def test_timm_is_told_by_its_tensors_and_gives_its_own_descriptor(name: str, tmp_path: Path):
    torch.manual_seed(0)
    network = timm.create_model(name).eval()
    path = written(network, tmp_path)
    try:
        conversion = convert_checkpoint(path)
    except WeightsError as error:
        assert f"timm/{name}" in str(error)  # noqa: PT017 - twins of other paddings or activations
        conversion = convert_checkpoint(path, hints={"architecture": f"timm/{name}"})
    assert conversion.card.architecture == "timm"
    assert conversion.card.arguments["backbone"] == name
    config = network.default_cfg
    assert conversion.card.preprocessing.mean == pytest.approx(config["mean"])
    images = images_of(conversion)
    headless = timm.create_model(name, num_classes=0).eval()
    headless.load_state_dict({key: network.state_dict()[key] for key in headless.state_dict()})
    with torch.no_grad():
        assert_near(conversion.model(images), headless(images))
        assert conversion.model.feature_map(images).ndim == 4


def test_timm_is_brought_to_another_size(tmp_path: Path):
    torch.manual_seed(0)
    network = timm.create_model("test_vit")
    conversion = convert_checkpoint(
        written(network, tmp_path), hints={"architecture": "timm/test_vit"}, image_size=(128, 64)
    )
    assert conversion.resized == ("backbone.network.pos_embed",)
    with torch.no_grad():
        assert conversion.model(torch.zeros(1, 3, 128, 64)).shape == (1, conversion.card.descriptor_dim)
        assert conversion.model.feature_map(torch.zeros(1, 3, 128, 64)).shape[2:] == (8, 4)


def test_twins_are_asked_about(tmp_path: Path):
    path = written(timm.create_model("efficientnet_b0"), tmp_path)
    with pytest.raises(WeightsError, match=r"fits several networks.*timm/efficientnet_b0.*timm/tf_effic"):
        convert_checkpoint(path)
    hints = {"architecture": "timm/tf_efficientnet_b0"}
    assert convert_checkpoint(path, hints=hints).card.arguments["backbone"] == "tf_efficientnet_b0"
    with pytest.raises(CatalogError, match="Unknown timm model 'efficientnet_x'"):
        convert_checkpoint(path, hints={"architecture": "timm/efficientnet_x"})
    with pytest.raises(CatalogError, match="Unknown torchvision model 'efficientnet_x'"):
        convert_checkpoint(path, hints={"architecture": "torchvision/efficientnet_x"})
    with pytest.raises(WeightsError, match="tensors are missing"):
        convert_checkpoint(path, hints={"architecture": "timm/resnet10t"})


def test_every_tensor_of_timm_is_accounted_for(tmp_path: Path):
    tensors = timm.create_model("convnext_atto").state_dict()
    name = "stages.1.blocks.0.norm.weight"
    for change, expected in (
        ({name: None}, rf"1 tensors are missing.*backbone\.network\.{name}"),
        ({"extra.weight": torch.ones(3)}, r"1 are left over.*extra\.weight"),
    ):
        changed = {key: value for key, value in {**tensors, **change}.items() if value is not None}
        torch.save(changed, tmp_path / "network.pth")
        with pytest.raises(WeightsError, match=rf"(?s){expected}"):
            convert_checkpoint(tmp_path / "network.pth", hints={"architecture": "timm/convnext_atto"})


def test_the_table_tells_networks_with_and_without_their_classifier():
    known = known_networks()
    names = [name for group in known.values() for name in group]
    assert len(names) == len(set(names)) > 1400
    with torch.device("meta"):
        for name in ("convnext_tiny", "vit_base_patch16_dinov3", "mobilenetv4_conv_small"):
            for options in ({}, {"num_classes": 3}, {"num_classes": 0}):
                found = known.get(fingerprint(timm.create_model(name, **options).state_dict()), [])
                assert f"timm/{name}" in found
    text = files("reidkit.compat.checkpoints").joinpath("networks.json").read_text(encoding="utf-8")
    assert json.loads(text) == known


def test_a_network_that_torchreid_has_too_is_torchreids_unless_one_says_so():
    with torch.device("meta"):
        tensors = torchvision.models.densenet121(num_classes=751).state_dict()
    assert recognise(tensors, {}).source == "torchreid"
    for hints in ({"source": "plain"}, {"architecture": "torchvision/densenet121"}):
        assert recognise(tensors, hints).source == "plain"
