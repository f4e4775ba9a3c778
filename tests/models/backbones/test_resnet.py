"""ResNet: what torchvision computes, and what re-identification adds to it."""

import pytest
import torch
from torch import nn
from torchvision import models

from reidkit.core.errors import CatalogError
from reidkit.models.attention import NonLocal, SqueezeExcitation
from reidkit.models.backbones.resnet import InstanceBatchNorm, ResNet


def images(height: int = 64, width: int = 32) -> torch.Tensor:
    return torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("resnet18", {"depth": 18}),
        ("resnet50", {"depth": 50}),
        ("resnext50_32x4d", {"depth": 50, "groups": 32, "group_width": 4}),
    ],
)
def test_plain_networks_are_torchvisions(name: str, arguments: dict[str, int]):
    torch.manual_seed(0)
    theirs = models.get_model(name).eval()
    ours = ResNet(**arguments, last_stride=2).eval()
    ours.load_state_dict(
        {key: item for key, item in theirs.state_dict().items() if not key.startswith("fc.")}
    )
    with torch.no_grad():
        assert torch.equal(theirs.fc(ours(images()).mean(dim=(2, 3))), theirs(images()))


@pytest.mark.parametrize("depth", [18, 50])
def test_last_stride_1_keeps_the_resolution_without_dilation(depth: int):
    torch.manual_seed(0)
    fine, coarse = ResNet(depth=depth, last_stride=1).eval(), ResNet(depth=depth, last_stride=2).eval()
    coarse.load_state_dict(fine.state_dict())
    assert all(item.dilation == (1, 1) for item in fine.modules() if isinstance(item, nn.Conv2d))
    with torch.no_grad():
        assert fine(images()).shape == (2, fine.num_channels, 4, 2)
        assert coarse(images()).shape == (2, fine.num_channels, 2, 1)


@pytest.mark.parametrize(("size", "expected"), [((64, 32), (4, 2)), ((62, 30), (4, 2))])
def test_stem_pools_give_the_same_size_and_other_values(size: tuple[int, int], expected: tuple[int, int]):
    torch.manual_seed(0)
    padded, ceil = ResNet(depth=18).eval(), ResNet(depth=18, stem_pool="ceil").eval()
    ceil.load_state_dict(padded.state_dict())
    with torch.no_grad():
        one, other = padded(images(*size)), ceil(images(*size))
    assert one.shape[2:] == other.shape[2:] == expected
    assert not torch.allclose(one, other, rtol=1e-2)


def test_instance_norm_a_changes_the_first_norm_of_the_first_three_stages():
    places = [name for name, item in ResNet(depth=50, instance_norm="a").named_modules() if _is_mixed(item)]
    assert len(places) == 3 + 4 + 6
    assert all(name.endswith(".bn1") and not name.startswith("layer4") for name in places)
    every = list(ResNet(depth=50, instance_norm="a", num_instance_stages=4).modules())
    assert sum(map(_is_mixed, every)) == 16


def _is_mixed(module: nn.Module) -> bool:
    return isinstance(module, InstanceBatchNorm)


def test_instance_batch_norm_is_half_and_half():
    torch.manual_seed(0)
    norm, maps = InstanceBatchNorm(5), torch.randn(3, 5, 4, 4) + 2
    result = norm(maps)
    first, second = maps[:, :2], maps[:, 2:]
    torch.testing.assert_close(result[:, :2], nn.functional.instance_norm(first))
    mean, variance = second.mean((0, 2, 3), keepdim=True), second.var((0, 2, 3), keepdim=True, correction=0)
    torch.testing.assert_close(result[:, 2:], (second - mean) / (variance + 1e-5).sqrt())


def test_instance_norm_b_stands_in_the_stem_and_after_two_sums():
    network = ResNet(depth=50, instance_norm="b")
    places = {name: item.num_features for name, item in network.named_modules() if _is_instance(item)}
    assert places == {"bn1": 64, "layer1.2.sum_norm": 256, "layer2.3.sum_norm": 512}


def _is_instance(module: nn.Module) -> bool:
    return isinstance(module, nn.InstanceNorm2d)


def test_fresh_non_local_blocks_change_nothing():
    torch.manual_seed(0)
    plain, wide = ResNet(depth=50).eval(), ResNet(depth=50, non_local=(0, 2, 3, 0)).eval()
    names = {name for name, item in wide.named_modules() if isinstance(item, NonLocal)}
    assert names == {f"layer{place}.non_local" for place in ("2.2", "2.3", "3.3", "3.4", "3.5")}
    missing, unexpected = wide.load_state_dict(plain.state_dict(), strict=False)
    assert unexpected == []
    assert all(".non_local." in key for key in missing)
    with torch.no_grad():
        assert torch.equal(plain(images()), wide(images()))


def test_non_local_equals_a_naive_loop_over_pairs_of_positions():
    torch.manual_seed(0)
    block = NonLocal(6, width=2).double().eval()
    nn.init.normal_(block.norm.weight)
    maps = torch.randn(1, 6, 3, 2, dtype=torch.float64)
    with torch.no_grad():
        query, key, value = (layer(maps)[0].flatten(1) for layer in (block.query, block.key, block.value))
        gathered = torch.zeros(2, 6, dtype=torch.float64)
        for here in range(6):
            for there in range(6):
                gathered[:, here] += (query[:, here] @ key[:, there]) / 6 * value[:, there]
        expected = maps + block.norm(block.restore(gathered.reshape(1, 2, 3, 2)))
        torch.testing.assert_close(block(maps), expected)
    assert NonLocal(6).query.out_channels == 3


def test_squeeze_excitation_stands_in_each_block_and_weighs_channels():
    network = ResNet(depth=18, squeeze_excitation=True)
    assert sum(isinstance(item, SqueezeExcitation) for item in network.modules()) == 8
    block, maps = SqueezeExcitation(16), torch.rand(2, 16, 3, 3)
    nn.init.zeros_(block.restore.weight)
    torch.testing.assert_close(block(maps), maps / 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"depth": 20}, r"^ResNet depth is unknown, got 20\. Expected one of: \(18, 34, 50, 101, 152\)\.$"),
        ({"last_stride": 3}, r"^ResNet last_stride is unknown, got 3\."),
        ({"instance_norm": "c"}, r"^ResNet instance_norm is unknown, got 'c'\. Expected one of: \('none', "),
        ({"stem_pool": "x"}, r"^ResNet stem_pool is unknown, got 'x'\."),
        ({"depth": 18, "groups": 32}, r"^ResNet groups do not fit depth 18, got 32\. Expected 1\.$"),
        (
            {"non_local": (0, 2, 3)},
            r"^ResNet non_local does not fit its stages, got \(0, 2, 3\)\. Expected four counts from 0 to "
            r"\(3, 4, 6, 3\)\.$",
        ),
        ({"non_local": (0, 5, 0, 0)}, r"^ResNet non_local does not fit its stages, got \(0, 5, 0, 0\)\."),
    ],
)
def test_unknown_choices_are_refused(arguments: dict[str, object], message: str):
    with pytest.raises(CatalogError, match=message), torch.device("meta"):
        ResNet(**arguments)  # type: ignore[arg-type]
