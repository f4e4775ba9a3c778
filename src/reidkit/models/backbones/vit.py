"""Vision transformer of timm for upright images, with patches that may overlap."""

from typing import Any, Literal

from torch import Tensor, nn

from reidkit.core.errors import CatalogError, ShapeError, WeightsError
from reidkit.core.extras import import_extra

Output = Literal["class_token", "patches"]

PRETRAINED = "vit_base_patch16_224.augreg_in21k_ft_in1k"
"""The weights of timm that a ViT-B/16 may start from: of ImageNet-21k, tuned on ImageNet-1k."""


class VisionTransformer(nn.Module):
    """Vision transformer: images (B, 3, H, W) to (B, C, 1, 1), its class token, or to the map of its patches.

    Args:
        image_size: (height, width); position embeddings are made for it.
        width: Channels C of the tokens.
        depth: Blocks.
        num_heads: Attention heads per block.
        mlp_ratio: How many times wider than the tokens the hidden layer of a block is.
        patch_size: Side of the square patches in pixels.
        patch_stride: Step from patch to patch; below ``patch_size`` they overlap.
        has_attention_bias: Whether queries, keys and values have biases.
        drop_path: Share of blocks that training leaves out at random, rising from 0 to it with the depth.
        output: "class_token" is a map of one position; "patches" the map of all others, for aggregations
            that look at places.
        is_pretrained: Whether to start from timm's ImageNet weights of ViT-B/16, which it fetches; position
            embeddings are resampled to the grid of the patches.

    Raises:
        CatalogError: an unknown choice, an image smaller than a patch, or pretrained weights for another
            network than ViT-B/16.
        WeightsError: the weights cannot be had.
        MissingExtraError: timm is not installed.

    Reference:
        Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021; overlapping patches: He, Luo, Wang,
        Wang, Li, Jiang, "TransReID: Transformer-based Object Re-Identification", ICCV 2021, section 3.1.
    """

    def __init__(
        self,
        image_size: tuple[int, int],
        *,
        width: int = 768,
        depth: int = 12,
        num_heads: int = 12,
        mlp_ratio: float = 4.0,
        patch_size: int = 16,
        patch_stride: int = 16,
        has_attention_bias: bool = True,
        drop_path: float = 0.1,
        output: Output = "class_token",
        is_pretrained: bool = False,
    ) -> None:
        super().__init__()
        if output not in ("class_token", "patches"):
            raise CatalogError(f"ViT output is unknown, got '{output}'. Expected 'class_token' or 'patches'.")
        if width % num_heads:
            raise CatalogError(f"ViT width does not divide among {num_heads} heads, got {width}.")
        if not 1 <= patch_stride <= patch_size:
            raise CatalogError(
                f"ViT patch_stride is out of range, got {patch_stride}. Expected 1 to the patch_size of "
                f"{patch_size}."
            )
        if min(image_size) < patch_size:
            raise CatalogError(
                f"ViT input is too small, got {image_size}. Expected at least one patch of {patch_size} "
                f"pixels."
            )
        timm_vit = import_extra("timm.models.vision_transformer", extra="train", purpose="The backbone 'vit'")
        height, width_in_pixels = image_size
        self.grid = (
            (height - patch_size) // patch_stride + 1,
            (width_in_pixels - patch_size) // patch_stride + 1,
        )
        # timm knows no overlap: it is told a size that gives this grid without, then the step is set.
        rows, columns = self.grid
        self.network: Any = timm_vit.VisionTransformer(
            img_size=(rows * patch_size, columns * patch_size),
            patch_size=patch_size,
            embed_dim=width,
            depth=depth,
            num_heads=num_heads,
            mlp_ratio=mlp_ratio,
            qkv_bias=has_attention_bias,
            drop_path_rate=drop_path,
            num_classes=0,
            global_pool="",
        )
        if is_pretrained:
            self._take_imagenet_weights(rows * patch_size, columns * patch_size)
        patches = self.network.patch_embed
        patches.proj.stride = (patch_stride, patch_stride)
        patches.img_size = None  # checked here
        self.image_size = tuple(image_size)
        self.output = output
        self.num_channels = width

    def _take_imagenet_weights(self, height: int, width: int) -> None:
        timm = import_extra("timm", extra="train", purpose="The backbone 'vit'")
        try:
            source = timm.create_model(
                PRETRAINED, pretrained=True, img_size=(height, width), num_classes=0, global_pool=""
            )
        except (OSError, RuntimeError) as error:
            raise WeightsError(
                f"Weights of '{PRETRAINED}' cannot be loaded: {error}. Expected a reachable hub or a filled "
                f"cache. Set is_pretrained=false to train from scratch."
            ) from error
        try:
            self.network.load_state_dict(source.state_dict())
        except RuntimeError as error:
            raise CatalogError(
                f"ViT has pretrained weights as ViT-B/16 alone, got another width, depth, ratio, patch or "
                f"attention: {str(error).splitlines()[1].strip()} Expected is_pretrained false."
            ) from error

    def forward(self, images: Tensor) -> Tensor:
        """Return the class token (B, C, 1, 1), or the patches (B, C, rows, columns).

        Raises:
            ShapeError: images of another size than the position embeddings are for.
        """
        self.check_size(images)
        tokens: Tensor = self.network.forward_features(images)  # (B, 1 + rows * columns, C)
        if self.output == "class_token":
            return tokens[:, 0, :, None, None]
        return tokens[:, 1:].transpose(1, 2).reshape(-1, self.num_channels, *self.grid)

    def check_size(self, images: Tensor) -> None:
        """Refuse images that the position embeddings are not for.

        Raises:
            ShapeError: images of another size.
        """
        if tuple(images.shape[2:]) != self.image_size:
            raise ShapeError(
                f"ViT images have another size, got {tuple(images.shape[2:])}. Expected {self.image_size}."
            )
