"""The networks of layumi's baseline beside its ResNet; small ones of the same kind stand for large ones."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F

from reidkit.compat.checkpoints.convert import convert_checkpoint
from reidkit.compat.checkpoints.layumi_networks import EFFICIENTNETS, TIMM_NETWORKS
from reidkit.compat.checkpoints.sources import recognise
from reidkit.models.whole_network import WholeTimmNetwork
from reidkit.models.zoo import build_model

LINEAR = 8


def block(channels: int, linear: int = LINEAR, identities: int = 5) -> nn.Sequential:
    """Its head: a linear layer, a norm and dropout, then the classifier."""
    head = nn.Sequential()
    head.add_module(
        "add_block", nn.Sequential(nn.Linear(channels, linear), nn.BatchNorm1d(linear), nn.Dropout())
    )
    head.add_module("classifier", nn.Sequential(nn.Linear(linear, identities)))
    return head.eval()


def written(folder: Path, parts: Mapping[str, nn.Module]) -> Path:
    tensors = {
        f"{name}.{key}": value for name, part in parts.items() for key, value in part.state_dict().items()
    }
    torch.save(tensors, folder / "net_last.pth")
    return folder / "net_last.pth"


def assert_near(actual: Tensor, expected: Tensor) -> None:
    assert actual.shape == expected.shape
    assert float((actual - expected).abs().max()) <= 1e-5 * float(expected.abs().max())


@pytest.mark.parametrize("stride", [1, 2])
def test_densenet_pools_before_its_last_activation(stride: int, tmp_path: Path):
    torch.manual_seed(0)
    network, head = torchvision.models.densenet121().eval(), block(1024)
    network.features.transition3.pool.stride = stride
    path = written(tmp_path, {"model": network, "classifier": head})
    conversion = convert_checkpoint(path, hints={"last_stride": stride})
    assert conversion.foreign.source == "layumi"
    assert conversion.left_out[:2] == ("model.classifier.weight", "model.classifier.bias")
    images = torch.randn(2, 3, 96, 64)
    with torch.no_grad():
        expected = head.add_block(F.adaptive_avg_pool2d(network.features(images), 1).flatten(1))
        assert_near(conversion.model(images), expected)


def mean_of_map(features: Tensor) -> Tensor:
    return features.mean((2, 3))


def mean_of_last(features: Tensor) -> Tensor:
    return features.mean((1, 2))


def mean_of_tokens(features: Tensor) -> Tensor:
    return features.mean(1)


@pytest.mark.parametrize(
    ("name", "size", "mean"),
    [
        ("convnext_atto", (64, 32), mean_of_map),
        ("hrnet_w18_small", (64, 32), mean_of_map),
        ("swin_tiny_patch4_window7_224", (224, 224), mean_of_last),
        ("vit_small_patch16_dinov3", (64, 32), mean_of_tokens),
    ],
)
def test_networks_of_timm_are_averaged_over_all_that_they_give(
    name: str, size: tuple[int, int], mean: Callable[[Tensor], Tensor], tmp_path: Path
):
    torch.manual_seed(0)
    network = timm.create_model(name).eval()
    for part in ("head", "classifier"):
        if hasattr(network, part):
            setattr(network, part, nn.Sequential())
    head = block(network.num_features)
    path = written(tmp_path, {"model": network, "classifier": head})
    conversion = convert_checkpoint(path, hints={"architecture": f"timm/{name}", "image_size": size})
    assert conversion.foreign.source == "layumi"
    assert conversion.left_out == ("classifier.classifier.0.weight", "classifier.classifier.0.bias") or set(
        conversion.left_out
    ) > {"model.fc_norm.weight", "classifier.classifier.0.weight"}
    images = torch.randn(1, 3, *size)
    with torch.no_grad():
        assert_near(conversion.model(images), head.add_block(mean(network.forward_features(images))))


def test_swin_of_an_older_timm_is_read_too(tmp_path: Path):
    torch.manual_seed(0)
    network = timm.create_model("swin_tiny_patch4_window7_224").eval()
    network.head = nn.Sequential()
    head = block(768)
    path = written(tmp_path, {"model": network, "classifier": head})
    tensors = torch.load(path, weights_only=True)
    old = {
        key.replace(f"layers.{stage}.downsample", f"layers.{stage - 1}.downsample"): value
        for key, value in tensors.items()
        for stage in [int(key.split(".")[2]) if ".downsample." in key else 0]
    }
    old["model.layers.0.blocks.0.attn.relative_position_index"] = torch.zeros(49, 49, dtype=torch.int64)
    torch.save(old, path)
    conversion = convert_checkpoint(path, hints={"architecture": "timm/swin_tiny_patch4_window7_224"})
    assert "model.layers.0.blocks.0.attn.relative_position_index" in conversion.left_out
    ours = conversion.model.state_dict()
    assert torch.equal(
        ours["backbone.network.layers.2.downsample.norm.weight"],
        tensors["model.layers.2.downsample.norm.weight"],
    )
    assert all(
        torch.equal(ours[f"backbone.network.{key}"], value) for key, value in network.state_dict().items()
    )


def test_pcb_gives_its_six_pooled_parts_of_length_1(tmp_path: Path):
    torch.manual_seed(0)
    network = torchvision.models.resnet50().eval()
    network.layer4[0].conv2.stride = network.layer4[0].downsample[0].stride = (1, 1)
    heads = {f"classifier{part}": block(2048, 256) for part in range(6)}
    path = written(tmp_path, {"model": network, **heads})
    conversion = convert_checkpoint(path, keep_classifier=True)
    assert (conversion.card.architecture, conversion.card.num_identities) == ("pcb_p6", 5)
    assert (conversion.card.preprocessing.height, conversion.card.preprocessing.width) == (384, 192)
    images = torch.randn(1, 3, 96, 48)
    with torch.no_grad():
        maps = nn.Sequential(*list(network.children())[:-2])(images)
        parts = F.adaptive_avg_pool2d(maps, (6, 1)).squeeze(3)
        assert_near(conversion.model(images), F.normalize(parts, dim=1).flatten(1))
        outputs = conversion.model.training_outputs(images)
        for part, logits in enumerate(outputs.logits):
            assert_near(
                logits,
                heads[f"classifier{part}"].classifier(
                    heads[f"classifier{part}"].add_block(parts[:, :, part])
                ),
            )
    assert len(outputs.logits) == len(outputs.features) == 6


def test_efficientnet_pads_as_for_the_size_that_its_port_was_made_for():
    torch.manual_seed(0)
    ours = WholeTimmNetwork("tf_efficientnet_b0", padded_for=76).eval()
    theirs = timm.create_model("tf_efficientnet_b0", num_classes=0).eval()
    theirs.load_state_dict(ours.network.state_dict())
    with torch.no_grad():
        same, other = torch.randn(1, 3, 76, 76), torch.randn(1, 3, 128, 64)
        assert_near(ours(same), theirs.forward_features(same))
        change = ours(other) - theirs.forward_features(other)
        assert float(change.abs().max()) > 0.1 * float(ours(other).abs().max())


def test_the_large_networks_are_complete():
    """Names and shapes alone, without weights."""
    for name, size, arguments in TIMM_NETWORKS.values():
        with torch.device("meta"):
            network = timm.create_model(name)
            for part in ("head", "classifier", "last_linear"):
                if hasattr(network, part):
                    setattr(network, part, nn.Sequential())
            head = block(network.num_features, 512)
        tensors = {f"model.{key}": value for key, value in network.state_dict().items()}
        tensors |= {f"classifier.{key}": value for key, value in head.state_dict().items()}
        check_complete(tensors, name, size, arguments)
    assert len(TIMM_NETWORKS) == 6


def test_efficientnet_is_complete():
    _, blocks, _ = EFFICIENTNETS[1792]
    with torch.device("meta"):
        network = timm.create_model("tf_efficientnet_b4", num_classes=0)
        head = block(1792, 512)
    # Both libraries register the layers in one order, and the port's names are counted over all stages.
    tensors = {f"model.{theirs(key, blocks)}": value for key, value in network.state_dict().items()}
    tensors |= {f"classifier.{key}": value for key, value in head.state_dict().items()}
    tensors["model._fc.weight"] = torch.empty(1000, 1792, device="meta")
    check_complete(tensors, "tf_efficientnet_b4", (256, 128), {"padded_for": 380})


def theirs(key: str, blocks: tuple[int, ...]) -> str:
    layer, _, kind = key.rpartition(".")
    if not layer.startswith("blocks."):
        return {"conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1"}[
            layer
        ] + f".{kind}"
    _, stage, number, place = layer.split(".", 3)
    first = {"conv_dw": "_depthwise_conv", "bn1": "_bn1", "conv_pw": "_project_conv", "bn2": "_bn2"}
    later = {"conv_pw": "_expand_conv", "bn1": "_bn0", "conv_dw": "_depthwise_conv", "bn2": "_bn1",
             "conv_pwl": "_project_conv", "bn3": "_bn2"}  # fmt: skip
    names = {
        **(first if stage == "0" else later),
        "se.conv_reduce": "_se_reduce",
        "se.conv_expand": "_se_expand",
    }
    return f"_blocks.{sum(blocks[: int(stage)]) + int(number)}.{names[place]}.{kind}"


def check_complete(
    tensors: dict[str, Tensor], name: str, size: tuple[int, int], arguments: Mapping[str, object]
) -> None:
    foreign = recognise(tensors, {})
    assert (foreign.source, foreign.architecture) == ("layumi", "pipeline")
    assert foreign.arguments["backbone_arguments"] == {"name": name, **arguments}
    assert (foreign.preprocessing.height, foreign.preprocessing.width) == size
    with torch.device("meta"):
        model = build_model("pipeline", num_identities=5, image_size=size, arguments=foreign.arguments)
    renamed = {key: value.shape for key, value in foreign.rename(tensors).items()}
    assert renamed == {key: value.shape for key, value in model.state_dict().items()}
