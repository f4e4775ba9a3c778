"""The convolutional layer that the hand-written backbones are built from."""

from typing import Literal

from torch import Tensor, nn

NormName = Literal["batch", "instance", "none"]


def make_norm(name: NormName, channels: int) -> nn.Module:
    """Return a 2-D normalisation layer with learned scale and shift, or nothing."""
    if name == "batch":
        return nn.BatchNorm2d(channels)
    if name == "instance":
        return nn.InstanceNorm2d(channels, affine=True)
    return nn.Identity()


class ConvLayer(nn.Sequential):
    """Convolution without bias -> normalisation -> optional ReLU, keeping the size at stride 1.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Odd side of the square kernel.
        stride: Step of the kernel.
        norm: What follows the convolution.
        is_activated: Whether a ReLU ends the layer.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 1,
        *,
        stride: int = 1,
        norm: NormName = "batch",
        is_activated: bool = True,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, out_channels, kernel_size, stride=stride, padding=kernel_size // 2, bias=False
        )
        self.norm = make_norm(norm, out_channels)
        self.activation = nn.ReLU(inplace=True) if is_activated else nn.Identity()


class BiasedConvLayer(nn.Sequential):
    """Convolution with bias -> batch normalisation -> ReLU, keeping the size at stride 1.

    The bias is of no use before a norm; networks whose published weights hold one need it.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Odd sides (height, width) of the kernel, or one for both.
        stride: Step of the kernel.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int | tuple[int, int] = 1, *, stride: int = 1
    ) -> None:
        super().__init__()
        sides = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
        self.conv = nn.Conv2d(
            in_channels, out_channels, sides, stride=stride, padding=(sides[0] // 2, sides[1] // 2)
        )
        self.norm = nn.BatchNorm2d(out_channels)
        self.activation = nn.ReLU(inplace=True)


class LiteConvLayer(nn.Sequential):
    """The paper's Lite 3x3: a linear pointwise, then a depthwise 3x3 convolution, norm and ReLU.

    Reference:
        Zhou, Yang, Cavallaro, Xiang, "Omni-Scale Feature Learning for Person Re-Identification",
        ICCV 2019, section 3.1 and figure 3(b).
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.depthwise = nn.Conv2d(out_channels, out_channels, 3, padding=1, groups=out_channels, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)
        self.activation = nn.ReLU(inplace=True)


def initialize(module: nn.Module) -> None:
    """Start the weights of a network that is trained from scratch.

    Convolutions: Kaiming normal over the fan-out; norms: scale 1, shift 0; linear layers: N(0, 0.01).
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            _zero(layer.bias)
        elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d | nn.InstanceNorm2d):
            nn.init.ones_(layer.weight)
            _zero(layer.bias)
        elif isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.01)
            _zero(layer.bias)


def _zero(bias: Tensor | None) -> None:
    if bias is not None:
        nn.init.zeros_(bias)
