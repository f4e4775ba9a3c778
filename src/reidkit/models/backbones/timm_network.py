"""Convolutional families of timm whose last stage can keep its resolution."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from reidkit.core.catalog import near_name
from reidkit.core.errors import CatalogError, WeightsError
from reidkit.core.extras import import_extra
from reidkit.models.backbones.last_stride import take_stride_away

RESNEST = {50: "resnest50d", 101: "resnest101e", 200: "resnest200e", 269: "resnest269e"}
REGNET_SIZES = ("002", "004", "006", "008", "016", "032", "040", "064", "080", "120", "160", "320")
REGNET = {f"{kind}_{size}": f"regnet{kind}_{size}" for kind in "xy" for size in REGNET_SIZES}
EFFICIENTNET = {f"b{number}": f"efficientnet_b{number}" for number in range(6)}
REPVGG = {
    **{name: f"repvgg_{name}" for name in ("a0", "a1", "a2", "b0", "b1", "b2", "b3")},
    # timm has those of four groups; those of two are made from them.
    **{f"b{number}g4": f"repvgg_b{number}g4" for number in (1, 2, 3)},
    **{f"b{number}g2": f"repvgg_b{number}g4" for number in (1, 2, 3)},
}


class TimmNetwork(nn.Module):
    """A convolutional network of timm up to its last feature map: (B, 3, H, W) to (B, C, h, w).

    Args:
        network: As timm makes it, without pooling and classifier.
    """

    def __init__(self, network: Any) -> None:  # noqa: ANN401 - timm is untyped
        super().__init__()
        self.network = network
        self.num_channels: int = network.num_features

    def forward(self, images: Tensor) -> Tensor:
        """Return the last feature map (B, num_channels, h, w)."""
        features: Tensor = self.network.forward_features(images)
        return features


def resnest(
    *, depth: int = 50, last_stride: int = 1, last_dilation: int = 1, is_pretrained: bool = False
) -> TimmNetwork:
    """Return a ResNeSt.

    Args:
        depth: 50, 101, 200 or 269.
        last_stride: Stride of the last stage; 1 keeps its resolution.
        last_dilation: Dilation of all but the first block of a last stage of stride 1; FastReID has 2.
        is_pretrained: Whether to start from timm's weights.

    Raises:
        CatalogError: an unknown choice.
        WeightsError: the weights cannot be had.
        MissingExtraError: timm is not installed.

    Reference:
        Zhang et al., "ResNeSt: Split-Attention Networks", CVPR workshops 2022.
    """
    name = _find("ResNeSt depth", depth, RESNEST)
    _check_stride("ResNeSt", last_stride)
    if last_dilation not in ((1, 2) if last_stride == 1 else (1,)):
        raise CatalogError(
            f"ResNeSt last_dilation is out of range, got {last_dilation}. Expected 1, or 2 where last_stride "
            f"is 1."
        )
    network = _create(name, is_pretrained)
    if last_stride == 1:
        _keep_resolution(network.layer4)
    for block in list(network.layer4)[1:]:
        convolution = block.conv2.conv
        convolution.dilation = convolution.padding = (last_dilation, last_dilation)
    return TimmNetwork(network)


def regnet(*, size: str = "y_008", last_stride: int = 1, is_pretrained: bool = False) -> TimmNetwork:
    """Return a RegNet.

    Args:
        size: "x" without and "y" with squeeze-and-excitation, and the cost in hundreds of mega mult-adds:
            "x_008", "y_032".
        last_stride: Stride of the last stage; 1 keeps its resolution.
        is_pretrained: Whether to start from timm's weights.

    Raises:
        CatalogError: an unknown choice.
        WeightsError: the weights cannot be had.
        MissingExtraError: timm is not installed.

    Reference:
        Radosavovic, Kosaraju, Girshick, He, Dollar, "Designing Network Design Spaces", CVPR 2020.
    """
    name = _find("RegNet size", size, REGNET)
    _check_stride("RegNet", last_stride)
    network = _create(name, is_pretrained)
    if last_stride == 1:
        _keep_resolution(network.s4)
    return TimmNetwork(network)


def efficientnet(*, size: str = "b0", last_stride: int = 1, is_pretrained: bool = False) -> TimmNetwork:
    """Return an EfficientNet, its last 1x1 convolution included.

    Args:
        size: "b0" to "b5".
        last_stride: Stride of the sixth of its seven stages; 1 keeps the resolution.
        is_pretrained: Whether to start from timm's weights.

    Raises:
        CatalogError: an unknown choice.
        WeightsError: the weights cannot be had.
        MissingExtraError: timm is not installed.

    Reference:
        Tan, Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019.
    """
    name = _find("EfficientNet size", size, EFFICIENTNET)
    _check_stride("EfficientNet", last_stride)
    network = _create(name, is_pretrained)
    if last_stride == 1:
        _keep_resolution(network.blocks[5])
    return TimmNetwork(network)


def repvgg(*, size: str = "a0", last_stride: int = 1, is_pretrained: bool = False) -> TimmNetwork:
    """Return a RepVGG with the branches that train it; `fuse_branches` makes it plain.

    Args:
        size: "a0" to "a2", "b0" to "b3", "b1g2" to "b3g4" with that many groups in every other layer.
        last_stride: Stride of the last stage; 1 keeps its resolution.
        is_pretrained: Whether to start from timm's weights.

    Raises:
        CatalogError: an unknown choice.
        WeightsError: the weights cannot be had, or do not exist.
        MissingExtraError: timm is not installed.

    Reference:
        Ding, Zhang, Ma, Han, Ding, Sun, "RepVGG: Making VGG-style ConvNets Great Again", CVPR 2021.
    """
    name = _find("RepVGG size", size, REPVGG)
    _check_stride("RepVGG", last_stride)
    network = _create_of_two_groups(name, is_pretrained) if "g2" in size else _create(name, is_pretrained)
    if last_stride == 1:
        _keep_resolution(network.stages[3])
    return TimmNetwork(network)


def fuse_branches(model: nn.Module) -> int:
    """Make every block of parallel branches one convolution, in place; for use, not for training.

    Args:
        model: In evaluation mode; its descriptors stay the same up to rounding.

    Returns:
        How many blocks were fused.
    """
    modules: list[Any] = list(model.modules())  # timm is untyped
    blocks = [module for module in modules if callable(getattr(module, "reparameterize", None))]
    for block in blocks:
        block.reparameterize()
    return len(blocks)


def _find(kind: str, value: Any, names: Mapping[Any, str]) -> str:  # noqa: ANN401 - depth or size
    if value not in names:
        hint = near_name(value, names) if isinstance(value, str) else ""
        raise CatalogError(f"{kind} is unknown, got {value!r}.{hint} Expected one of: {tuple(names)}.")
    return names[value]


def _check_stride(kind: str, value: int) -> None:
    if value not in (1, 2):
        raise CatalogError(f"{kind} last_stride is unknown, got {value}. Expected one of: (1, 2).")


def _create(name: str, is_pretrained: bool) -> Any:  # noqa: ANN401 - timm is untyped
    timm = import_extra("timm", extra="train", purpose=f"The backbone '{name}'")
    try:
        return timm.create_model(name, pretrained=is_pretrained, num_classes=0, global_pool="")
    except (OSError, RuntimeError) as error:
        raise WeightsError(
            f"Weights of '{name}' cannot be loaded: {error}. Expected a reachable hub or a filled cache. "
            f"Set is_pretrained=false to train from scratch."
        ) from error


def _create_of_two_groups(name: str, is_pretrained: bool) -> Any:  # noqa: ANN401 - timm is untyped
    byobnet = import_extra("timm.models.byobnet", extra="train", purpose=f"The backbone '{name}'")
    if is_pretrained:
        raise WeightsError(
            "Weights of a RepVGG of two groups do not exist at timm. Expected a size that it has weights of. "
            "Set is_pretrained=false to train from scratch."
        )
    config = byobnet.model_cfgs[name]
    # Every other layer of the network is grouped, counted over all stages as in timm.
    blocks = tuple(
        byobnet.ByoBlockCfg(type=block.type, d=block.d, c=block.c, gs=_size_of_two_groups)
        for block in config.blocks
    )
    config = byobnet.ByoModelCfg(blocks=blocks, stem_type=config.stem_type, stem_chs=config.stem_chs)
    return byobnet.ByobNet(config, num_classes=0, global_pool="")


def _size_of_two_groups(channels: int, index: int) -> int:
    return channels // 2 if index % 2 else 0


def _keep_resolution(stage: nn.Module) -> None:
    """Take away what halves the map in a stage, without dilation."""
    for name, layer in list(stage.named_modules()):
        if isinstance(layer, nn.Conv2d | nn.AvgPool2d) and layer.stride in (2, (2, 2)):
            take_stride_away(stage, name)
