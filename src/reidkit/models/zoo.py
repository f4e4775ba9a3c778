"""The catalog of models. A row is a builder ``(*, num_identities, image_size, ...) -> ReidModel``."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from reidkit.core.catalog import build
from reidkit.core.errors import CatalogError
from reidkit.models.backbones.classic import classic_model
from reidkit.models.backbones.mobilenet_v2 import mobilenet_v2
from reidkit.models.backbones.nasnet_mobile import nasnet_mobile
from reidkit.models.backbones.shufflenet_v1 import shufflenet
from reidkit.models.backbones.torchvision_networks import torchvision_model
from reidkit.models.hacnn import hacnn
from reidkit.models.mgn import mgn
from reidkit.models.mlfn import mlfn
from reidkit.models.model import ReidModel
from reidkit.models.mudeep import mudeep
from reidkit.models.osnet import osnet
from reidkit.models.pcb import pcb
from reidkit.models.pipeline import pipeline
from reidkit.models.residual_networks import residual_network
from reidkit.models.resnet_mid import resnet50_mid
from reidkit.models.temporal import AttentionPooling
from reidkit.models.timm_backbone import timm_model
from reidkit.models.transreid import transreid
from reidkit.models.whole_network import whole_torchvision

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
    "resnet18": partial(residual_network, depth=18),
    "resnet34": partial(residual_network, depth=34),
    "resnet50": partial(residual_network, depth=50),
    "resnet101": partial(residual_network, depth=101),
    "resnet152": partial(residual_network, depth=152),
    "resnet50_fc512": partial(residual_network, depth=50, last_stride=1, embedding_dim=512),
    "resnet50_ibn_a": partial(residual_network, depth=50, instance_norm="a"),
    "resnet50_ibn_b": partial(residual_network, depth=50, instance_norm="b"),
    "resnet50mid": resnet50_mid,
    "resnext50_32x4d": partial(residual_network, depth=50, groups=32, group_width=4),
    "resnext101_32x8d": partial(residual_network, depth=101, groups=32, group_width=8),
    "se_resnet50": partial(classic_model, network="legacy_seresnet50"),
    "se_resnet50_fc512": partial(
        classic_model, network="legacy_seresnet50", last_stride=1, embedding_dim=512
    ),
    "se_resnet101": partial(classic_model, network="legacy_seresnet101"),
    "se_resnext50_32x4d": partial(classic_model, network="legacy_seresnext50_32x4d"),
    "se_resnext101_32x4d": partial(classic_model, network="legacy_seresnext101_32x4d"),
    "inceptionv4": partial(classic_model, network="inception_v4"),
    "inceptionresnetv2": partial(classic_model, network="inception_resnet_v2"),
    "xception": partial(classic_model, network="legacy_xception"),
    "densenet121": partial(torchvision_model, network="densenet121"),
    "densenet121_fc512": partial(torchvision_model, network="densenet121", embedding_dim=512),
    "densenet161": partial(torchvision_model, network="densenet161"),
    "densenet169": partial(torchvision_model, network="densenet169"),
    "densenet201": partial(torchvision_model, network="densenet201"),
    "mobilenetv2_x1_0": partial(mobilenet_v2, width=1.0),
    "mobilenetv2_x1_4": partial(mobilenet_v2, width=1.4),
    "nasnet_mobile": nasnet_mobile,
    "shufflenet": shufflenet,
    "shufflenet_v2_x0_5": partial(torchvision_model, network="shufflenet_v2_x0_5"),
    "shufflenet_v2_x1_0": partial(torchvision_model, network="shufflenet_v2_x1_0"),
    "shufflenet_v2_x1_5": partial(torchvision_model, network="shufflenet_v2_x1_5"),
    "shufflenet_v2_x2_0": partial(torchvision_model, network="shufflenet_v2_x2_0"),
    "squeezenet1_0": partial(torchvision_model, network="squeezenet1_0"),
    "squeezenet1_0_fc512": partial(torchvision_model, network="squeezenet1_0", embedding_dim=512),
    "squeezenet1_1": partial(torchvision_model, network="squeezenet1_1"),
    "hacnn": hacnn,
    "mlfn": mlfn,
    "mudeep": mudeep,
    "pcb_p4": partial(pcb, num_parts=4),
    "pcb_p6": partial(pcb, num_parts=6),
    "mgn": mgn,
    "transreid": transreid,
    "timm": timm_model,
    "torchvision": whole_torchvision,
    "pipeline": pipeline,
}


def build_model(
    name: str,
    *,
    num_identities: int | None = None,
    image_size: tuple[int, int] = (256, 128),
    arguments: Mapping[str, Any] | None = None,
    has_frame_attention: bool = False,
) -> ReidModel:
    """Build a model with fresh weights, drawn from torch's global generator.

    Args:
        name: A key of `MODELS`, or a dotted path ``package.module:builder`` to a builder of your own.
        num_identities: Classes of the classifier; None for a model that only embeds.
        image_size: (height, width) of the input.
        arguments: Further arguments of the builder.
        has_frame_attention: Whether it also learns how much each frame of a tracklet counts.

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
    if has_frame_attention:
        model.frame_attention = AttentionPooling(model.descriptor_dim)
    return model
