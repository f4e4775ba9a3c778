"""Any timm architecture as a backbone, by its timm name."""

import difflib
import inspect
from typing import Any, Literal

from torch import Tensor, nn

from reidkit.core.errors import CatalogError, WeightsError
from reidkit.core.extras import import_extra
from reidkit.models.backbones.last_stride import keep_last_resolution, no_stride
from reidkit.models.heads import EmbeddingHead, NeckName
from reidkit.models.model import PipelineModel, ReidModel
from reidkit.models.pooling import AverageAggregation
from reidkit.models.whole_network import whole_timm


class TimmBackbone(nn.Module):
    """A timm network up to its last feature map: images (B, 3, H, W) to (B, C, h, w).

    Layers behind that map are left out, tokens come back as a map without their prefix tokens. A norm that
    closes the network, as in transformers, belongs to the map.

    Args:
        name: A timm architecture, with or without a tag: ``"resnet18"``, ``"vit_small_patch16_224"``.
        image_size: (height, width); networks with position embeddings are built for it.
        is_pretrained: Whether to start from timm's weights, which it fetches from its hub.
        last_stride: 1 keeps the resolution of a convolutional network in its last stage, by stride and not
            by dilation; 2 leaves it as timm has it.

    Raises:
        CatalogError: timm does not know the name, the network gives no map, its patches do not divide the
            image, or it has no stride that last_stride 1 could take away.
        WeightsError: the weights cannot be had.
        MissingExtraError: timm is not installed.
    """

    def __init__(
        self,
        name: str,
        image_size: tuple[int, int],
        *,
        is_pretrained: bool = False,
        last_stride: Literal[1, 2] = 2,
    ) -> None:
        super().__init__()
        if last_stride not in (1, 2):
            raise CatalogError(f"timm last_stride is out of range, got {last_stride}. Expected 1 or 2.")
        timm = import_extra("timm", extra="train", purpose=f"The backbone '{name}'")
        if not timm.is_model(name.partition(".")[0]):
            base, known = name.partition(".")[0], timm.list_models()
            near = [item for item in known if base in item][:5] or difflib.get_close_matches(base, known, n=5)
            hint = f" Near names: {', '.join(near)}." if near else ""
            raise CatalogError(f"Unknown timm model '{name}'.{hint} See timm.list_models().")
        try:
            self.network = _create(name, image_size, num_classes=0, pretrained=is_pretrained)
            self._ends_with_norm = _ends_with_norm(self.network)
            if self._ends_with_norm:
                self.network.prune_intermediate_layers(1, prune_norm=False, prune_head=True)
                self.num_channels: int = self.network.num_features
            else:
                self.network = _create(
                    name, image_size, pretrained=is_pretrained, features_only=True, out_indices=(-1,)
                )
                self.num_channels = self.network.feature_info.channels()[-1]
        except (OSError, RuntimeError) as error:
            if is_pretrained:
                raise WeightsError(
                    f"Weights of '{name}' cannot be loaded: {error}. Expected a reachable hub or a filled "
                    f"cache. Set model.arguments.is_pretrained=false to train from scratch."
                ) from error
            raise CatalogError(f"timm model '{name}' gives no feature map: {error}.") from error
        _check_patches(name, self.network, image_size)
        if last_stride == 1 and hasattr(self.network, "patch_embed"):
            raise CatalogError(no_stride(name))
        if last_stride == 1:
            keep_last_resolution(self.network, name=name)

    def forward(self, images: Tensor) -> Tensor:
        """Return the last feature map (B, C, h, w)."""
        if self._ends_with_norm:
            maps = self.network.forward_intermediates(
                images, indices=1, norm=True, output_fmt="NCHW", intermediates_only=True
            )
        else:
            maps = self.network(images)
        features: Tensor = maps[-1]
        # Some networks keep channels last.
        if features.shape[1] != self.num_channels and features.shape[-1] == self.num_channels:
            features = features.permute(0, 3, 1, 2)
        return features


def _create(name: str, image_size: tuple[int, int], **arguments: Any) -> Any:  # noqa: ANN401 - timm is untyped
    timm = import_extra("timm", extra="train", purpose=f"The backbone '{name}'")
    try:
        return timm.create_model(name, img_size=image_size, **arguments)
    except TypeError:  # a network without position embeddings takes any size, and no such argument
        return timm.create_model(name, **arguments)


def pixel_statistics(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the mean and standard deviation of pixels that the weights of a timm tag were trained with.

    Args:
        name: With its tag, ``"vit_base_patch16_224.augreg_in21k"``, or without for timm's default one.

    Raises:
        CatalogError: timm does not know the name.
        MissingExtraError: timm is not installed.
    """
    timm = import_extra("timm", extra="train", purpose=f"The backbone '{name}'")
    if not timm.is_model(name.partition(".")[0]):
        raise CatalogError(f"Unknown timm model '{name}'. See timm.list_models().")
    config = timm.get_pretrained_cfg(name, allow_unregistered=True) or timm.models.PretrainedCfg()
    return tuple(config.mean), tuple(config.std)


def _check_patches(name: str, network: Any, image_size: tuple[int, int]) -> None:  # noqa: ANN401 - timm is untyped
    """Refuse a size of which timm would silently leave rows and columns out."""
    patch = getattr(getattr(network, "patch_embed", None), "patch_size", None)
    if patch is None or not isinstance(getattr(network, "blocks", None), nn.Module):
        return
    rest = [side % step for side, step in zip(image_size, patch, strict=True)]
    if any(rest):
        height, width = (side - left for side, left in zip(image_size, rest, strict=True))
        raise CatalogError(
            f"timm model '{name}' has patches of {patch[0]}x{patch[1]} pixels, which do not divide the "
            f"image, got {image_size}. Expected multiples, such as {height}x{width}."
        )


def _ends_with_norm(network: Any) -> bool:  # noqa: ANN401 - timm is untyped
    """Say whether the last map lies behind a norm of its own, as in transformers.

    timm leaves that norm out of its feature maps, so that weights trained with it would be used without.
    """
    if isinstance(getattr(network, "norm", nn.Identity()), nn.Identity):
        return False
    intermediates = getattr(network, "forward_intermediates", None)
    return intermediates is not None and "norm" in inspect.signature(intermediates).parameters


def timm_model(
    *,
    backbone: str,
    num_identities: int | None = None,
    image_size: tuple[int, int] = (256, 128),
    is_pretrained: bool = False,
    last_stride: Literal[1, 2] = 2,
    pooling: Literal["average", "own"] = "average",
    embedding_dim: int | None = None,
    neck: NeckName = "batch_norm",
) -> ReidModel:
    """Return any timm network behind average pooling and a head.

    Args:
        backbone: timm name.
        num_identities: Classes of the classifier; None for a model that only embeds.
        image_size: (height, width) of the input.
        is_pretrained: Whether to start from timm's weights.
        last_stride: See `TimmBackbone`.
        pooling: "average" of the last map, or the network's "own" with all layers behind that map, as plain
            weights of timm were trained.
        embedding_dim: See `EmbeddingHead`.
        neck: See `EmbeddingHead`.

    Raises:
        CatalogError: timm does not know the name, or the network gives no map.
        WeightsError: the weights cannot be had.
        MissingExtraError: timm is not installed.
    """
    if pooling not in ("average", "own"):
        raise CatalogError(f"timm pooling is unknown, got '{pooling}'. Expected average or own.")
    if pooling == "own":
        if is_pretrained or last_stride != 2:
            raise CatalogError(
                f"timm pooling 'own' takes a network as it is, got is_pretrained {is_pretrained} and "
                f"last_stride {last_stride}. Expected false and 2. Fetch weights: reidkit weights fetch "
                f"timm/{backbone}."
            )
        return whole_timm(backbone, image_size, num_identities, embedding_dim=embedding_dim, neck=neck)
    network = TimmBackbone(backbone, image_size, is_pretrained=is_pretrained, last_stride=last_stride)
    head = EmbeddingHead(network.num_channels, num_identities, embedding_dim=embedding_dim, neck=neck)
    return PipelineModel(network, AverageAggregation(), head)
