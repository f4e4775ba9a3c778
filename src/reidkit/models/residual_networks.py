"""ResNet, ResNeXt and ResNet-IBN behind average pooling."""

from typing import Literal

from reidkit.models.backbones.resnet import InstanceNorm, ResNet
from reidkit.models.heads import EmbeddingHead, NeckName
from reidkit.models.image_size import check_image_size
from reidkit.models.model import PipelineModel, ReidModel
from reidkit.models.pooling import AverageAggregation


def residual_network(
    *,
    depth: int,
    groups: int = 1,
    group_width: int = 64,
    instance_norm: InstanceNorm = "none",
    num_identities: int | None = None,
    image_size: tuple[int, int] = (256, 128),
    last_stride: Literal[1, 2] = 2,
    is_pretrained: bool = False,
    embedding_dim: int | None = None,
    neck: NeckName = "none",
) -> ReidModel:
    """Return a residual network behind average pooling and a head.

    Args:
        depth: See `ResNet`, as ``groups``, ``group_width`` and ``instance_norm``.
        groups: See `ResNet`.
        group_width: See `ResNet`.
        instance_norm: See `ResNet`.
        num_identities: Classes of the classifier; None for a model that only embeds.
        image_size: (height, width) of the input.
        last_stride: Stride of the last stage; 2 is the network of the paper, 1 keeps its resolution.
        is_pretrained: Whether to start from torchvision's ImageNet weights.
        embedding_dim: See `EmbeddingHead`.
        neck: See `EmbeddingHead`.

    Raises:
        CatalogError: an unknown choice, or an image too small to normalise by instance.
        WeightsError: the weights cannot be had.

    Reference:
        He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016; Xie, Girshick,
        Dollar, Tu, He, "Aggregated Residual Transformations for Deep Neural Networks", CVPR 2017.
    """
    # Instance normalisation in training needs more than one position: stage 3 is 16 times smaller.
    check_image_size("ResNet", image_size, smallest=1 if instance_norm == "none" else 17)
    backbone = ResNet(
        depth=depth,
        groups=groups,
        group_width=group_width,
        last_stride=last_stride,
        instance_norm=instance_norm,
        is_pretrained=is_pretrained,
    )
    head = EmbeddingHead(backbone.num_channels, num_identities, embedding_dim=embedding_dim, neck=neck)
    return PipelineModel(backbone, AverageAggregation(), head)
