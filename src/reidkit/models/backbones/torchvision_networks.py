"""DenseNet, SqueezeNet and ShuffleNet V2 of torchvision, without their ImageNet classifiers."""

from collections import OrderedDict
from typing import Literal, cast, get_args

import torchvision
from torch import Tensor, nn

from reidkit.core.errors import CatalogError, WeightsError
from reidkit.models.heads import EmbeddingHead, NeckName
from reidkit.models.image_size import check_image_size
from reidkit.models.model import PipelineModel, ReidModel
from reidkit.models.pooling import AverageAggregation

NetworkName = Literal[
    "densenet121",
    "densenet161",
    "densenet169",
    "densenet201",
    "shufflenet_v2_x0_5",
    "shufflenet_v2_x1_0",
    "shufflenet_v2_x1_5",
    "shufflenet_v2_x2_0",
    "squeezenet1_0",
    "squeezenet1_1",
]

# What the strides need; three poolings without padding for SqueezeNet 1.0, a 2 x 2 one per DenseNet stage.
SMALLEST = {"densenet": 29, "shufflenet": 1, "squeezenet1_0": 21, "squeezenet1_1": 17}


def torchvision_backbone(network: NetworkName, *, is_pretrained: bool = False) -> tuple[nn.Module, int]:
    """Return a network of torchvision up to its last map, and the channels of that map.

    Module names are torchvision's, so that its state dicts fit.

    Args:
        network: torchvision's name.
        is_pretrained: Whether to start from torchvision's ImageNet weights, which it downloads.

    Raises:
        CatalogError: a network that is not one of these.
        WeightsError: the weights cannot be had.
    """
    if network not in get_args(NetworkName):
        raise CatalogError(
            f"torchvision network is unknown, got '{network}'. Expected one of: {get_args(NetworkName)}."
        )
    try:
        whole = torchvision.models.get_model(network, weights="IMAGENET1K_V1" if is_pretrained else None)
    except OSError as error:
        raise WeightsError(
            f"Weights of '{network}' cannot be loaded: {error}. Expected a network connection or a filled "
            f"cache. Set model.arguments.is_pretrained=false to train from scratch."
        ) from error
    if network.startswith("densenet"):
        parts = OrderedDict(features=whole.features, activation=nn.ReLU())
        return nn.Sequential(parts), whole.classifier.in_features
    if network.startswith("squeezenet"):
        return nn.Sequential(OrderedDict(features=whole.features)), whole.classifier[1].in_channels
    channels: int = whole.fc.in_features
    del whole.fc
    return nn.Sequential(OrderedDict(whole.named_children())), channels


class DenseNet(nn.Module):
    """A DenseNet of torchvision up to its last map: (B, 3, H, W) to (B, num_channels, h, w).

    Args:
        depth: 121, 161, 169 or 201.
        last_stride: Stride of the pooling before the last block; 1 keeps the resolution, less one row and one
            column, as in layumi's baseline.
        has_final_activation: Whether the last normalisation has its ReLU.
        is_pretrained: Whether to start from torchvision's ImageNet weights.

    Raises:
        CatalogError: an unknown choice.
        WeightsError: the weights cannot be had.

    Reference:
        Huang, Liu, van der Maaten, Weinberger, "Densely Connected Convolutional Networks", CVPR 2017.
    """

    def __init__(
        self,
        *,
        depth: int = 121,
        last_stride: Literal[1, 2] = 2,
        has_final_activation: bool = True,
        is_pretrained: bool = False,
    ) -> None:
        super().__init__()
        if last_stride not in (1, 2):
            raise CatalogError(
                f"DenseNet last_stride is unknown, got {last_stride}. Expected one of: (1, 2)."
            )
        name = cast("NetworkName", f"densenet{depth}")
        network, self.num_channels = torchvision_backbone(name, is_pretrained=is_pretrained)
        self.features = network.get_submodule("features")
        self.activation = nn.ReLU() if has_final_activation else nn.Identity()
        self.features.get_submodule("transition3.pool").stride = last_stride  # type: ignore[assignment]

    def forward(self, images: Tensor) -> Tensor:
        """Return the last map."""
        maps: Tensor = self.activation(self.features(images))
        return maps


def torchvision_model(
    *,
    network: NetworkName,
    num_identities: int | None = None,
    image_size: tuple[int, int] = (256, 128),
    is_pretrained: bool = False,
    embedding_dim: int | None = None,
    neck: NeckName = "none",
) -> ReidModel:
    """Return a network of torchvision behind average pooling and a head.

    Args:
        network: torchvision's name.
        num_identities: Classes of the classifier; None for a model that only embeds.
        image_size: (height, width) of the input.
        is_pretrained: Whether to start from torchvision's ImageNet weights.
        embedding_dim: See `EmbeddingHead`.
        neck: See `EmbeddingHead`.

    Raises:
        CatalogError: an unknown network, or an image too small for it.
        WeightsError: the weights cannot be had.

    Reference:
        Huang, Liu, van der Maaten, Weinberger, "Densely Connected Convolutional Networks", CVPR 2017;
        Iandola et al., "SqueezeNet", 2016, arXiv:1602.07360; Ma, Zhang, Zheng, Sun, "ShuffleNet V2",
        ECCV 2018.
    """
    backbone, channels = torchvision_backbone(network, is_pretrained=is_pretrained)
    smallest = next(size for name, size in SMALLEST.items() if network.startswith(name))
    check_image_size(network, image_size, smallest=smallest)
    head = EmbeddingHead(channels, num_identities, embedding_dim=embedding_dim, neck=neck)
    return PipelineModel(backbone, AverageAggregation(), head)
