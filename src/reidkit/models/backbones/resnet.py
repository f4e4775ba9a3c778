"""ResNet and ResNeXt of torchvision, with what re-identification adds to them.

Instance normalisation, squeeze-and-excitation, non-local blocks, and a last stage that keeps its resolution.
The tensors that torchvision knows keep their names.
"""

from collections.abc import Sequence
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torchvision.models import get_model_weights
from torchvision.models import resnet as torchvision_resnet

from reidkit.core.errors import CatalogError, WeightsError
from reidkit.models.attention import NonLocal, SqueezeExcitation

InstanceNorm = Literal["none", "a", "b"]
StemPool = Literal["padded", "ceil"]

BLOCKS_OF_STAGES = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}


class InstanceBatchNorm(nn.Module):
    """Instance normalisation of the first half of the channels, batch normalisation of the rest.

    Reference:
        Pan, Luo, Shi, Tang, "Two at Once: Enhancing Learning and Generalization Capacities via IBN-Net",
        ECCV 2018, section 3.2, IBN-a.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.num_instance = channels // 2
        self.instance = nn.InstanceNorm2d(self.num_instance, affine=True)
        self.batch = nn.BatchNorm2d(channels - self.num_instance)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the normalised map (B, C, h, w)."""
        first, second = maps[:, : self.num_instance], maps[:, self.num_instance :]
        return torch.cat([self.instance(first.contiguous()), self.batch(second.contiguous())], dim=1)


class BasicBlock(torchvision_resnet.BasicBlock):  # type: ignore[misc] # torchvision is untyped
    """torchvision's block of two convolutions, with places for what re-identification adds."""

    def __init__(self, *args: Any, **arguments: Any) -> None:  # noqa: ANN401 - torchvision's
        super().__init__(*args, **arguments)
        _add_places(self)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the map after the block."""
        residual = self.relu(self.bn1(self.conv1(maps)))
        return _finish(self, maps, self.bn2(self.conv2(residual)))


class Bottleneck(torchvision_resnet.Bottleneck):  # type: ignore[misc] # torchvision is untyped
    """torchvision's block of three convolutions, with places for what re-identification adds."""

    def __init__(self, *args: Any, **arguments: Any) -> None:  # noqa: ANN401 - torchvision's
        super().__init__(*args, **arguments)
        _add_places(self)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the map after the block."""
        residual = self.relu(self.bn1(self.conv1(maps)))
        residual = self.relu(self.bn2(self.conv2(residual)))
        return _finish(self, maps, self.bn3(self.conv3(residual)))


def _add_places(block: nn.Module) -> None:
    block.squeeze_excitation = nn.Identity()
    block.sum_norm = nn.Identity()
    block.non_local = nn.Identity()


def _finish(block: Any, maps: Tensor, residual: Tensor) -> Tensor:  # noqa: ANN401 - torchvision is untyped
    shortcut = maps if block.downsample is None else block.downsample(maps)
    total = block.sum_norm(block.squeeze_excitation(residual) + shortcut)
    output: Tensor = block.non_local(block.relu(total))
    return output


class ResNet(nn.Module):
    """Residual network up to its last feature map: images (B, 3, H, W) to (B, C, h, w).

    Args:
        depth: 18, 34, 50, 101 or 152.
        groups: Groups of the 3x3 convolutions: 1 is ResNet, 32 is ResNeXt.
        group_width: Channels per group in the first stage; None is 64 for one group and 4 for several.
        last_stride: Stride of the last stage; 1 keeps its resolution, without dilation.
        instance_norm: "a" normalises half of the channels after the first convolution of each block by
            instance (IBN-a); "b" all channels of the stem, and those after the sum of the last block of
            the first two stages (IBN-b).
        num_instance_stages: First stages that "a" changes; the paper leaves the last one out.
        squeeze_excitation: Whether each residual weighs its channels.
        non_local: For each of the four stages, how many of its last blocks a non-local block follows:
            empty for none, (0, 2, 3, 0) for the AGW baseline on ResNet-50.
        non_local_width: See `NonLocal`.
        stem_pool: "padded" is torchvision's max pooling; "ceil" pads nothing and rounds its size up, which
            gives the same size but other values, as in FastReID's ResNet.
        is_pretrained: Whether to start from torchvision's ImageNet weights, which it fetches; layers that
            torchvision does not have start fresh.

    Raises:
        CatalogError: unknown depth or choice, or counts that do not fit the stages.
        WeightsError: the weights cannot be had.
    """

    def __init__(
        self,
        *,
        depth: int = 50,
        groups: int = 1,
        group_width: int | None = None,
        last_stride: int = 1,
        instance_norm: InstanceNorm = "none",
        num_instance_stages: int = 3,
        squeeze_excitation: bool = False,
        non_local: Sequence[int] = (),
        non_local_width: int | None = None,
        stem_pool: StemPool = "padded",
        is_pretrained: bool = False,
    ) -> None:
        super().__init__()
        _check_choice("depth", depth, tuple(BLOCKS_OF_STAGES))
        _check_choice("last_stride", last_stride, (1, 2))
        _check_choice("instance_norm", instance_norm, get_args(InstanceNorm))
        _check_choice("stem_pool", stem_pool, get_args(StemPool))
        if groups > 1 and depth < 50:
            raise CatalogError(f"ResNet groups do not fit depth {depth}, got {groups}. Expected 1.")
        group_width = group_width or (64 if groups == 1 else 4)
        block = BasicBlock if depth < 50 else Bottleneck
        network = torchvision_resnet.ResNet(
            block, list(BLOCKS_OF_STAGES[depth]), num_classes=1, groups=groups, width_per_group=group_width
        )
        if is_pretrained:
            _load_imagenet_weights(network, depth, groups, group_width)
        self.conv1 = network.conv1
        self.bn1 = network.bn1
        self.relu = network.relu
        self.maxpool = network.maxpool if stem_pool == "padded" else nn.MaxPool2d(3, 2, ceil_mode=True)
        self.layer1 = network.layer1
        self.layer2 = network.layer2
        self.layer3 = network.layer3
        self.layer4 = network.layer4
        self.num_channels: int = 512 * block.expansion
        if last_stride == 1:
            _keep_resolution(self.layer4[0])
        if instance_norm == "a":
            _use_instance_norm_a(self.stages[:num_instance_stages])
        elif instance_norm == "b":
            _use_instance_norm_b(self)
        for number, stage in enumerate(self.stages):
            channels = self.num_channels >> (3 - number)
            if squeeze_excitation:
                for member in stage:
                    member.squeeze_excitation = SqueezeExcitation(channels)
        _add_non_local(self, non_local, non_local_width)

    @property
    def stages(self) -> tuple[nn.Sequential, ...]:
        """The four stages, first to last."""
        return self.layer1, self.layer2, self.layer3, self.layer4

    def forward(self, images: Tensor) -> Tensor:
        """Return the last feature map (B, num_channels, h, w)."""
        maps = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        for stage in self.stages:
            maps = stage(maps)
        features: Tensor = maps
        return features


def _check_choice(name: str, value: object, known: tuple[object, ...]) -> None:
    if value not in known:
        raise CatalogError(f"ResNet {name} is unknown, got {value!r}. Expected one of: {known}.")


def _keep_resolution(block: Any) -> None:  # noqa: ANN401 - torchvision is untyped
    block.stride = 1
    for convolution in (block.conv1, block.conv2, block.downsample[0]):
        convolution.stride = (1, 1)


def _use_instance_norm_a(stages: Sequence[nn.Sequential]) -> None:
    blocks: list[Any] = [block for stage in stages for block in stage]  # torchvision is untyped
    for block in blocks:
        norm = InstanceBatchNorm(block.bn1.num_features)
        with torch.no_grad():  # pretrained scales and shifts go where their channels go
            for name in ("weight", "bias"):
                first, second = getattr(block.bn1, name).split([norm.num_instance, norm.batch.num_features])
                getattr(norm.instance, name).copy_(first)
                getattr(norm.batch, name).copy_(second)
            for name in ("running_mean", "running_var"):
                getattr(norm.batch, name).copy_(getattr(block.bn1, name)[norm.num_instance :])
        block.bn1 = norm


def _use_instance_norm_b(network: ResNet) -> None:
    network.bn1 = nn.InstanceNorm2d(network.conv1.out_channels, affine=True)
    for number, stage in enumerate(network.stages[:2]):
        stage[-1].sum_norm = nn.InstanceNorm2d(network.num_channels >> (3 - number), affine=True)


def _add_non_local(network: ResNet, counts: Sequence[int], width: int | None) -> None:
    lengths = [len(stage) for stage in network.stages]
    if counts and (
        len(counts) != 4 or any(not 0 <= count <= most for count, most in zip(counts, lengths, strict=True))
    ):
        raise CatalogError(
            f"ResNet non_local does not fit its stages, got {tuple(counts)}. Expected four counts from 0 to "
            f"{tuple(lengths)}."
        )
    for number, (stage, count) in enumerate(zip(network.stages, counts or (0, 0, 0, 0), strict=True)):
        for block in list(stage)[len(stage) - count :]:
            block.non_local = NonLocal(network.num_channels >> (3 - number), width=width)


def _load_imagenet_weights(network: nn.Module, depth: int, groups: int, group_width: int) -> None:
    name = f"resnet{depth}" if groups == 1 else f"resnext{depth}_{groups}x{group_width}d"
    try:
        weights = get_model_weights(name).IMAGENET1K_V1  # those that the published baselines start from
    except ValueError as error:
        raise WeightsError(
            f"Weights of '{name}' do not exist at torchvision. Expected a network that it has weights of. "
            f"Set is_pretrained=false to train from scratch."
        ) from error
    try:
        tensors = weights.get_state_dict(check_hash=True)
    except (OSError, RuntimeError) as error:
        raise WeightsError(
            f"Weights of '{name}' cannot be loaded: {error}. Expected a reachable host or a filled cache. "
            f"Set is_pretrained=false to train from scratch."
        ) from error
    known = {key: value for key, value in tensors.items() if not key.startswith("fc.")}
    network.load_state_dict(known, strict=False)  # all but the classifier
