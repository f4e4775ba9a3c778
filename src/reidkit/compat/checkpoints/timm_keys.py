"""How files of timm fit the timm that is installed, at any image size."""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from reidkit.core.errors import CatalogError, WeightsError
from reidkit.core.extras import import_extra
from reidkit.models.model import ReidModel

OF_THE_SIZE = r"(?:.*\.)?(?:relative_position_index|attn_mask|relative_coords_table)"
"""Buffers that older releases kept and every release computes again."""

PREFIX = "backbone.network."


def timm_keys(name: str) -> tuple[set[str], set[str], str | None]:
    """Return the names of all tensors of a timm network, of those without classifier, and its classifier.

    Args:
        name: timm's.

    Raises:
        CatalogError: timm does not know it.
        MissingExtraError: timm is not installed.
    """
    whole, headless = _create(name), _create(name, num_classes=0)
    keys, without = set(whole.state_dict()), set(headless.state_dict())
    classifier = whole.default_cfg.get("classifier")
    is_one = isinstance(classifier, str) and f"{classifier}.weight" in keys - without
    return keys, without, classifier if is_one else None


def timm_shapes(name: str) -> dict[str, torch.Size]:
    """Return the shapes of all tensors of a timm network but for its classifier.

    Raises:
        CatalogError: timm does not know it.
        MissingExtraError: timm is not installed.
    """
    return {key: value.shape for key, value in _create(name, num_classes=0).state_dict().items()}


def timm_size(name: str) -> tuple[int, int] | None:
    """Return the (height, width) that a timm network is made for; None where it takes any.

    Raises:
        CatalogError: timm does not know it.
        MissingExtraError: timm is not installed.
    """
    network = _create(name, num_classes=0)
    height, width = network.default_cfg["input_size"][1:]
    try:
        _create(name, num_classes=0, img_size=(height, width))
    except TypeError:  # no such argument
        is_fixed = bool(network.default_cfg.get("fixed_input_size"))
        return (height, width) if is_fixed else None
    return height, width


def _create(name: str, **options: Any) -> Any:  # noqa: ANN401 - timm is untyped
    timm = import_extra("timm", extra="train", purpose=f"The network '{name}'")
    if not timm.is_model(name.partition(".")[0]):
        raise CatalogError(f"Unknown timm model '{name}'. See timm.list_models().")
    try:
        with torch.device("meta"):
            return timm.create_model(name, **options)
    except (NotImplementedError, RuntimeError):  # some networks compute while they are built
        return timm.create_model(name, **options)


def fitting(
    tensors: Mapping[str, Tensor], classifier: set[str]
) -> Callable[[dict[str, Tensor], ReidModel], dict[str, Tensor]]:
    """Return `fit_timm` for a file of which some tensors are a classifier."""
    return partial(fit_timm, {name: tensors[name] for name in classifier if name in tensors})


def fit_timm(
    classifier: Mapping[str, Tensor], tensors: dict[str, Tensor], model: ReidModel
) -> dict[str, Tensor]:
    """Let timm bring tensors of another image size or an older release to a network of its own.

    Args:
        classifier: Of the file, by timm's names: timm tells old files by it.
        tensors: By the names of the model.
        model: Whose ``backbone.network`` is timm's.

    Raises:
        WeightsError: timm cannot.
    """
    expected = {name: value for name, value in model.state_dict().items() if name.startswith(PREFIX)}
    own = {name: value for name, value in tensors.items() if name.startswith(PREFIX)}
    if own.keys() == expected.keys() and all(own[name].shape == expected[name].shape for name in own):
        return tensors
    network: Any = model.get_submodule(PREFIX.rstrip("."))
    convert = getattr(sys.modules[type(network).__module__], "checkpoint_filter_fn", None)
    if convert is None:
        return tensors
    plain = {name.removeprefix(PREFIX): value for name, value in own.items()}
    marks = dict(classifier)
    if "layers.0.downsample.norm.weight" not in plain:
        marks.setdefault("head.fc.weight", torch.empty(0))  # Swin: a classifier of this name is a new file
    try:
        fitted = convert({**plain, **marks}, network)
    except (RuntimeError, KeyError, ValueError, AssertionError) as error:
        raise WeightsError(
            f"timm cannot bring these tensors to {type(network).__name__}: {error}. Expected those of the "
            f"network that is named. Check --architecture and --size."
        ) from error
    others = {name: value for name, value in tensors.items() if not name.startswith(PREFIX)}
    marked = {id(value) for value in marks.values()}  # timm may have called them otherwise
    kept = {f"{PREFIX}{name}": value for name, value in fitted.items() if id(value) not in marked}
    return {**others, **kept}
