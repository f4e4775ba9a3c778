"""Backbone, aggregation and head by their names, freely combined."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from reidkit.core.catalog import build, find
from reidkit.core.errors import CatalogError
from reidkit.models.backbones.catalog import BACKBONES
from reidkit.models.heads import HEADS
from reidkit.models.model import PipelineModel, ReidModel
from reidkit.models.pooling import AGGREGATIONS


def pipeline(
    *,
    backbone: str = "resnet",
    backbone_arguments: Mapping[str, Any] | None = None,
    aggregation: str = "average",
    aggregation_arguments: Mapping[str, Any] | None = None,
    head: str = "bnneck",
    head_arguments: Mapping[str, Any] | None = None,
    num_identities: int | None = None,
    image_size: tuple[int, int] = (256, 128),
    is_pretrained: bool = False,
) -> ReidModel:
    """Return a model of any backbone, aggregation and head.

    Args:
        backbone: Key of `BACKBONES`, or a dotted path to a builder of your own.
        backbone_arguments: Arguments of the backbone.
        aggregation: Key of `AGGREGATIONS`, or a dotted path.
        aggregation_arguments: Arguments of the aggregation.
        head: Key of `HEADS`, or a dotted path.
        head_arguments: Arguments of the head.
        num_identities: Classes of the classifier; None for a model that only embeds.
        image_size: (height, width) of the input.
        is_pretrained: Whether the backbone starts from ImageNet weights.

    Raises:
        CatalogError: an unknown name, argument or choice, or a backbone without pretrained weights.
        WeightsError: the weights cannot be had.

    Reference:
        He et al., "FastReID: A Pytorch Toolbox for General Instance Re-identification", 2020,
        arXiv:2006.02631, section 3.

    Example:
        >>> pipeline(backbone_arguments={"depth": 18}, aggregation="gem", head="reduction").descriptor_dim
        512
    """
    offered: dict[str, Any] = {"image_size": image_size}
    if is_pretrained:
        if "is_pretrained" not in _parameters(find("backbone", backbone, BACKBONES)):
            raise CatalogError(
                f"Backbone '{backbone}' has no pretrained weights, got is_pretrained true. Expected false."
            )
        offered["is_pretrained"] = True
    network = _build("backbone", backbone, BACKBONES, backbone_arguments, offered)
    if not isinstance(getattr(network, "num_channels", None), int):
        raise CatalogError(
            f"Backbone '{backbone}' does not say how many channels its map has, got no 'num_channels'. "
            f"Expected an attribute of type int."
        )
    channels = network.num_channels
    pool = _build("aggregation", aggregation, AGGREGATIONS, aggregation_arguments, {"channels": channels})
    part = _build(
        "head",
        head,
        HEADS,
        head_arguments,
        {"in_channels": channels, "num_identities": num_identities},
    )
    return PipelineModel(network, pool, part)


def _parameters(builder: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(builder).parameters


def _build(
    kind: str,
    name: str,
    catalog: Mapping[str, Callable[..., Any]],
    arguments: Mapping[str, Any] | None,
    offered: Mapping[str, Any],
) -> Any:  # noqa: ANN401 - the builder decides
    """Build a part and give it what it takes of what is offered."""
    taken = _parameters(find(kind, name, catalog))
    given = {key: value for key, value in offered.items() if key in taken}
    return build(kind, name, catalog, arguments or {}, **given)
