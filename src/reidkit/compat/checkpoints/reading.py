"""Read the tensors of a foreign checkpoint, whatever wraps them, without running code of the file."""

import hashlib
import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from reidkit.compat.checkpoints.pickles import pickle_globals
from reidkit.core.errors import WeightsError

WRAPPERS = ("state_dict", "model", "model_state_dict", "net", "network", "params", "weights")
PREFIXES = ("module.", "_orig_mod.")
HARMLESS = ("torch.", "collections.OrderedDict", "numpy.", "_codecs.encode")


@dataclass(frozen=True)
class ForeignFile:
    """What a file holds.

    Args:
        path: Of the file.
        sha256: Of its bytes.
        tensors: By their names in the file, without wrappers and without ``module.``.
        facts: What stands beside the tensors and is plain: epochs, scores.
    """

    path: Path
    sha256: str
    tensors: dict[str, Tensor]
    facts: dict[str, Any]


def read_foreign(path: Path) -> ForeignFile:
    """Read a ``.pth``, ``.pth.tar``, ``.pt``, ``.ckpt``, ``.bin`` or ``.safetensors`` file.

    Numbers of NumPy, which Torchreid puts beside its tensors, are read as plain numbers; every other object
    is refused, and named.

    Args:
        path: Of the file.

    Raises:
        WeightsError: it is missing, damaged, holds objects that need code of the file, or holds no tensors.
    """
    content = load_content(path)
    tensors, facts = _unwrap(content)
    if not tensors:
        kind = f"a {type(content).__name__} with {', '.join(map(str, content)) or 'nothing'}"
        raise WeightsError(
            f"Checkpoint {path} holds no tensors by name, got {kind}. Expected a state dict, alone or under "
            f"one of: {', '.join(WRAPPERS)}."
        )
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return ForeignFile(path, sha256, tensors, facts)


def load_content(path: Path) -> Mapping[str, Any]:
    """Return what a file holds as it is, wrappers and all; see `read_foreign`.

    Raises:
        WeightsError: it is missing, damaged, or holds objects that need code of the file.
    """
    if path.is_dir():
        raise WeightsError(
            f"Checkpoint {path} is a folder. Expected a file. If it was unpacked from a .pth file, pass that."
        )
    if not path.is_file():
        raise WeightsError(f"Checkpoint not found, got {path.absolute()}. Expected a file of weights.")
    return _load_safetensors(path) if path.suffix == ".safetensors" else _load_pickle(path)


def _load_safetensors(path: Path) -> Mapping[str, Any]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsError(
            f"Checkpoint {path} is damaged or not a safetensors file ({error}). Expected a whole one. Copy "
            f"or download it again."
        ) from error


def _load_pickle(path: Path) -> Mapping[str, Any]:
    try:
        with numbers_of_numpy(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd pickle is either read or refused
            content = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise WeightsError(_explain_refusal(path, error)) from None
    except (RuntimeError, OSError, EOFError, ValueError, KeyError, IndexError, AttributeError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise WeightsError(
            f"Checkpoint {path} is damaged or no file of torch.save ({first}); it is {path.stat().st_size} "
            f"bytes long. Expected a whole one. Copy or download it again."
        ) from error
    if not isinstance(content, Mapping):
        raise WeightsError(
            f"Checkpoint {path} holds a {type(content).__name__}. Expected a state dict: save "
            f"model.state_dict() with the code it comes from, then convert that."
        )
    return content


def numbers_of_numpy() -> AbstractContextManager[None]:
    """Let `torch.load` read NumPy's numbers while the block runs, as plain numbers, and no other object."""
    kinds = [np.dtype(code) for code in "?bhilqBHILQefd"]
    allowed: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
        np.dtype,
        *dict.fromkeys(type(kind) for kind in kinds),
        (_number, "numpy.core.multiarray.scalar"),
        (_number, "numpy._core.multiarray.scalar"),
    ]
    guard: AbstractContextManager[None] = torch.serialization.safe_globals(allowed)
    return guard


def _number(dtype: "np.dtype[Any]", content: bytes = b"") -> int | float | bool:
    """Return the number that NumPy's own function of this place would, and never another object."""
    if dtype.kind not in "biuf" or len(content) != dtype.itemsize:
        raise UnpicklingError(f"a NumPy scalar of type {dtype} with {len(content)} bytes")
    value: int | float | bool = np.frombuffer(content, dtype)[0].item()
    return value


def _explain_refusal(path: Path, error: Exception) -> str:
    objects = [name for name in pickle_globals(path) if not name.startswith(HARMLESS)]
    if objects:
        return (
            f"Checkpoint {path} holds more than tensors and numbers: reading it would run "
            f"{', '.join(objects)}. Nothing of it was run. Expected a state dict. Where you trust the file, "
            f"save model.state_dict() with the code it comes from, then convert that."
        )
    reason = (str(error).splitlines() or [""])[0]
    return (
        f"Checkpoint {path} is damaged or no file of torch.save ({reason}); it is {path.stat().st_size} "
        f"bytes long. Expected a whole one. Copy or download it again."
    )


def _unwrap(content: Mapping[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    facts = {
        str(key): value
        for key, value in content.items()
        if isinstance(value, int | float | str | bool) and value == value
    }
    tensors = {str(key): value for key, value in content.items() if isinstance(value, Tensor)}
    if not tensors:
        inner = next((content[key] for key in WRAPPERS if isinstance(content.get(key), Mapping)), None)
        if inner is None:
            return {}, facts
        tensors, more = _unwrap(inner)
        return tensors, {**more, **facts}
    return _strip(tensors), facts


def _strip(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Take off what a wrapper for several devices or a compiler put before every name."""
    for prefix in PREFIXES:
        if all(key.startswith(prefix) for key in tensors):
            return _strip({key.removeprefix(prefix): value for key, value in tensors.items()})
    return tensors
