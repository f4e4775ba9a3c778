"""Multiple Granularity Network: three branches look at the whole body, at two halves and at three thirds."""

import copy
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from reidkit.core.catalog import build
from reidkit.core.errors import CatalogError
from reidkit.core.types import TrainingOutputs
from reidkit.models.backbones.resnet import InstanceNorm, ResNet, StemPool
from reidkit.models.heads import ClassifierName, EmbeddingHead, MetricFeatures
from reidkit.models.model import ReidModel, check_images
from reidkit.models.pooling import AGGREGATIONS

PARTS_OF_BRANCHES = (1, 2, 3)
NUM_HEADS = 8  # three of whole bodies, two of halves, three of thirds


class BranchedResNet(nn.Module):
    """ResNet whose end exists three times: images (B, 3, H, W) to three maps (B, C, H/16, W/16).

    The branches part behind the first block of the third stage and start with equal weights.

    Args:
        network: A ResNet of bottlenecks with a last stride of 1.
    """

    def __init__(self, network: ResNet) -> None:
        super().__init__()
        self.num_channels = network.num_channels
        first, *others = network.layer3
        self.trunk = nn.Sequential(
            network.conv1, network.bn1, network.relu, network.maxpool, network.layer1, network.layer2, first
        )
        end = nn.Sequential(nn.Sequential(*others), network.layer4)
        self.branches = nn.ModuleList(copy.deepcopy(end) for _ in PARTS_OF_BRANCHES)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the last maps of the three branches."""
        shared = self.trunk(images)
        return [branch(shared) for branch in self.branches]


class MultipleGranularityNetwork(ReidModel):
    """Three branches with eight heads; the descriptor is what all heads say, one after the other.

    Args:
        backbone: Gives one map per branch.
        aggregations: One per head, in the order of ``heads``.
        heads: Of the whole map of each branch, then of the parts of the second and of the third, from the
            top down.

    Reference:
        Wang, Yuan, Chen, Li, Zhou, "Learning Discriminative Features with Multiple Granularities for Person
        Re-Identification", ACM Multimedia 2018.

    Differs:
        As in FastReID: the first branch keeps its resolution like the others, heads have a neck, and the
        parts of a branch are one feature for the metric losses.
    """

    def __init__(
        self, backbone: BranchedResNet, aggregations: list[nn.Module], heads: list[EmbeddingHead]
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.aggregations = nn.ModuleList(aggregations)
        self.heads = nn.ModuleList(heads)

    @property
    def descriptor_dim(self) -> int:
        """Dimension D of a descriptor."""
        return sum(cast(EmbeddingHead, head).descriptor_dim for head in self.heads)

    def forward(self, images: Tensor) -> Tensor:
        """Return the raw descriptors (B, D) of images (B, 3, H, W), in training and evaluation mode.

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        pooled = self._pooled(images)
        return torch.cat([head(vector) for head, vector in zip(self.heads, pooled, strict=True)], dim=1)

    def training_outputs(self, images: Tensor) -> TrainingOutputs:
        """Return five features - three whole bodies, halves, thirds - and the logits of eight heads.

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        pooled = self._pooled(images)
        outputs: list[TrainingOutputs] = [
            cast(EmbeddingHead, head).training_outputs(vector)
            for head, vector in zip(self.heads, pooled, strict=True)
        ]
        features = [output.features[0] for output in outputs]
        halves, thirds = torch.cat(features[3:5], dim=1), torch.cat(features[5:], dim=1)
        logits = tuple(logits for output in outputs for logits in output.logits)
        descriptors = torch.cat([cast(Tensor, output.descriptors) for output in outputs], dim=1)
        return TrainingOutputs((*features[:3], halves, thirds), logits, descriptors=descriptors)

    def feature_map(self, images: Tensor) -> Tensor:
        """Return the last maps of the three branches, one behind the other: (B, 3 * C, h, w).

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        check_images(images)
        return torch.cat(self.backbone(images), dim=1)

    def _pooled(self, images: Tensor) -> list[Tensor]:
        check_images(images)
        maps = self.backbone(images)
        parts = [
            part
            for number, branch in zip(PARTS_OF_BRANCHES, maps, strict=True)
            if number > 1
            for part in branch.tensor_split(number, dim=2)
        ]
        return [pool(part) for pool, part in zip(self.aggregations, [*maps, *parts], strict=True)]


def mgn(
    *,
    num_identities: int | None = None,
    image_size: tuple[int, int] = (384, 128),
    depth: int = 50,
    instance_norm: InstanceNorm = "none",
    stem_pool: StemPool = "padded",
    aggregation: str = "gem",
    aggregation_arguments: Mapping[str, Any] | None = None,
    embedding_dim: int = 256,
    metric_features: MetricFeatures = "before_neck",
    classifier: ClassifierName = "linear",
    is_pretrained: bool = False,
) -> ReidModel:
    """Return a Multiple Granularity Network on a ResNet.

    Args:
        num_identities: Classes of each classifier; None for a model that only embeds.
        image_size: (height, width) of the input; at least 48 pixels high, for three parts.
        depth: See `ResNet`: 50, 101 or 152.
        instance_norm: See `ResNet`.
        stem_pool: See `ResNet`.
        aggregation: Key of `AGGREGATIONS`; each of the eight heads has its own.
        aggregation_arguments: Its arguments.
        embedding_dim: Dimension of each of the eight descriptors.
        metric_features: See `EmbeddingHead`.
        classifier: See `EmbeddingHead`.
        is_pretrained: Whether to start from torchvision's ImageNet weights.

    Raises:
        CatalogError: an unknown name or choice, or an image too low for three parts.
        WeightsError: the weights cannot be had.
    """
    if depth < 50:
        raise CatalogError(f"MGN depth is too small, got {depth}. Expected 50, 101 or 152.")
    if image_size[0] < 48:
        raise CatalogError(
            f"MGN input is too low for three parts, got {image_size}. Expected at least 48 pixels."
        )
    network = ResNet(
        depth=depth, instance_norm=instance_norm, stem_pool=stem_pool, is_pretrained=is_pretrained
    )
    channels = network.num_channels
    given = {"channels": channels} if aggregation == "attention" else {}
    pools = [
        build("aggregation", aggregation, AGGREGATIONS, aggregation_arguments or {}, **given)
        for _ in range(NUM_HEADS)
    ]
    heads = [
        EmbeddingHead(
            channels,
            num_identities,
            embedding_dim=embedding_dim,
            embedding_layers="linear",
            neck="batch_norm",
            metric_features=metric_features,
            classifier=classifier,
        )
        for _ in range(NUM_HEADS)
    ]
    return MultipleGranularityNetwork(BranchedResNet(network), pools, heads)
