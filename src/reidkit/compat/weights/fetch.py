"""Fetch published weights and make a self-describing model of them."""

import os
from pathlib import Path

from reidkit import __version__
from reidkit.compat.checkpoints.convert import convert_checkpoint
from reidkit.compat.weights.table import TIMM, Weights, find_weights
from reidkit.core.cache import cache_folder
from reidkit.core.download import download, is_offline
from reidkit.core.errors import WeightsError
from reidkit.core.types import Preprocessing, ReportProgress
from reidkit.models.checkpoint import ModelCard, read_card, save_model
from reidkit.models.timm_backbone import pixel_statistics
from reidkit.models.zoo import build_model


def source_path(row: Weights) -> Path:
    """Return where the file of the publisher is kept; whoever fetches it by hand puts it there."""
    return cache_folder() / "weights" / "published" / row.name.partition("/")[0] / row.file_name


def model_path(name: str) -> Path:
    """Return where the model that `fetch_weights` makes is kept."""
    return cache_folder() / "weights" / f"{name}.safetensors"


def fetch_weights(
    name: str, *, out: Path | None = None, offline: bool = False, report: ReportProgress | None = None
) -> Path:
    """Fetch published weights, convert them, and write a model with their licence and terms in its card.

    What is in the cache already is not fetched again.

    Args:
        name: Of the table, or ``timm/`` with any name of timm.
        out: File to write instead of the one in the cache.
        offline: Whether to open no connection.
        report: Called with (bytes there, bytes in all) while a file is fetched.

    Returns:
        The model.safetensors.

    Raises:
        CatalogError: the name is unknown.
        WeightsError: the weights cannot be had, or are not what they should be.
        MissingExtraError: timm is asked for and not installed.
    """
    target = model_path(name) if out is None else out
    if out is None and target.is_file():
        read_card(target)
        return target
    row = find_weights(name)
    if row.kind == "timm hub":
        _save_of_timm(row, target, offline=offline)
        return target
    file = _file_of(row, offline=offline, report=report)
    conversion = convert_checkpoint(file, hints=row.hints)
    card = conversion.card.model_copy(
        update={**_terms(row), "origin": {**conversion.card.origin, "url": row.url}}
    )
    save_model(target, conversion.model, card)
    return target


def _file_of(row: Weights, *, offline: bool, report: ReportProgress | None) -> Path:
    path = source_path(row)
    if row.kind == "by hand" and not path.is_file():
        raise WeightsError(
            f"Weights of '{row.name}' have to be fetched by hand: their page asks for a browser. Expected "
            f"the file at {path}. Open {row.url}, save it there, and run the command again."
        )
    try:
        return download(row.url, path, sha256=row.sha256, offline=offline, report=report)
    except WeightsError as error:
        raise WeightsError(f"Weights of '{row.name}' cannot be had. {error}") from error


def _save_of_timm(row: Weights, target: Path, *, offline: bool) -> None:
    if offline or is_offline():
        os.environ["HF_HUB_OFFLINE"] = "1"  # the hub's own client reads it when it is first loaded
    backbone = row.name.removeprefix(TIMM)
    mean, std = map(_three, pixel_statistics(backbone))
    arguments = {"backbone": backbone, "is_pretrained": True, "neck": "none"}
    model = build_model("timm", arguments=arguments).eval()
    card = ModelCard(
        architecture="timm",
        arguments=arguments,
        preprocessing=Preprocessing(mean=mean, std=std),
        descriptor_dim=model.descriptor_dim,
        origin={"source": "timm", "url": row.url},
    )
    save_model(target, model, card.model_copy(update=_terms(row)))


def _three(values: tuple[float, ...]) -> tuple[float, float, float]:
    red, green, blue = values
    return red, green, blue


def _terms(row: Weights) -> dict[str, object]:
    return {
        "licence": row.licence,
        "training_data": {"name": row.trained_on, "terms": row.terms},
        "versions": {"reidkit": __version__},
    }
