"""Older networks that timm keeps: SE-ResNet, Inception V4, Inception-ResNet V2, Xception."""

from typing import Any, Literal, get_args

from torch import Tensor, nn

from reidkit.core.errors import CatalogError, WeightsError
from reidkit.core.extras import import_extra
from reidkit.models.heads import EmbeddingHead, NeckName
from reidkit.models.image_size import check_image_size
from reidkit.models.model import PipelineModel, ReidModel
from reidkit.models.pooling import AverageAggregation

NetworkName = Literal[
    "inception_resnet_v2",
    "inception_v4",
    "legacy_seresnet50",
    "legacy_seresnet101",
    "legacy_seresnext50_32x4d",
    "legacy_seresnext101_32x4d",
    "legacy_xception",
]

# The Inceptions use no padding in their stems and reductions.
SMALLEST = {"inception": 75, "legacy_seres": 3, "legacy_xception": 7}


class ClassicBackbone(nn.Module):
    """A timm network up to the map that it pools itself: images (B, 3, H, W) to (B, C, h, w).

    Args:
        network: timm's name.
        last_stride: Step of the last stage; 1, which only the SE networks have, doubles the map's sides.
        is_pretrained: Whether to start from timm's weights, which it fetches from its hub.

    Raises:
        CatalogError: an unknown network, or a last stride that it has not.
        WeightsError: the weights cannot be had.
        MissingExtraError: timm is not installed.
    """

    def __init__(
        self, network: NetworkName, *, last_stride: Literal[1, 2] = 2, is_pretrained: bool = False
    ) -> None:
        super().__init__()
        if network not in get_args(NetworkName):
            raise CatalogError(
                f"Classic network is unknown, got '{network}'. Expected one of: {get_args(NetworkName)}."
            )
        timm = import_extra("timm", extra="train", purpose=f"The backbone '{network}'")
        try:
            self.network: Any = timm.create_model(network, pretrained=is_pretrained, num_classes=0)
        except (OSError, RuntimeError) as error:
            raise WeightsError(
                f"Weights of '{network}' cannot be loaded: {error}. Expected a reachable hub or a filled "
                f"cache. Set model.arguments.is_pretrained=false to train from scratch."
            ) from error
        self.num_channels: int = self.network.num_features
        if last_stride == 1:
            _keep_last_size(network, self.network)
        elif last_stride != 2:
            raise CatalogError(f"last_stride of '{network}' is wrong, got {last_stride}. Expected 1 or 2.")

    def forward(self, images: Tensor) -> Tensor:
        """Return the last feature map (B, num_channels, h, w)."""
        features: Tensor = self.network.forward_features(images)
        return features


def _keep_last_size(name: str, network: Any) -> None:  # noqa: ANN401 - timm is untyped
    """Set the step of the last stage to 1, without dilation."""
    if not name.startswith("legacy_seres"):
        raise CatalogError(
            f"last_stride of '{name}' is wrong, got 1. Expected 2: only the SE networks have a last stage."
        )
    for layer in network.layer4.modules():
        if isinstance(layer, nn.Conv2d):
            layer.stride = (1, 1)


def classic_model(
    *,
    network: NetworkName,
    num_identities: int | None = None,
    image_size: tuple[int, int] = (256, 128),
    last_stride: Literal[1, 2] = 2,
    is_pretrained: bool = False,
    embedding_dim: int | None = None,
    neck: NeckName = "none",
) -> ReidModel:
    """Return one of timm's older networks behind average pooling and a head.

    Args:
        network: timm's name.
        num_identities: Classes of the classifier; None for a model that only embeds.
        image_size: (height, width) of the input.
        last_stride: See `ClassicBackbone`.
        is_pretrained: Whether to start from timm's weights. Those of the Inceptions and of Xception were
            trained on pixels standardised by mean and std 0.5.
        embedding_dim: See `EmbeddingHead`.
        neck: See `EmbeddingHead`.

    Raises:
        CatalogError: an unknown network or last stride, or an image too small for it.
        WeightsError: the weights cannot be had.
        MissingExtraError: timm is not installed.

    Reference:
        Hu, Shen, Sun, "Squeeze-and-Excitation Networks", CVPR 2018; Szegedy, Ioffe, Vanhoucke, Alemi,
        "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning", AAAI 2017;
        Chollet, "Xception", CVPR 2017.
    """
    backbone = ClassicBackbone(network, last_stride=last_stride, is_pretrained=is_pretrained)
    smallest = next(size for name, size in SMALLEST.items() if network.startswith(name))
    check_image_size(network, image_size, smallest=smallest)
    head = EmbeddingHead(backbone.num_channels, num_identities, embedding_dim=embedding_dim, neck=neck)
    return PipelineModel(backbone, AverageAggregation(), head)
