"""The re-ID model: what every network offers, and the pipeline backbone -> aggregation -> head."""

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import Protocol

from torch import Tensor, nn

from reidkit.core.errors import ShapeError
from reidkit.core.side_information import SideInformation
from reidkit.core.types import TrainingOutputs
from reidkit.models.temporal import AttentionPooling


class Head(Protocol):
    """What a head must do; see `reidkit.models.heads.EmbeddingHead`."""

    descriptor_dim: int

    def __call__(self, pooled: Tensor) -> Tensor:
        """Return descriptors."""

    def training_outputs(self, pooled: Tensor) -> TrainingOutputs:
        """Return what the losses need."""


class ReidModel(nn.Module, ABC):
    """Turn standardised images into descriptors; what training, evaluation, export and pictures rely on.

    The model knows neither labels nor losses nor pixel statistics: images come standardised by the
    `Preprocessing` that its checkpoint names. Most networks are a `PipelineModel`; one with branches of its
    own (PCB, MGN, HACNN) is a subclass. Each calls `check_images` first.

    Attributes:
        backbone: The part that pretrained weights fill and that a recipe may freeze at first.
        uses_cameras: Whether ``forward`` and ``training_outputs`` take the labels of the images' cameras as a
            second argument, None for an unknown one.
        side_information: What these labels tell; see `reidkit.core.side_information`.
        frame_attention: What weighs the frames of a tracklet, by their descriptors; None for most.
    """

    backbone: nn.Module
    uses_cameras: bool = False
    side_information: SideInformation = "camera"

    def __init__(self) -> None:
        super().__init__()
        self.frame_attention: AttentionPooling | None = None

    @property
    @abstractmethod
    def descriptor_dim(self) -> int:
        """Dimension D of a descriptor."""

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """Return the raw descriptors (B, D) of images (B, 3, H, W), in training and evaluation mode.

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """

    @abstractmethod
    def training_outputs(self, images: Tensor) -> TrainingOutputs:
        """Return features and logits of images (B, 3, H, W), one entry per branch.

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """

    @abstractmethod
    def feature_map(self, images: Tensor) -> Tensor:
        """Return the last map (B, C, h, w), for activation maps and local matching.

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """

    def knows_camera(self, camera: Hashable) -> bool:
        """Say whether a camera is one of those that the model learned something about."""
        del camera
        return False


def check_images(images: Tensor) -> None:
    """Refuse what is not a batch of standardised RGB images.

    Raises:
        ShapeError: not a floating (B, 3, H, W) tensor.
    """
    if images.ndim != 4 or images.shape[1] != 3 or not images.is_floating_point():
        raise ShapeError(
            f"Images have a wrong form, got {images.dtype} of shape {tuple(images.shape)}. Expected "
            f"standardised floating (B, 3, H, W), RGB."
        )


def is_classifier(name: str) -> bool:
    """Say whether a tensor of a model belongs to a classifier, which embedding never needs.

    What torchvision calls so inside a backbone, such as the layers of VGG behind its map, is none.
    """
    return "classifier" in name.split(".") and not name.startswith("backbone.")


class OneBranchModel(ReidModel):
    """A model whose images become one pooled vector each, which one head turns into descriptors.

    A subclass says how images are pooled; see `pooled`.

    Attributes:
        head: From pooled vectors to descriptors, and to the training outputs.
    """

    head: Head

    @property
    def descriptor_dim(self) -> int:
        """Dimension D of a descriptor."""
        return self.head.descriptor_dim

    def forward(self, images: Tensor) -> Tensor:
        """Return the raw descriptors (B, D) of images (B, 3, H, W), in training and evaluation mode.

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        return self.head(self.pooled(images))

    def training_outputs(self, images: Tensor) -> TrainingOutputs:
        """Return features and logits of images (B, 3, H, W), one branch.

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        return self.head.training_outputs(self.pooled(images))

    @abstractmethod
    def pooled(self, images: Tensor) -> Tensor:
        """Return one vector (B, C) per image of (B, 3, H, W).

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """


class PipelineModel(OneBranchModel):
    """Backbone, aggregation and head, one after the other.

    Args:
        backbone: (B, 3, H, W) to (B, C, h, w).
        aggregation: (B, C, h, w) to (B, C).
        head: (B, C) to (B, D), and to the training outputs.

    Reference:
        The four stages: He et al., "FastReID: A Pytorch Toolbox for General Instance Re-identification",
        2020, arXiv:2006.02631, section 3.
    """

    def __init__(self, backbone: nn.Module, aggregation: nn.Module, head: Head) -> None:
        super().__init__()
        self.backbone = backbone
        self.aggregation = aggregation
        self.head = head

    def feature_map(self, images: Tensor) -> Tensor:
        """Return the last map (B, C, h, w), for activation maps and local matching.

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        check_images(images)
        features: Tensor = self.backbone(images)
        return features

    def pooled(self, images: Tensor) -> Tensor:
        """Return the aggregated last map (B, C).

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        pooled: Tensor = self.aggregation(self.feature_map(images))
        return pooled
