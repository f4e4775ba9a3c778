"""Networks of timm and torchvision whole: with all their layers, up to the input of their classifier."""

from typing import Any, Literal

import torch
import torchvision
from torch import Tensor, nn

from reidkit.core.catalog import near_name
from reidkit.core.errors import CatalogError
from reidkit.core.extras import import_extra
from reidkit.models.heads import EmbeddingHead, NeckName
from reidkit.models.model import OneBranchModel, ReidModel, check_images

PrefixTokens = Literal["left_out", "kept"]


# What timm puts between the outcome of forward_features and the classifier.
_HEADS = ("head", "global_pool", "head_drop", "fc_norm", "attn_pool", "pre_logits")


class WholeTimmNetwork(nn.Module):
    """Any timm network as timm itself runs it: images (B, 3, H, W) to a map (B, C, h, w).

    Unlike `reidkit.models.timm_backbone.TimmBackbone` it keeps the layers behind the last map of a stage.

    Args:
        name: A timm architecture, with or without a tag.
        image_size: (height, width); networks with position embeddings are built for it.
        prefix_tokens: "left_out" gives the patches of a transformer as a map; "kept" gives all tokens, class
            token and registers among them, as a map of one column, so that an average is over all.
        has_final_activation: Whether a network whose last layer is an activation keeps it.
        has_head: Whether the layers between map and classifier are there; only `pooled` uses them.
        padded_for: Side of the square images that every convolution pads for, as EfficientNet's port to
            PyTorch does, whatever the images; None pads as timm does.

    Raises:
        CatalogError: timm does not know the name, or the network has no activation to leave out.
        MissingExtraError: timm is not installed.
    """

    def __init__(
        self,
        name: str,
        image_size: tuple[int, int] = (256, 128),
        *,
        prefix_tokens: PrefixTokens = "left_out",
        has_final_activation: bool = True,
        has_head: bool = False,
        padded_for: int | None = None,
    ) -> None:
        super().__init__()
        self.network = create_timm(name, image_size)
        self.prefix_tokens = prefix_tokens
        if not has_final_activation:
            if not isinstance(getattr(self.network, "act", None), nn.Module):
                raise CatalogError(
                    f"timm model '{name}' has no final activation, got has_final_activation false. Expected "
                    f"true."
                )
            self.network.act = nn.Identity()
        if not has_head:
            for part in _HEADS:
                if isinstance(getattr(self.network, part, None), nn.Module):
                    setattr(self.network, part, nn.Identity())
        if padded_for is not None:
            _pad_for(self.network, padded_for)
        self.num_channels: int = self.network.num_features
        self.grid: tuple[int, int] | None = _patch_grid(self.network)
        self.descriptor_dim: int = getattr(self.network, "head_hidden_size", None) or self.num_channels

    def pooled(self, images: Tensor) -> Tensor:
        """Return what the classifier of timm would see, (B, descriptor_dim)."""
        pooled: Tensor = self.network(images)
        return pooled

    def forward(self, images: Tensor) -> Tensor:
        """Return the outcome of timm's ``forward_features`` as a map (B, C, h, w)."""
        features = self.network.forward_features(images)
        if not isinstance(features, Tensor):
            features = features[0]
        return _as_map(features, self.network, images, self.prefix_tokens)


class _PaddedConvolution(nn.Conv2d):
    """A convolution that pads by fixed numbers: left, right, top, bottom."""

    sides: tuple[int, int, int, int] = (0, 0, 0, 0)

    def forward(self, input: Tensor) -> Tensor:
        """Return the convolution of the padded maps."""
        return super().forward(nn.functional.pad(input, self.sides))


def _pad_for(network: nn.Module, side: int) -> None:
    """Let every convolution that pads by the size of its input pad as for square images of one size."""
    kind = import_extra("timm.layers", extra="train", purpose="Padding as for images of one size").Conv2dSame
    layers = [layer for layer in network.modules() if isinstance(layer, kind)]
    sizes: dict[nn.Module, int] = {}
    hooks = [
        layer.register_forward_pre_hook(lambda layer, inputs: sizes.update({layer: inputs[0].shape[-1]}))
        for layer in layers
    ]
    with torch.no_grad():
        was_training = network.training
        network.eval()(torch.zeros(1, 3, side, side, device=next(network.parameters()).device))
        network.train(was_training)
    for hook in hooks:
        hook.remove()
    for layer in layers:
        step, reach = layer.stride[0], layer.kernel_size[0]
        total = max((-(-sizes[layer] // step) - 1) * step + reach - sizes[layer], 0)
        layer.__class__ = _PaddedConvolution
        layer.sides = (total // 2, total - total // 2) * 2
        layer.padding = (0, 0)


def create_timm(name: str, image_size: tuple[int, int]) -> Any:  # noqa: ANN401 - timm is untyped
    """Return a network of timm without its classifier, with fresh weights.

    Raises:
        CatalogError: timm does not know the name, or cannot build it for this size.
        MissingExtraError: timm is not installed.
    """
    timm = import_extra("timm", extra="train", purpose=f"The network '{name}'")
    base = name.partition(".")[0]
    if not timm.is_model(base):
        raise CatalogError(
            f"Unknown timm model '{name}'.{near_name(base, timm.list_models())} See timm.list_models()."
        )
    try:
        try:
            return timm.create_model(name, num_classes=0, img_size=image_size)
        except TypeError:  # a network without position embeddings takes any size, and no such argument
            return timm.create_model(name, num_classes=0)
    except (AssertionError, RuntimeError, ValueError) as error:
        raise CatalogError(
            f"timm model '{name}' cannot be built for images of {image_size}: {error}. Expected another size."
        ) from error


def _as_map(features: Tensor, network: Any, images: Tensor, prefix_tokens: PrefixTokens) -> Tensor:  # noqa: ANN401
    channels = network.num_features
    if features.ndim == 4:
        is_last = features.shape[1] != channels and features.shape[-1] == channels
        return features.permute(0, 3, 1, 2) if is_last else features
    tokens = features.transpose(1, 2)
    if prefix_tokens == "kept":
        return tokens[..., None]
    tokens = tokens[:, :, int(getattr(network, "num_prefix_tokens", 0)) :]
    rows, columns = _grid(tokens.shape[2], network, images)
    return tokens.reshape(*tokens.shape[:2], rows, columns)


def _patch_grid(network: Any) -> tuple[int, int] | None:  # noqa: ANN401 - timm is untyped
    grid = getattr(getattr(network, "patch_embed", None), "grid_size", None)
    return None if grid is None else (int(grid[0]), int(grid[1]))


def _grid(count: int, network: Any, images: Tensor) -> tuple[int, int]:  # noqa: ANN401 - timm is untyped
    """Return rows and columns of patches; where timm does not say, what is nearest to the image's shape."""
    grid = _patch_grid(network)
    if grid is not None and grid[0] * grid[1] == count:
        return grid
    height, width = images.shape[2:]
    rows = [number for number in range(1, count + 1) if count % number == 0]
    best = min(rows, key=lambda number: abs(number * width - count // number * height))
    return best, count // best


# The last module before pooling, by how torchvision calls it in each family.
_LAST_MAPS = (
    "features", "layer4", "trunk_output", "conv5", "layers", "inception5b", "Mixed_7c", "blocks"
)  # fmt: skip


class WholeTorchvisionNetwork(nn.Module):
    """Any classifier of torchvision without its last linear layer: images (B, 3, H, W) to a map (B, C, h, w).

    Args:
        name: torchvision's name.
        image_size: (height, width), which MaxViT has to know.

    Raises:
        CatalogError: torchvision does not know the name, or it ends in no linear layer.
    """

    def __init__(self, name: str, image_size: tuple[int, int] = (256, 128)) -> None:
        super().__init__()
        known = torchvision.models.list_models(module=torchvision.models)
        if name not in known:
            raise CatalogError(
                f"Unknown torchvision model '{name}'.{near_name(name, known)} See torchvision.models."
                f"list_models(module=torchvision.models)."
            )
        self.network = _create_torchvision(name, image_size)
        linear = [key for key, layer in self.network.named_modules() if isinstance(layer, nn.Linear)]
        if not linear or not any(hasattr(self.network, place) for place in _LAST_MAPS):
            raise CatalogError(
                f"torchvision model '{name}' gives no descriptor: it does not end in a linear layer behind a "
                f"map. Expected one that does. Take it from reidkit's catalog or from timm."
            )
        self.classifier_name: str = linear[-1]
        self.descriptor_dim: int = self.network.get_submodule(linear[-1]).in_features
        self.network.set_submodule(linear[-1], nn.Identity())

    def pooled(self, images: Tensor) -> Tensor:
        """Return what the classifier of torchvision would see, (B, descriptor_dim)."""
        pooled: Tensor = self.network(images)
        return pooled

    def forward(self, images: Tensor) -> Tensor:
        """Return the map (B, C, h, w) before pooling."""
        place = next(place for place in _LAST_MAPS if hasattr(self.network, place))
        found: list[Tensor] = []
        hook = getattr(self.network, place).register_forward_hook(lambda *call: found.append(call[-1]))
        try:
            self.network(images)
        finally:
            hook.remove()
        maps = found[-1]
        norm = getattr(self.network, "norm", None)  # Swin keeps channels last
        return maps.permute(0, 3, 1, 2) if isinstance(norm, nn.LayerNorm) else maps


def _create_torchvision(name: str, image_size: tuple[int, int]) -> Any:  # noqa: ANN401 - whatever it builds
    builder = torchvision.models.get_model_builder(name)
    options: dict[str, Any] = {"weights": None}
    if name in ("googlenet", "inception_v3"):
        options |= {"init_weights": True, "aux_logits": False}
        if name == "googlenet":
            options["transform_input"] = False
    if name.startswith("maxvit"):
        options["input_size"] = image_size
    network = builder(**options)
    if isinstance(network, torchvision.models.MNASNet):
        network.__class__ = _MNASNet
    return network


class _MNASNet(torchvision.models.MNASNet):  # type: ignore[misc]  # torchvision is untyped
    """MNASNet that loads plain tensors; torchvision's wants the number of a version beside them."""

    def _load_from_state_dict(self, *arguments: Any) -> None:  # noqa: ANN401 - torch's own
        nn.Module._load_from_state_dict(self, *arguments)


class WholeNetworkModel(OneBranchModel):
    """A network of another library whose features are the input of its own classifier.

    Args:
        backbone: The network without its classifier.
        head: From these features to descriptors.
    """

    backbone: WholeTimmNetwork | WholeTorchvisionNetwork

    def __init__(self, backbone: WholeTimmNetwork | WholeTorchvisionNetwork, head: EmbeddingHead) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    def pooled(self, images: Tensor) -> Tensor:
        """Return the network's own features (B, C).

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        check_images(images)
        return self.backbone.pooled(images)

    def feature_map(self, images: Tensor) -> Tensor:
        """Return the last map (B, C, h, w), for activation maps and local matching.

        Raises:
            ShapeError: not a floating (B, 3, H, W) tensor.
        """
        check_images(images)
        maps: Tensor = self.backbone(images)
        return maps


def whole_torchvision(
    *,
    network: str,
    num_identities: int | None = None,
    image_size: tuple[int, int] = (256, 128),
    embedding_dim: int | None = None,
    neck: NeckName = "none",
) -> ReidModel:
    """Return any classifier of torchvision with its own pooling, its last linear layer left out.

    Args:
        network: torchvision's name.
        num_identities: Classes of the classifier; None for a model that only embeds.
        image_size: (height, width) of the input.
        embedding_dim: See `EmbeddingHead`.
        neck: See `EmbeddingHead`.

    Raises:
        CatalogError: torchvision does not know the name, or the network gives no descriptor.
    """
    backbone = WholeTorchvisionNetwork(network, image_size)
    head = EmbeddingHead(backbone.descriptor_dim, num_identities, embedding_dim=embedding_dim, neck=neck)
    return WholeNetworkModel(backbone, head)


def whole_timm(
    name: str,
    image_size: tuple[int, int],
    num_identities: int | None = None,
    *,
    embedding_dim: int | None = None,
    neck: NeckName = "none",
) -> ReidModel:
    """Return any timm network with its own pooling, its classifier left out; see `whole_torchvision`."""
    backbone = WholeTimmNetwork(name, image_size, has_head=True)
    head = EmbeddingHead(backbone.descriptor_dim, num_identities, embedding_dim=embedding_dim, neck=neck)
    return WholeNetworkModel(backbone, head)
