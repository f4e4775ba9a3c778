"""What an exported file says about itself, whatever its format: the model card, and facts of the export."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor

from reidkit.core.errors import WeightsError
from reidkit.core.types import Preprocessing
from reidkit.data.images import normalize_pixels
from reidkit.models.checkpoint import CARD_KEY, ModelCard

FACTS_KEY = "reidkit_artefact"
INPUT_NAME = "images"
OUTPUT_NAME = "descriptors"

InputKind = Literal["standardised", "pixels"]


class ArtefactFacts(BaseModel):
    """What holds for an exported file beside its model card.

    Args:
        fingerprint: Of the weights that it was made from, with "-int8" added where they were rounded.
        input: "standardised" takes float32 (N, 3, H, W), RGB, standardised by the card; "pixels" takes
            uint8 (N, H, W, 3), RGB, and standardises them itself. Both are resized before.
        precision: Of its weights.
        batch_limit: Images per call at most; None where any number fits.
        output: float32 (N, D): of unit length where the distance of the card is cosine, else as it is.
        format_version: Of these facts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fingerprint: str
    input: InputKind = "standardised"
    precision: Literal["float32", "int8"] = "float32"
    batch_limit: int | None = None
    output: Literal["descriptors"] = "descriptors"
    format_version: Literal[1] = 1


def write_metadata(card: ModelCard, facts: ArtefactFacts) -> dict[str, str]:
    """Return what an exported file carries, as JSON texts by key."""
    return {CARD_KEY: card.model_dump_json(), FACTS_KEY: facts.model_dump_json()}


def read_metadata(path: Path, metadata: Mapping[str, str]) -> tuple[ModelCard, ArtefactFacts]:
    """Return the card and the facts of an exported file.

    Args:
        path: The file, for messages.
        metadata: Its texts by key.

    Raises:
        WeightsError: they are missing or damaged.
    """
    if not metadata.get(CARD_KEY) or not metadata.get(FACTS_KEY):
        raise WeightsError(
            f"File {path} has no card of reidkit, so its preprocessing and distance are unknown. Expected a "
            f"file that reidkit exported. Make one: reidkit export MODEL --out {path}."
        )
    try:
        card = ModelCard.model_validate_json(metadata[CARD_KEY])
        return card, ArtefactFacts.model_validate_json(metadata[FACTS_KEY])
    except ValidationError as error:
        raise WeightsError(
            f"File {path} has a damaged card, or one of a newer reidkit: {error}. Expected format 1. "
            f"Install a newer reidkit, or export it again."
        ) from error


def network_input(pixels: Tensor, facts: ArtefactFacts, preprocessing: Preprocessing) -> Tensor:
    """Return pixels (N, 3, H, W), uint8 RGB, resized, in the form that an exported file takes."""
    if facts.input == "pixels":
        return pixels.permute(0, 2, 3, 1).contiguous()
    return normalize_pixels(pixels, preprocessing)


def restore_pixels(images: Tensor, preprocessing: Preprocessing) -> Tensor:
    """Return the pixels, uint8 (N, 3, H, W), that standardised images were made of; to the last bit.

    An evaluation hands on standardised images, and so do its mirror images; an exported file may want pixels.
    """
    mean = torch.tensor(preprocessing.mean).view(3, 1, 1)
    deviation = torch.tensor(preprocessing.std).view(3, 1, 1)
    return ((images * deviation + mean) * 255).round().clamp(0, 255).to(torch.uint8)


def check_file(path: Path, *, kind: str) -> None:
    """Refuse a file that is not there.

    Raises:
        WeightsError: it is not.
    """
    if not path.is_file():
        raise WeightsError(f"Model not found, got {path.absolute()}. Expected {kind}. Check the path.")


def unreadable(path: Path, error: Exception, *, kind: str) -> WeightsError:
    """Return the error for a file that its library cannot read."""
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return WeightsError(
        f"File {path} cannot be read: {reason[:300]}. Expected {kind} that reidkit exported. "
        f"Copy it again, or export it again."
    )
