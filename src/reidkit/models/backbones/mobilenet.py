"""MobileNetV2 and V3 of torchvision up to their last feature map."""

from functools import partial
from typing import Any, Literal

from torch import Tensor, nn
from torchvision import models

from reidkit.core.errors import CatalogError, WeightsError
from reidkit.models.blocks import initialize


class MobileNetV2(nn.Module):
    """MobileNetV2: images (B, 3, H, W) to (B, C, H/32, W/32), its last 1x1 convolution included.

    Args:
        width: Width multiplier; 1.0 is the paper's network.
        is_pretrained: Whether to start from torchvision's ImageNet weights, which exist for width 1.

    Raises:
        CatalogError: a width that is not above 0.
        WeightsError: the weights cannot be had, or do not exist.

    Reference:
        Sandler, Howard, Zhu, Zhmoginov, Chen, "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
        CVPR 2018, table 2.
    """

    def __init__(self, *, width: float = 1.0, is_pretrained: bool = False) -> None:
        super().__init__()
        if not width > 0:
            raise CatalogError(f"MobileNetV2 width is too small, got {width}. Expected above 0, such as 0.5.")
        divisor = 4 if width <= 0.1 else 8  # of the numbers of channels
        network = models.mobilenet_v2(width_mult=width, round_nearest=divisor, num_classes=1)
        if is_pretrained:
            if width != 1:
                raise WeightsError(
                    f"Weights of a MobileNetV2 of width {width} do not exist at torchvision. Expected width "
                    f"1. Set is_pretrained=false to train from scratch."
                )
            _load(network, models.MobileNet_V2_Weights.IMAGENET1K_V1)
        self.features = network.features
        self.num_channels: int = network.last_channel

    def forward(self, images: Tensor) -> Tensor:
        """Return the last feature map (B, num_channels, h, w)."""
        features: Tensor = self.features(images)
        return features


class MobileNetV3(nn.Module):
    """MobileNetV3: images (B, 3, H, W) to (B, C, H/32, W/32).

    Args:
        size: "large" or "small".
        last_channels: Channels of a 1x1 convolution with norm and ReLU6 behind the last map, as FastReID
            puts it; None leaves it out.
        norm_epsilon: Added to the variances of the norms; torchvision's weights want 0.001.
        is_pretrained: Whether to start from torchvision's ImageNet weights.

    Raises:
        CatalogError: an unknown size, or a number of channels below 1.
        WeightsError: the weights cannot be had.

    Reference:
        Howard et al., "Searching for MobileNetV3", ICCV 2019, tables 1 and 2.
    """

    def __init__(
        self,
        *,
        size: Literal["large", "small"] = "large",
        last_channels: int | None = None,
        norm_epsilon: float = 1e-3,
        is_pretrained: bool = False,
    ) -> None:
        super().__init__()
        if size not in ("large", "small"):
            raise CatalogError(f"MobileNetV3 size is unknown, got '{size}'. Expected 'large' or 'small'.")
        if last_channels is not None and last_channels < 1:
            raise CatalogError(
                f"MobileNetV3 last_channels is too small, got {last_channels}. Expected at least 1, or null."
            )
        build = {"large": models.mobilenet_v3_large, "small": models.mobilenet_v3_small}[size]
        network = build(norm_layer=partial(nn.BatchNorm2d, eps=norm_epsilon, momentum=0.01))
        if is_pretrained:
            _load(network, models.get_model_weights(build).IMAGENET1K_V1)
        self.features = network.features
        self.num_channels: int = last_channels or network.features[-1].out_channels
        self.last = nn.Sequential()
        if last_channels is not None:
            self.last = nn.Sequential(
                nn.Conv2d(network.features[-1].out_channels, last_channels, 1, bias=False),
                nn.BatchNorm2d(last_channels),
                nn.ReLU6(inplace=True),
            )
            initialize(self.last)

    def forward(self, images: Tensor) -> Tensor:
        """Return the last feature map (B, num_channels, h, w)."""
        features: Tensor = self.last(self.features(images))
        return features


def _load(network: nn.Module, weights: Any) -> None:  # noqa: ANN401 - torchvision is untyped
    try:
        tensors = weights.get_state_dict(check_hash=True)
    except (OSError, RuntimeError) as error:
        raise WeightsError(
            f"Weights {weights} cannot be loaded: {error}. Expected a reachable host or a filled cache. "
            f"Set is_pretrained=false to train from scratch."
        ) from error
    known = {key: value for key, value in tensors.items() if not key.startswith("classifier.")}
    network.load_state_dict(known, strict=False)  # all but the classifier
