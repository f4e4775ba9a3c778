"""The self-describing checkpoint: one safetensors file with the weights and a card that says what they are.

Nothing is ever unpickled. Loading is strict: every tensor that embedding needs must be there and fit, or
nothing is loaded. The classifier is kept on request only, since embedding never needs it.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from reidkit.core.errors import CatalogError, WeightsError
from reidkit.core.files import replace_file
from reidkit.core.types import Calibration, DistanceName, Normalization, Preprocessing, Threshold
from reidkit.models.model import ReidModel, is_classifier
from reidkit.models.zoo import build_model

CARD_KEY = "reidkit_card"
FORMAT_VERSION: Literal[1] = 1
NAMES_SHOWN = 5


class ModelCard(BaseModel):
    """What a checkpoint says about itself.

    Args:
        architecture: Key of the model catalog, or the dotted path of a builder.
        arguments: Arguments of the builder.
        preprocessing: How pixels become input.
        descriptor_dim: Numbers per descriptor.
        num_identities: Columns of the classifier where the file keeps one; None where it does not.
        has_frame_attention: Whether the model learned how much each frame of a tracklet counts.
        distance: The distance that the model was judged by.
        normalization: Whether descriptors are scaled to unit length whatever the distance.
        scores: Summary of its evaluation, with the protocol; None where it was never evaluated.
        thresholds: Measured in that evaluation, or by a calibration.
        calibration: What a distance means; None where it was never calibrated.
        recipe: The recipe that trained it; None where it was not trained by one.
        training_data: Name, counts, terms and fingerprint of what it was trained on.
        origin: Where converted weights come from: library, file, its hash; empty for our own.
        licence: Under which the weights may be used.
        versions: Of reidkit and of the libraries that made it.
        colour_order: Always RGB.
        format_version: Of this card.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    architecture: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    preprocessing: Preprocessing = Preprocessing()
    descriptor_dim: int
    num_identities: int | None = None
    has_frame_attention: bool = False
    distance: DistanceName = "cosine"
    normalization: Normalization = "by_distance"
    scores: dict[str, Any] | None = None
    thresholds: tuple[Threshold, ...] = ()
    calibration: Calibration | None = None
    recipe: dict[str, Any] | None = None
    training_data: dict[str, Any] = Field(default_factory=dict)
    origin: dict[str, Any] = Field(default_factory=dict)
    licence: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    colour_order: Literal["rgb"] = "rgb"
    format_version: Literal[1] = FORMAT_VERSION

    @property
    def is_unit(self) -> bool:
        """Whether descriptors are scaled to unit length before they are compared."""
        return self.distance == "cosine" or self.normalization == "unit"


def save_model(path: Path, model: ReidModel, card: ModelCard) -> None:
    """Write the weights and the card as one file, whole or not at all.

    Args:
        path: File to write; replaced if it exists.
        model: Its classifier is left out, unless the card states its number of identities.
        card: What the model is.
    """
    tensors = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in model.state_dict().items()
        if card.num_identities is not None or not is_classifier(name)
    }
    with replace_file(path) as unfinished:
        save_file(tensors, unfinished, metadata={CARD_KEY: card.model_dump_json()})


def load_model(path: str | Path, *, trusted_modules: Collection[str] = ()) -> tuple[ReidModel, ModelCard]:
    """Build the model that a checkpoint describes and load its weights, on the CPU, in evaluation mode.

    Args:
        path: A ``model.safetensors`` of reidkit.
        trusted_modules: Modules of your own that the checkpoint may name as the builder of its
            architecture (``"mylab.models"``); importing one runs its code.

    Raises:
        WeightsError: the file is missing, damaged, of another kind, or does not fit its architecture.
    """
    path = Path(path)
    tensors, card = _read(path)
    module = card.architecture.partition(":")[0]
    if ":" in card.architecture and module not in trusted_modules:
        raise WeightsError(
            f"Checkpoint {path} names the builder '{card.architecture}', which runs code of the module "
            f"'{module}'. Expected an architecture of reidkit. If you trust it, pass "
            f"trusted_modules=['{module}']."
        )
    size = (card.preprocessing.height, card.preprocessing.width)
    # The weights come from the file: fetching pretrained ones first would be waste, and need a network.
    arguments = {**card.arguments, **({"is_pretrained": False} if "is_pretrained" in card.arguments else {})}
    try:
        model = build_model(
            card.architecture,
            num_identities=card.num_identities,
            image_size=size,
            arguments=arguments,
            has_frame_attention=card.has_frame_attention,
        )
    except CatalogError as error:
        raise WeightsError(
            f"Checkpoint {path} names an architecture that cannot be built: {error}"
        ) from error
    load_weights(model, tensors, source=str(path))
    return model.eval(), card


def read_card(path: Path) -> ModelCard:
    """Read what a checkpoint says about itself, without building the model.

    Raises:
        WeightsError: the file is missing, damaged or of another kind.
    """
    return _read(path, with_tensors=False)[1]


def replace_card(path: Path, card: ModelCard) -> None:
    """Write another card into a checkpoint; its tensors stay as they are. Whole or not at all.

    Args:
        path: A ``model.safetensors`` of reidkit.
        card: The new card.

    Raises:
        WeightsError: the file is missing, damaged or of another kind.
    """
    tensors, _ = _read(path)
    with replace_file(path) as unfinished:
        save_file(tensors, unfinished, metadata={CARD_KEY: card.model_dump_json()})


def load_weights(model: ReidModel, tensors: Mapping[str, Tensor], *, source: str) -> None:
    """Copy tensors into a model: all that embedding needs, of the right shapes, or none.

    Tensors of a classifier are loaded where both sides have them in one shape, and left out elsewhere.

    Args:
        model: Changed in place.
        tensors: By the names of the model's state dict.
        source: Where they come from, for the message.

    Raises:
        WeightsError: tensors are missing, unexpected, or of another shape.
    """
    expected = {name: value for name, value in model.state_dict().items() if not is_classifier(name)}
    given = {name: value for name, value in tensors.items() if not is_classifier(name)}
    missing = [name for name in expected if name not in given]
    unexpected = [name for name in given if name not in expected]
    misshapen = [
        f"{name} {tuple(given[name].shape)} instead of {tuple(expected[name].shape)}"
        for name in expected
        if name in given and given[name].shape != expected[name].shape
    ]
    faults = [
        f"{kind}: {', '.join(names[:NAMES_SHOWN])}{' ...' if len(names) > NAMES_SHOWN else ''}"
        for kind, names in (("missing", missing), ("unexpected", unexpected), ("of another shape", misshapen))
        if names
    ]
    if faults:
        raise WeightsError(
            f"{source}: {len(missing) + len(misshapen)} of {len(expected)} embedding tensors cannot be "
            f"loaded and {len(unexpected)} are unexpected - {'; '.join(faults)}. Expected all of them. "
            f"Refusing to give random descriptors; check that the file belongs to this architecture."
        )
    own = model.state_dict()
    kept = {name: value for name, value in tensors.items() if is_classifier(name) and name in own}
    fitting = {name: value for name, value in kept.items() if value.shape == own[name].shape}
    model.load_state_dict({**own, **given, **fitting})


def start_from(model: ReidModel, path: str | Path) -> None:
    """Give a model the weights of a checkpoint to go on from, all but those of its classifier.

    Args:
        model: Changed in place; of the architecture of the checkpoint, for any number of identities.
        path: A ``model.safetensors`` of reidkit.

    Raises:
        WeightsError: no such file, or it is of another network; nothing is changed then.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightsError(
            f"Weights to start from not found, got {path.absolute()}. Expected a model.safetensors. 'reidkit "
            f"weights list' names what 'reidkit weights fetch NAME -o FILE' makes one of; "
            f"model.start_from=null starts from scratch."
        )
    tensors, _ = _read(path)
    tensors = {name: value for name, value in tensors.items() if not is_classifier(name)}
    load_weights(model, tensors, source=str(path))


def _read(path: Path, *, with_tensors: bool = True) -> tuple[dict[str, Tensor], ModelCard]:
    if not path.is_file():
        raise WeightsError(f"Checkpoint not found, got {path.absolute()}. Expected a model.safetensors.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()} if with_tensors else {}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise WeightsError(_explain_unreadable(path, error)) from error
    if CARD_KEY not in metadata:
        raise WeightsError(
            f"Checkpoint {path} has no card of reidkit: it holds weights without a description. Expected a "
            f"model.safetensors that reidkit wrote. Make one of it: reidkit convert {path}."
        )
    try:
        content = json.loads(metadata[CARD_KEY])
        version = content.get("format_version")
        if version != FORMAT_VERSION:
            raise WeightsError(
                f"Checkpoint {path} has a card of format {version}. Expected format {FORMAT_VERSION}. "
                f"Install a newer reidkit: pip install --upgrade reidkit."
            )
        return tensors, ModelCard.model_validate(content)
    except (ValueError, AttributeError, ValidationError) as error:
        raise WeightsError(f"Checkpoint {path} has a damaged card: {error}") from error


def _explain_unreadable(path: Path, error: Exception) -> str:
    with path.open("rb") as stream:
        start = stream.read(8)
    if start.startswith((b"PK\x03\x04", b"\x80")):
        return (
            f"Checkpoint {path} is a pickle file of PyTorch, which may run code when it is loaded. "
            f"Expected a model.safetensors that reidkit wrote. Make one of it: reidkit convert {path}."
        )
    if start.lstrip().startswith(b"<"):
        return (
            f"Checkpoint {path} is a web page, not weights. Expected a model.safetensors. Download it again."
        )
    return (
        f"Checkpoint {path} is damaged or not a safetensors file ({error}); it is "
        f"{path.stat().st_size} bytes long. Expected a whole model.safetensors. Copy or download it again."
    )
