"""The catalog of backbones. A row is a builder of a module (B, 3, H, W) -> (B, num_channels, h, w)."""

from collections.abc import Callable
from functools import partial

from torch import nn

from reidkit.models.backbones.mobilenet import MobileNetV2, MobileNetV3
from reidkit.models.backbones.resnet import ResNet
from reidkit.models.backbones.shufflenet import ShuffleNetV2
from reidkit.models.backbones.timm_network import efficientnet, regnet, repvgg, resnest
from reidkit.models.backbones.torchvision_networks import DenseNet
from reidkit.models.backbones.vit import VisionTransformer
from reidkit.models.osnet import OSNet
from reidkit.models.timm_backbone import TimmBackbone
from reidkit.models.whole_network import WholeTimmNetwork

BACKBONES: dict[str, Callable[..., nn.Module]] = {
    "resnet": partial(ResNet, groups=1, group_width=64),
    "resnext": partial(ResNet, groups=32),
    "resnest": resnest,
    "osnet": OSNet,
    "regnet": regnet,
    "densenet": DenseNet,
    "efficientnet": efficientnet,
    "repvgg": repvgg,
    "mobilenet_v2": MobileNetV2,
    "mobilenet_v3": MobileNetV3,
    "shufflenet_v2": ShuffleNetV2,
    "vit": VisionTransformer,
    "timm": TimmBackbone,
    "timm_whole": WholeTimmNetwork,
}
