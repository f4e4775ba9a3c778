"""Turn a foreign checkpoint into a model of reidkit, every tensor accounted for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from reidkit.compat.checkpoints.foreign import ForeignModel
from reidkit.compat.checkpoints.reading import ForeignFile, read_foreign
from reidkit.compat.checkpoints.sources import recognise
from reidkit.core.errors import WeightsError
from reidkit.models.checkpoint import ModelCard
from reidkit.models.model import ReidModel, is_classifier
from reidkit.models.position_embedding import fit_position_embeddings
from reidkit.models.zoo import build_model


@dataclass(frozen=True)
class Conversion:
    """A foreign checkpoint as a model of ours.

    Args:
        model: With the weights of the file, in evaluation mode.
        card: What it is.
        foreign: What the file was taken for.
        file: What was read.
        resized: Position embeddings that were brought to another image size.
        left_out: Tensors of the file that embedding does not need.
    """

    model: ReidModel
    card: ModelCard
    foreign: ForeignModel
    file: ForeignFile
    resized: tuple[str, ...]
    left_out: tuple[str, ...]


def convert_checkpoint(
    path: Path,
    *,
    hints: Mapping[str, Any] | None = None,
    image_size: tuple[int, int] | None = None,
    keep_classifier: bool = False,
) -> Conversion:
    """Read a foreign checkpoint and build the model that it holds.

    Args:
        path: A ``.pth``, ``.pth.tar``, ``.pt`` or ``.safetensors`` file of another library.
        hints: What the tensors do not tell: ``source``, ``architecture`` (also ``timm/NAME`` and
            ``torchvision/NAME``), ``image_size`` that it was trained with, ``last_stride``.
        image_size: (height, width) that the model is wanted for; position embeddings are brought to it.
            None keeps the size that it was trained with.
        keep_classifier: Whether the classifier comes along, to go on training on the same identities.

    Raises:
        WeightsError: the file cannot be read, is of no known network, or one of its tensors is missing, left
            over, or of another shape; all of them are named.
    """
    return convert_tensors(
        read_foreign(path), hints=hints, image_size=image_size, keep_classifier=keep_classifier
    )


def convert_tensors(
    file: ForeignFile,
    *,
    hints: Mapping[str, Any] | None = None,
    image_size: tuple[int, int] | None = None,
    keep_classifier: bool = False,
) -> Conversion:
    """Build the model that the tensors of a foreign checkpoint are of; see `convert_checkpoint`.

    Args:
        file: What was read.
        hints: What the tensors do not tell.
        image_size: (height, width) that the model is wanted for.
        keep_classifier: Whether the classifier comes along.

    Raises:
        WeightsError: the tensors are of no known network, or not all of them fit.
    """
    path = file.path
    foreign = recognise(file.tensors, hints or {})
    tensors = foreign.rename(file.tensors)
    classifiers = [name for name in tensors if is_classifier(name)]
    num_identities = None
    if keep_classifier:
        if not classifiers:
            raise WeightsError(f"Checkpoint {path} has no classifier to keep. Convert it without.")
        num_identities = len(tensors[next(name for name in classifiers if name.endswith("weight"))])
    else:
        tensors = {name: value for name, value in tensors.items() if not is_classifier(name)}
    trained = (foreign.preprocessing.height, foreign.preprocessing.width)
    size = image_size or trained
    model = build_model(
        foreign.architecture, num_identities=num_identities, image_size=size, arguments=foreign.arguments
    )
    expected = model.state_dict()
    before = {name: value.shape for name, value in tensors.items()}
    if foreign.fit is not None:
        tensors = foreign.fit(tensors, model)
    fitted = tuple(name for name, shape in before.items() if name in tensors and tensors[name].shape != shape)
    old_grid = None if size == trained else _grid(foreign, trained)
    tensors, resized = fit_position_embeddings(
        _with_counters(tensors, expected), expected, old_grid=old_grid, new_grid=_grid_of(model)
    )
    _account(path, foreign, tensors, expected)
    model.load_state_dict(tensors)
    card = ModelCard(
        architecture=foreign.architecture,
        arguments=dict(foreign.arguments),
        preprocessing=replace(foreign.preprocessing, height=size[0], width=size[1]),
        descriptor_dim=model.descriptor_dim,
        num_identities=num_identities,
        origin={
            "source": foreign.source,
            "file": path.name,
            "sha256": file.sha256,
            "facts": file.facts,
            "notes": list(foreign.notes),
        },
    )
    left_out = tuple(
        key
        for key in file.tensors
        if (ours := foreign.our_key(key)) is None or (is_classifier(ours) and not keep_classifier)
    )
    return Conversion(model.eval(), card, foreign, file, (*fitted, *resized), left_out)


def _account(
    path: Path, foreign: ForeignModel, tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor]
) -> None:
    """Refuse a conversion that would leave a tensor of the model at random, or one of the file unused."""
    missing = [name for name in expected if name not in tensors]
    unused = [name for name in tensors if name not in expected]
    misshapen = [
        f"{name} {tuple(tensors[name].shape)} instead of {tuple(expected[name].shape)}"
        for name in expected
        if name in tensors and tensors[name].shape != expected[name].shape
    ]
    faults = [
        f"{kind}:\n  " + "\n  ".join(names)
        for kind, names in (("missing", missing), ("not used", unused), ("of another shape", misshapen))
        if names
    ]
    if faults:
        raise WeightsError(
            f"Checkpoint {path} looks like {foreign.source} ({foreign.architecture}), but {len(missing)} "
            f"tensors are missing, {len(unused)} are left over, and {len(misshapen)} have another shape. "
            f"Expected none of these. Nothing was written. Check the hints, such as --source and --size.\n"
            + "\n".join(faults)
        )


def _grid(foreign: ForeignModel, image_size: tuple[int, int]) -> tuple[int, int] | None:
    """Return the grid of patches that a network has at a size; None where it has none."""
    with torch.device("meta"):
        return _grid_of(build_model(foreign.architecture, image_size=image_size, arguments=foreign.arguments))


def _grid_of(model: ReidModel) -> tuple[int, int] | None:
    grid: tuple[int, int] | None = getattr(model.backbone, "grid", None)
    return grid


def _with_counters(tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Add the counters of batches that files of torch before 0.4.1 lack; evaluation does not use them."""
    counters = {name: value for name, value in expected.items() if name.endswith("num_batches_tracked")}
    return {**{name: torch.zeros_like(value) for name, value in counters.items()}, **tensors}
