"""TransReID: a vision transformer that knows the camera and looks at shuffled patches."""

import copy
from collections.abc import Hashable, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from reidkit.core.errors import CatalogError
from reidkit.core.side_information import SideInformation, side_label
from reidkit.core.types import TrainingOutputs
from reidkit.models.backbones.vit import VisionTransformer
from reidkit.models.heads import EmbeddingHead
from reidkit.models.model import ReidModel, check_images

NUM_GROUPS = 4
SHUFFLE_GROUPS = 2


class CameraEmbedding(nn.Module):
    """A learned vector per camera, or per camera and view; who is unknown gets the mean of all.

    A label is known by its whole text, such as ``city/3``. One with the name of a data set before it also
    finds an entry without any (``3``), and one without finds ``city/3`` where all entries are of one data
    set; the same number in another data set is another camera.

    Args:
        cameras: Labels of the known cameras; see `reidkit.core.side_information`.
        width: Of the vectors.

    Reference:
        He, Luo, Wang, Wang, Li, Jiang, "TransReID: Transformer-based Object Re-Identification", ICCV 2021,
        section 3.3.

    Differs:
        An unknown camera is an error of the index there.
    """

    def __init__(self, cameras: Sequence[Hashable], width: int) -> None:
        super().__init__()
        self.numbers = {side_label(camera): number for number, camera in enumerate(cameras)}
        if len(self.numbers) < len(cameras):
            raise CatalogError(f"Cameras repeat, got {list(cameras)}. Expected each camera once.")
        sets = {label.partition("/")[0] if "/" in label else None for label in self.numbers}
        self._short = {
            label.partition("/")[2]: number
            for label, number in self.numbers.items()
            if len(sets) == 1 and "/" in label
        }
        self.table = nn.Parameter(torch.empty(len(cameras), width))
        nn.init.trunc_normal_(self.table, std=0.02)

    def forward(self, cameras: Sequence[Hashable | None] | None) -> Tensor:
        """Return the vectors (B, width) of cameras; one (1, width) for all where none are given."""
        mean = self.table.mean(dim=0)
        if cameras is None:
            return mean[None]
        numbers = [None if camera is None else self.find(camera) for camera in cameras]
        return torch.stack([mean if number is None else self.table[number] for number in numbers])

    def find(self, camera: Hashable) -> int | None:
        """Return the row of a camera; None for one that is unknown."""
        label = side_label(camera)
        without_set = label.partition("/")[2]
        return next(
            (
                table[name]
                for table, name in (
                    (self.numbers, label),
                    (self.numbers, without_set),
                    (self._short, label),
                )
                if name in table
            ),
            None,
        )


class TransReID(ReidModel):
    """Vision transformer with a global branch and, optionally, four groups of shuffled patches.

    The last block exists twice: once for all tokens, once for the groups, which share it. The descriptor is
    the class token of the global branch and a quarter of that of each group, before their necks.

    Args:
        backbone: Whose last block and closing norm start both branches.
        num_identities: Classes of the classifiers; None for a model that only embeds.
        has_jigsaw: Whether there are groups of shuffled patches.
        cameras: Labels of the known cameras; none leaves the camera embedding out.
        side_information: What these labels tell: the camera, the view of the body, or both.
        camera_strength: Factor of the camera embedding.
        shift: By how many patches the row of patches is turned before it is shuffled.

    Reference:
        He, Luo, Wang, Wang, Li, Jiang, "TransReID: Transformer-based Object Re-Identification", ICCV 2021.

    Differs:
        Images of an unknown camera get the mean of the camera embeddings.
    """

    backbone: VisionTransformer

    def __init__(
        self,
        backbone: VisionTransformer,
        num_identities: int | None = None,
        *,
        has_jigsaw: bool = True,
        cameras: Sequence[Hashable] = (),
        side_information: SideInformation = "camera",
        camera_strength: float = 3.0,
        shift: int = 4,
    ) -> None:
        super().__init__()
        num_patches = backbone.grid[0] * backbone.grid[1]
        if has_jigsaw and (num_patches < NUM_GROUPS or not 0 <= shift < num_patches):
            raise CatalogError(
                f"TransReID shift or patches are out of range, got shift {shift} and {num_patches} patches. "
                f"Expected 0 up to below the number of patches, of which there are at least {NUM_GROUPS}."
            )
        self.backbone = backbone
        width = backbone.num_channels
        network = backbone.network
        last = network.blocks[-1]
        network.blocks = network.blocks[:-1]
        # Both branches start as the end of the backbone.
        self.global_branch = nn.Sequential(last, network.norm)
        network.norm = nn.Identity()
        self.has_jigsaw = has_jigsaw
        self.shift = shift
        self.local_branch = copy.deepcopy(self.global_branch) if has_jigsaw else None
        self.camera_embedding = CameraEmbedding(cameras, width) if len(cameras) else None
        self.uses_cameras = self.camera_embedding is not None
        self.side_information = side_information
        self.camera_strength = camera_strength
        count = 1 + NUM_GROUPS if has_jigsaw else 1
        self.heads = nn.ModuleList(
            EmbeddingHead(width, num_identities, neck="batch_norm", descriptor="before_neck")
            for _ in range(count)
        )

    @property
    def descriptor_dim(self) -> int:
        """Dimension D of a descriptor: the width of the tokens, five times with groups."""
        return len(self.heads) * self.backbone.num_channels

    def forward(self, images: Tensor, cameras: Sequence[Hashable | None] | None = None) -> Tensor:
        """Return the raw descriptors (B, D) of images (B, 3, H, W).

        Args:
            images: Standardised.
            cameras: Label of each image's camera; None where unknown.

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor of the size that the model was built for.
        """
        return _joined(self._features(images, cameras))

    def training_outputs(
        self, images: Tensor, cameras: Sequence[Hashable | None] | None = None
    ) -> TrainingOutputs:
        """Return features and logits of the global branch and of each group.

        Args:
            images: Standardised.
            cameras: Label of each image's camera; None where unknown.

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor of the size that the model was built for.
        """
        found = self._features(images, cameras)
        parts = [
            cast(EmbeddingHead, head).training_outputs(features)
            for head, features in zip(self.heads, found, strict=True)
        ]
        return TrainingOutputs(
            features=tuple(part.features[0] for part in parts),
            logits=tuple(logits for part in parts for logits in part.logits),
            # Half for the global branch, as in the paper's equation 5.
            branch_weights=(0.5, *((0.5 / NUM_GROUPS,) * NUM_GROUPS)) if self.has_jigsaw else (),
            descriptors=_joined(found),
        )

    def feature_map(self, images: Tensor) -> Tensor:
        """Return the patches of the global branch as a map (B, C, rows, columns).

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor of the size that the model was built for.
        """
        tokens: Tensor = self.global_branch(self._tokens(images, None))
        return tokens[:, 1:].transpose(1, 2).reshape(len(images), -1, *self.backbone.grid)

    def knows_camera(self, camera: Hashable) -> bool:
        """Say whether a camera has an embedding of its own."""
        return self.camera_embedding is not None and self.camera_embedding.find(camera) is not None

    def _tokens(self, images: Tensor, cameras: Sequence[Hashable | None] | None) -> Tensor:
        """Return the tokens (B, 1 + N, C) before the last block."""
        check_images(images)
        self.backbone.check_size(images)
        network = self.backbone.network
        tokens: Tensor = network.norm_pre(network._pos_embed(network.patch_embed(images)))
        if self.camera_embedding is not None:
            seen = self.camera_embedding(cameras)
            tokens = tokens + self.camera_strength * seen[:, None]
        for block in network.blocks:
            tokens = block(tokens)
        return tokens

    def _features(self, images: Tensor, cameras: Sequence[Hashable | None] | None) -> list[Tensor]:
        tokens = self._tokens(images, cameras)
        features = [self.global_branch(tokens)[:, 0]]
        if self.local_branch is not None:
            first, patches = tokens[:, :1], tokens[:, 1:]
            size = patches.shape[1] // NUM_GROUPS
            shuffled = shuffle_patches(patches, self.shift)
            groups = torch.split(shuffled[:, : NUM_GROUPS * size], size, dim=1)
            features += [self.local_branch(torch.cat([first, group], dim=1))[:, 0] for group in groups]
        return features


def _joined(features: Sequence[Tensor]) -> Tensor:
    first, *others = features
    return torch.cat([first, *(part / NUM_GROUPS for part in others)], dim=1)


def shuffle_patches(patches: Tensor, shift: int) -> Tensor:
    """Turn the row of patches by ``shift`` and deal it out to two groups, one after the other.

    Args:
        patches: (B, N, C), row by row.
        shift: How many patches go from the front to the back.

    Returns:
        (B, N, C), for odd N one more: the second but last patch fills the gap, as in the original.

    Example:
        >>> shuffle_patches(torch.arange(6.0).reshape(1, 6, 1), 2).flatten().tolist()
        [2.0, 5.0, 3.0, 0.0, 4.0, 1.0]
    """
    turned = torch.cat([patches[:, shift:], patches[:, :shift]], dim=1)
    if turned.shape[1] % SHUFFLE_GROUPS:
        turned = torch.cat([turned, turned[:, -2:-1]], dim=1)
    batch, count, width = turned.shape
    dealt = turned.reshape(batch, SHUFFLE_GROUPS, count // SHUFFLE_GROUPS, width).transpose(1, 2)
    return dealt.reshape(batch, count, width)


def transreid(
    *,
    num_identities: int | None = None,
    image_size: tuple[int, int] = (256, 128),
    patch_stride: int = 16,
    patch_size: int = 16,
    width: int = 768,
    depth: int = 12,
    num_heads: int = 12,
    drop_path: float = 0.1,
    has_jigsaw: bool = True,
    cameras: Sequence[Hashable] = (),
    side_information: SideInformation = "camera",
    camera_strength: float = 3.0,
    shift: int = 4,
    is_pretrained: bool = False,
) -> ReidModel:
    """Return a TransReID on a vision transformer.

    Args:
        num_identities: Classes of the classifiers; None for a model that only embeds.
        image_size: (height, width) of the input.
        patch_stride: Step from patch to patch in pixels; 12 is the paper's starred model.
        patch_size: Side of a patch in pixels.
        width: Channels of the tokens.
        depth: Blocks, the last one of which each branch has of its own; at least 2.
        num_heads: Attention heads per block.
        drop_path: See `VisionTransformer`.
        has_jigsaw: See `TransReID`, as all that follow.
        cameras: Labels of the known cameras.
        side_information: What they tell.
        camera_strength: Factor of the camera embedding.
        shift: Turn of the patches.
        is_pretrained: See `VisionTransformer`.

    Raises:
        CatalogError: a choice out of range.
        WeightsError: the weights cannot be had.
        MissingExtraError: timm is not installed.
    """
    if depth < 2:
        raise CatalogError(f"TransReID depth is too small, got {depth}. Expected at least 2.")
    backbone = VisionTransformer(
        image_size,
        width=width,
        depth=depth,
        num_heads=num_heads,
        patch_size=patch_size,
        patch_stride=patch_stride,
        drop_path=drop_path,
        is_pretrained=is_pretrained,
    )
    return TransReID(
        backbone,
        num_identities,
        has_jigsaw=has_jigsaw,
        cameras=cameras,
        side_information=side_information,
        camera_strength=camera_strength,
        shift=shift,
    )
