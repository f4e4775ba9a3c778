"""Torchreid 1.4: which of its networks a state dict holds, and how its tensors are called here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from reidkit.compat.checkpoints.foreign import ForeignModel, Tensors
from reidkit.compat.checkpoints.torchreid_networks import NETWORKS
from reidkit.core.types import Preprocessing

HACNN_NOTE = (
    'Regions are cut with sampling "corners", as torch before 1.3 did and the published weights need. '
    'Weights trained by Torchreid on a later torch need sampling "centres".'
)


def recognise(tensors: Tensors, hints: Mapping[str, Any]) -> ForeignModel | None:
    """Return what a state dict of Torchreid holds, or None where it is not one of its 49 networks.

    Without a hint the classifier has to be there: without it a ResNet of Torchreid is one of torchvision.

    Args:
        tensors: By Torchreid's names.
        hints: ``architecture``, a key of Torchreid or of ours, admits a state dict without classifier;
            ``source`` other than "torchreid" makes every file somebody else's; ``sampling`` is that of
            `reidkit.models.hacnn.HACNN`, which no tensor tells.
    """
    if hints.get("source") not in (None, "torchreid"):
        return None
    hint = hints.get("architecture")
    named = {name for name, network in NETWORKS.items() if hint in (name, network.architecture)}
    has_classifier = any(key.startswith("classifier") for key in tensors)
    if (hint is not None and not named) or (hint is None and not has_classifier):
        return None
    for name in named or NETWORKS:
        if NETWORKS[name].fits(tensors, with_classifier=has_classifier):
            return foreign_model(name, hints)
    return None


def foreign_model(name: str, hints: Mapping[str, Any] = MappingProxyType({})) -> ForeignModel:
    """Return what a network of Torchreid is here, by Torchreid's name of it.

    Args:
        name: A key of `NETWORKS`.
        hints: See `recognise`.
    """
    network = NETWORKS[name]
    height, width = network.image_size
    arguments: dict[str, Any] = {}
    notes: tuple[str, ...] = ()
    if name == "hacnn":
        arguments = {"sampling": hints.get("sampling", "corners")}
        notes = (HACNN_NOTE,)
    return ForeignModel(
        source="torchreid",
        architecture=network.architecture or name,
        arguments=arguments,
        preprocessing=Preprocessing(height=height, width=width),
        rewrites=network.rewrites,
        notes=notes,
    )
