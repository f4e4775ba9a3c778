"""Torchreid's models: its 49 names, and networks that answer as its own do."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from reidkit.compat.checkpoints.foreign import ForeignModel
from reidkit.compat.checkpoints.torchreid import foreign_model
from reidkit.compat.checkpoints.torchreid_networks import NETWORKS
from reidkit.compat.weights.fetch import fetch_weights
from reidkit.compat.weights.table import WEIGHTS
from reidkit.core.catalog import near_name
from reidkit.core.errors import CatalogError, WeightsError
from reidkit.models.checkpoint import load_model
from reidkit.models.model import ReidModel
from reidkit.models.zoo import build_model as build_reid_model

LOSSES = ("softmax", "triplet")


class TorchreidModel(nn.Module):
    """A network of reidkit that answers as Torchreid's do.

    In evaluation mode it returns descriptors (B, D). In training mode it returns logits (B, C) where it was
    built for "softmax", and (logits, features) for "triplet"; a network of several branches returns a list
    in the place of each.

    Its state dict has our names; `load_state_dict` takes Torchreid's too.

    Args:
        network: The network itself, which every other part of reidkit takes.
        loss: What the training outputs are for.
        name: Torchreid's name of the network.
        foreign: How Torchreid calls the tensors of it; None where it has no such network.
    """

    def __init__(
        self, network: ReidModel, loss: str = "softmax", name: str = "", foreign: ForeignModel | None = None
    ) -> None:
        super().__init__()
        self.network = network
        self.loss = loss
        self.name = name
        self.feature_dim = network.descriptor_dim
        self._foreign = foreign
        self.fixed = frozenset(key for key, item in self.named_parameters() if not item.requires_grad)
        """Parameters that never learn, such as the shift of a neck."""

    def forward(self, images: Tensor) -> Any:  # noqa: ANN401 - Torchreid's union
        """Return descriptors, logits, or (logits, features), by mode and loss."""
        if not self.training:
            return self.network(images)
        outputs = self.network.training_outputs(images)
        logits = _one_or_list(outputs.logits)
        return logits if self.loss == "softmax" else (logits, _one_or_list(outputs.features))

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:  # noqa: ANN401 - torch's signature
        """Load tensors by our names or by Torchreid's."""
        return super().load_state_dict(self.our_names(state_dict), strict=strict, assign=assign)

    def our_names(self, state_dict: Mapping[str, Any]) -> dict[str, Any]:
        """Return a state dict under the names of this module; one that has them already is left alone."""
        without = {key.removeprefix("module."): value for key, value in state_dict.items()}
        if self._foreign is None or all(key.startswith("network.") for key in without):
            return without
        return {f"network.{key}": value for key, value in self._foreign.rename(without).items()}

    def find_layers(self, names: list[str] | tuple[str, ...]) -> list[nn.Module]:
        """Return modules by Torchreid's names of children, such as "fc", or by paths of ours.

        Raises:
            CatalogError: a name is neither.
        """
        modules = dict(self.network.named_modules())
        found: list[nn.Module] = []
        for name in names:
            prefix = (
                name if self._foreign is None else (self._foreign.our_key(f"{name}.") or name).rstrip(".")
            )
            ours = [path for path in (name, prefix) if path in modules]
            ours = ours or [path for path in modules if path.rpartition(".")[2].startswith(name)]
            if not ours:
                raise CatalogError(
                    f"Layer '{name}' is none of model '{self.name}'.{near_name(name, modules)} Expected one "
                    f"such as classifier, {', '.join(path for path in modules if path.count('.') == 1)}."
                )
            found += [modules[path] for path in ours]
        return found


def build_model(
    name: str,
    num_classes: int,
    loss: str = "softmax",
    pretrained: bool = True,
    use_gpu: bool = True,
) -> TorchreidModel:
    """Build a network by Torchreid's name of it.

    Args:
        name: One of `show_avai_models`, or any key of ``reidkit models``.
        num_classes: Training identities.
        loss: "softmax" or "triplet".
        pretrained: Whether to start from ImageNet weights, which are fetched where they are not kept yet.
        use_gpu: Not used.

    Raises:
        CatalogError: unknown name or loss.
        WeightsError: there are no published weights, or they cannot be had.

    Differs:
        Where weights cannot be had this is an error; Torchreid warns and trains random weights. An unknown
        loss is refused at once, not in the first forward pass. ``use_gpu`` decides nothing: HACNN runs on
        any device.
    """
    del use_gpu
    if loss not in LOSSES:
        raise CatalogError(f"Unknown loss '{loss}'.{near_name(loss, LOSSES)} Known: {', '.join(LOSSES)}.")
    foreign = foreign_model(name) if name in NETWORKS else None
    size = (256, 128) if foreign is None else (foreign.preprocessing.height, foreign.preprocessing.width)
    network = build_reid_model(
        name if foreign is None else foreign.architecture,
        num_identities=num_classes,
        image_size=size,
        arguments={} if foreign is None else foreign.arguments,
    )
    if pretrained:
        _load_imagenet(network, name)
    return TorchreidModel(network, loss, name, foreign)


def show_avai_models() -> None:
    """Print Torchreid's names of models; ``reidkit models`` lists all there are, with their size."""
    print(list(NETWORKS))  # noqa: T201 - Torchreid prints


def _load_imagenet(network: ReidModel, name: str) -> None:
    """Fill the backbone of a network with ImageNet weights of the same architecture."""
    base = name.removesuffix("_fc512")
    known = [row for row in (f"torchreid/{base}", f"torchvision/{base}") if row in WEIGHTS]
    if not known:
        raise WeightsError(
            f"Model '{name}' has no published ImageNet weights that can be fetched, got pretrained=True. "
            f"Expected pretrained=False. Weights of your own: utils.load_pretrained_weights(model, path)."
        )
    source, _ = load_model(fetch_weights(known[0]))
    network.backbone.load_state_dict(source.backbone.state_dict())


def _one_or_list(branches: tuple[Tensor, ...]) -> Tensor | list[Tensor]:
    return branches[0] if len(branches) == 1 else list(branches)
