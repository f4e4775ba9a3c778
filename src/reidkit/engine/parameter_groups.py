"""Groups of the parameters of a model, each with a learning rate and weight decay of its own."""

from dataclasses import dataclass
from typing import Any

from torch import nn

from reidkit.core.errors import CatalogError
from reidkit.core.extras import import_extra
from reidkit.models.model import ReidModel

NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
"""Modules whose weights are scales; the first is the base of all batch and instance norms."""


@dataclass(frozen=True)
class GroupRules:
    """How learning rate and weight decay differ within a model; the factors multiply.

    Args:
        learning_rate: That all factors are of.
        weight_decay: Of what no other rule names.
        backbone_factor: Of the backbone's learning rate.
        head_factor: Of the learning rate of all else.
        bias_factor: Of the learning rate of biases.
        bias_weight_decay: Of biases, those of norms included; None for ``weight_decay``.
        norm_weight_decay: Of the weights of norms; None for ``weight_decay``.
        layer_decay: Factor from each layer of the backbone to the one before it; None for none.

    Reference:
        Layer decay: Clark et al., "ELECTRA: Pre-training Text Encoders as Discriminators Rather Than
        Generators", ICLR 2020, appendix B.
    """

    learning_rate: float
    weight_decay: float
    backbone_factor: float = 1.0
    head_factor: float = 1.0
    bias_factor: float = 1.0
    bias_weight_decay: float | None = None
    norm_weight_decay: float | None = None
    layer_decay: float | None = None


def parameter_groups(model: ReidModel, rules: GroupRules) -> list[dict[str, Any]]:
    """Return the trainable parameters of a model in groups for an optimizer, in their order in the model.

    Raises:
        CatalogError: layer decay for a backbone whose layers nobody numbers.
    """
    backbone = {id(item) for item in model.backbone.parameters()}
    norms = {
        id(item) for module in model.modules() if isinstance(module, NORMS) for item in module.parameters()
    }
    factors = {} if rules.layer_decay is None else _layer_factors(model.backbone, rules.layer_decay)
    groups: dict[tuple[float, float], dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        rate = rules.learning_rate * factors.get(id(parameter), 1.0)
        rate *= rules.backbone_factor if id(parameter) in backbone else rules.head_factor
        decay = rules.weight_decay
        if name.rpartition(".")[2] == "bias":
            rate *= rules.bias_factor
            decay = decay if rules.bias_weight_decay is None else rules.bias_weight_decay
        elif id(parameter) in norms and rules.norm_weight_decay is not None:
            decay = rules.norm_weight_decay
        group = groups.setdefault((rate, decay), {"params": [], "lr": rate, "weight_decay": decay})
        group["params"].append(parameter)
    return list(groups.values())


def _layer_factors(backbone: nn.Module, decay: float) -> dict[int, float]:
    """Return the factor of each parameter, by its id, of the network that timm numbers the layers of.

    The last layer has one decay less than what comes behind it, such as the head; so it is in timm.
    """
    network: Any = next((module for module in backbone.modules() if hasattr(module, "group_matcher")), None)
    if network is None:
        raise CatalogError(
            f"optim.layer_decay does not fit the model, got a backbone of class {type(backbone).__name__} "
            f"whose layers are not numbered. Expected a network of timm with tokens, such as a ViT. Set it "
            f"to null."
        )
    timm_models = import_extra("timm.models", extra="train", purpose="Layer decay")
    layers = timm_models.group_parameters(network, network.group_matcher(coarse=False), reverse=True)
    count = max(layers.values()) + 1
    return {id(parameter): decay ** (count - layers[name]) for name, parameter in network.named_parameters()}
