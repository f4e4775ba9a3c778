"""PCB: horizontal stripes of the last map, each with a classifier of its own."""

from typing import Literal, cast, get_args

import torch
from torch import Tensor, nn

from reidkit.core.errors import CatalogError
from reidkit.core.types import TrainingOutputs
from reidkit.models.backbones.resnet import ResNet
from reidkit.models.blocks import ConvLayer, initialize
from reidkit.models.heads import EmbeddingHead
from reidkit.models.image_size import check_image_size
from reidkit.models.model import ReidModel, check_images

REDUCED_DIM = 256
Reduction = Literal["shared", "each_part"]


class StripePooling(nn.Module):
    """Average over horizontal stripes: (B, C, h, w) to (B, C, P).

    Stripes are as equal as whole rows allow; they overlap by one row where h is no multiple of P.

    Args:
        num_parts: Number P of stripes.
    """

    def __init__(self, num_parts: int) -> None:
        super().__init__()
        self.num_parts = num_parts

    def forward(self, maps: Tensor) -> Tensor:
        """Return one vector per stripe, top to bottom."""
        height, parts = maps.shape[2], self.num_parts
        rows = [(part * height // parts, -(-(part + 1) * height // parts)) for part in range(parts)]
        return torch.stack([maps[:, :, top:bottom].mean(dim=(2, 3)) for top, bottom in rows], dim=2)


class RefinedPartPooling(nn.Module):
    """Average over learned parts: each position belongs to every part with a learned probability.

    Args:
        channels: Channels C of the map.
        num_parts: Number P of parts.

    Reference:
        Sun, Zheng, Yang, Tian, Wang, "Beyond Part Models: Person Retrieval with Refined Part Pooling",
        ECCV 2018, section 3.3.
    """

    def __init__(self, channels: int, num_parts: int) -> None:
        super().__init__()
        self.part = nn.Conv2d(channels, num_parts, 1, bias=False)
        nn.init.normal_(self.part.weight, std=0.001)

    def forward(self, maps: Tensor) -> Tensor:
        """Return one vector per part, (B, C, P)."""
        weights = self.part(maps).softmax(dim=1).flatten(2)
        parts: Tensor = maps.flatten(2) @ weights.transpose(1, 2) / weights.shape[2]
        return parts


class PCB(ReidModel):
    """Part-based convolutional baseline on ResNet-50.

    The descriptor puts the pooled parts side by side, each of length 1, channel by channel: its entry
    ``c * P + p`` is channel c of part p. Training sees one branch per part: features and logits of the part
    after a reduction to 256 dimensions, which all parts share.

    Args:
        num_parts: Number P of parts.
        num_identities: Classes of each classifier; None for a model that only embeds.
        is_refined: Whether the parts are learned (refined part pooling) instead of stripes.
        last_stride: Stride of the last stage.
        dropout: Share of the pooled entries that training sets to 0.
        reduction: "shared" by all parts, with ReLU; or one for "each_part", without ReLU.
        is_pretrained: Whether to start from torchvision's ImageNet weights.

    Reference:
        Sun, Zheng, Yang, Tian, Wang, "Beyond Part Models: Person Retrieval with Refined Part Pooling",
        ECCV 2018, section 3.

    Differs:
        One reduction is shared by the parts, as in Torchreid, whose weights fit; the paper has one for each
        part. That of "each_part" is layumi's: a linear layer and a norm, without the paper's ReLU.
        Torchreid gives metric losses the 12288-d descriptor after dropout, here they see each part.
        The paper learns refined parts in a second step with all else frozen; here it is left to the recipe.
    """

    def __init__(
        self,
        num_parts: int,
        num_identities: int | None = None,
        *,
        is_refined: bool = False,
        last_stride: Literal[1, 2] = 1,
        dropout: float = 0.5,
        reduction: Reduction = "shared",
        is_pretrained: bool = False,
    ) -> None:
        super().__init__()
        self.backbone: ResNet = ResNet(depth=50, last_stride=last_stride, is_pretrained=is_pretrained)
        channels = self.backbone.num_channels
        self.num_parts = num_parts
        self.pooling = RefinedPartPooling(channels, num_parts) if is_refined else StripePooling(num_parts)
        self.dropout = nn.Dropout(dropout)
        self.heads: nn.ModuleList | None = None
        if reduction == "each_part":
            self.heads = nn.ModuleList(
                EmbeddingHead(
                    channels, num_identities, embedding_dim=REDUCED_DIM, embedding_layers="linear_norm"
                )
                for _ in range(num_parts)
            )
            return
        self.reduction = ConvLayer(channels, REDUCED_DIM)
        initialize(self.reduction)
        self.classifier = (
            nn.ModuleList(nn.Linear(REDUCED_DIM, num_identities) for _ in range(num_parts))
            if num_identities
            else None
        )
        if self.classifier is not None:
            initialize(self.classifier)

    @property
    def descriptor_dim(self) -> int:
        """Dimension D of a descriptor: parts times channels."""
        return self.num_parts * self.backbone.num_channels

    def forward(self, images: Tensor) -> Tensor:
        """Return the raw descriptors (B, D) of images (B, 3, H, W), in training and evaluation mode.

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        parts = self.pooling(self.feature_map(images))
        return _joined(parts)

    def training_outputs(self, images: Tensor) -> TrainingOutputs:
        """Return the reduced features (B, 256) and logits of images (B, 3, H, W), one branch per part.

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        parts = self.pooling(self.feature_map(images))
        if self.heads is not None:
            outputs: list[TrainingOutputs] = [
                cast(EmbeddingHead, head).training_outputs(part)
                for head, part in zip(self.heads, self.dropout(parts).unbind(dim=2), strict=True)
            ]
            return TrainingOutputs(
                tuple(output.features[0] for output in outputs),
                tuple(logits for output in outputs for logits in output.logits),
                descriptors=_joined(parts),
            )
        features = self.reduction(self.dropout(parts).unsqueeze(3)).squeeze(3).unbind(dim=2)
        logits = tuple(layer(item) for layer, item in zip(self.classifier or (), features, strict=False))
        return TrainingOutputs(features, logits, descriptors=_joined(parts))

    def feature_map(self, images: Tensor) -> Tensor:
        """Return the last map (B, C, h, w).

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        check_images(images)
        return cast("Tensor", self.backbone(images))


def _joined(parts: Tensor) -> Tensor:
    return nn.functional.normalize(parts, dim=1).flatten(1)


def pcb(
    *,
    num_parts: int,
    num_identities: int | None = None,
    image_size: tuple[int, int] = (256, 128),
    is_refined: bool = False,
    last_stride: Literal[1, 2] = 1,
    dropout: float = 0.5,
    reduction: Reduction = "shared",
    is_pretrained: bool = False,
) -> ReidModel:
    """Return a PCB.

    Args:
        num_parts: See `PCB`, as ``is_refined``, ``last_stride`` and ``dropout``.
        num_identities: Classes of each classifier; None for a model that only embeds.
        image_size: (height, width) of the input.
        is_refined: See `PCB`.
        last_stride: See `PCB`.
        dropout: See `PCB`.
        reduction: See `PCB`.
        is_pretrained: Whether to start from torchvision's ImageNet weights.

    Raises:
        CatalogError: fewer rows in the last map than parts, a part or a dropout out of range.
        WeightsError: the weights cannot be had.
    """
    if num_parts < 1:
        raise CatalogError(f"PCB num_parts is too small, got {num_parts}. Expected at least 1.")
    if reduction not in get_args(Reduction):
        raise CatalogError(f"PCB reduction is unknown, got '{reduction}'. Expected shared or each_part.")
    if not 0 <= dropout < 1:
        raise CatalogError(f"PCB dropout is out of range, got {dropout}. Expected from 0 up to below 1.")
    step = 16 * last_stride
    check_image_size("PCB", image_size, smallest=1)
    if -(-image_size[0] // step) < num_parts:
        raise CatalogError(
            f"PCB input is too small, got {tuple(image_size)} for {num_parts} parts. Expected a height of at "
            f"least {step * (num_parts - 1) + 1}: one row of the last map per part."
        )
    return PCB(
        num_parts,
        num_identities,
        is_refined=is_refined,
        last_stride=last_stride,
        dropout=dropout,
        reduction=reduction,
        is_pretrained=is_pretrained,
    )
