"""The libraries whose checkpoints are read. Each looks at the names and shapes of the tensors."""

from collections.abc import Mapping
from typing import Any

from reidkit.compat.checkpoints import fastreid, layumi, plain, strong_baseline, torchreid, transreid
from reidkit.compat.checkpoints.foreign import ForeignModel, Recognise, Tensors
from reidkit.core.catalog import near_name
from reidkit.core.errors import CatalogError, WeightsError

SOURCES: dict[str, Recognise] = {
    "torchreid": torchreid.recognise,
    "fastreid": fastreid.recognise,
    "strong_baseline": strong_baseline.recognise,
    "transreid": transreid.recognise,
    "layumi": layumi.recognise,
    "plain": plain.recognise,
}

KEYS_SHOWN = 6


def recognise(tensors: Tensors, hints: Mapping[str, Any]) -> ForeignModel:
    """Say what a state dict holds.

    Args:
        tensors: By their names in the file.
        hints: What the tensors do not tell; ``source`` names a key of `SOURCES`, the others are those of
            each source.

    Raises:
        CatalogError: ``source`` is unknown.
        WeightsError: no source knows it, or several do.
    """
    source = hints.get("source")
    if source is not None and source not in SOURCES:
        raise CatalogError(
            f"Unknown source '{source}'.{near_name(source, SOURCES)} Known: {', '.join(SOURCES)}."
        )
    asked = SOURCES if source is None else {source: SOURCES[source]}
    found: dict[str, ForeignModel] = {}
    for name, ask in asked.items():
        # Some networks of others are those of torchvision, name by name: plain is what nobody else knows.
        model = None if name == "plain" and found else ask(tensors, hints)
        if model is not None:
            found[name] = model
    if len(found) > 1:
        raise WeightsError(
            f"Checkpoint may come from several libraries: {', '.join(found)}. Expected one. Say which: "
            f"--source {next(iter(found))}."
        )
    if not found:
        shown = ", ".join(list(tensors)[:KEYS_SHOWN])
        raise WeightsError(
            f"Checkpoint is of no library and network that is known here ({', '.join(asked)}), got "
            f"{len(tensors)} tensors: {shown}, ... Expected a network of theirs. Where it was saved without "
            f"its classifier, name its network: --architecture NAME."
        )
    return next(iter(found.values()))
