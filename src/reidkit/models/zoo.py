"""The catalog of models. A row is a builder ``(*, num_identities, image_size, ...) -> ReidModel``."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from reidkit.core.catalog import build
from reidkit.core.errors import CatalogError
from reidkit.models.mgn import mgn
from reidkit.models.model import ReidModel
from reidkit.models.osnet import osnet
from reidkit.models.pipeline import pipeline
from reidkit.models.timm_backbone import timm_model

MODELS: dict[str, Callable[..., ReidModel]] = {
    "osnet_x1_0": partial(osnet, width=1.0),
    "osnet_x0_75": partial(osnet, width=0.75),
    "osnet_x0_5": partial(osnet, width=0.5),
    "osnet_x0_25": partial(osnet, width=0.25),
    "osnet_ibn_x1_0": partial(osnet, width=1.0, instance_norm="ibn"),
    "osnet_ain_x1_0": partial(osnet, width=1.0, instance_norm="ain"),
    "osnet_ain_x0_75": partial(osnet, width=0.75, instance_norm="ain"),
    "osnet_ain_x0_5": partial(osnet, width=0.5, instance_norm="ain"),
    "osnet_ain_x0_25": partial(osnet, width=0.25, instance_norm="ain"),
    "mgn": mgn,
    "timm": timm_model,
    "pipeline": pipeline,
}


def build_model(
    name: str,
    *,
    num_identities: int | None = None,
    image_size: tuple[int, int] = (256, 128),
    arguments: Mapping[str, Any] | None = None,
) -> ReidModel:
    """Build a model with fresh weights, drawn from torch's global generator.

    Args:
        name: A key of `MODELS`, or a dotted path ``package.module:builder`` to a builder of your own.
        num_identities: Classes of the classifier; None for a model that only embeds.
        image_size: (height, width) of the input.
        arguments: Further arguments of the builder.

    Raises:
        CatalogError: unknown name or argument, or a builder that returns no ReidModel.

    Example:
        >>> build_model("osnet_x0_25").descriptor_dim
        512
    """
    model: ReidModel = build(
        "model", name, MODELS, arguments or {}, num_identities=num_identities, image_size=image_size
    )
    if not isinstance(model, ReidModel):
        raise CatalogError(
            f"Model '{name}' is of a wrong type, got {type(model).__name__}. Expected a ReidModel."
        )
    return model
