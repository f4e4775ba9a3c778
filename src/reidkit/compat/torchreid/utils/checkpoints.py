"""Torchreid's checkpoints: written, read, resumed; nothing in them is executed."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler

from reidkit.compat.checkpoints.foreign import ForeignModel
from reidkit.compat.checkpoints.reading import load_content, read_foreign
from reidkit.compat.checkpoints.sources import recognise
from reidkit.compat.torchreid.models import TorchreidModel
from reidkit.core.errors import WeightsError
from reidkit.core.files import replace_file


def save_checkpoint(
    state: Mapping[str, Any],
    save_dir: str | Path,
    is_best: bool = False,
    remove_module_from_keys: bool = False,
) -> Path:
    """Write ``model.pth.tar-<epoch>`` whole or not at all, and return its path.

    Args:
        state: With ``state_dict`` and ``epoch``; numbers of NumPy are written as plain numbers.
        save_dir: Folder, made if it is not there.
        is_best: Whether to copy it to ``model-best.pth.tar``.
        remove_module_from_keys: Whether names of tensors lose ``module.`` before them.
    """
    content = {key: _plain(value) for key, value in state.items()}
    if remove_module_from_keys:
        content["state_dict"] = {
            key.removeprefix("module."): value for key, value in content["state_dict"].items()
        }
    path = Path(save_dir) / f"model.pth.tar-{content['epoch']}"
    with replace_file(path) as unfinished:
        torch.save(content, unfinished)
    if is_best:
        best = path.with_name("model-best.pth.tar")
        with replace_file(best) as unfinished:
            shutil.copyfile(path, unfinished)
    return path


def load_checkpoint(fpath: str | Path) -> dict[str, Any]:
    """Return what a checkpoint holds, on the CPU.

    Raises:
        WeightsError: it is missing, damaged, or holds objects that need code of the file.

    Differs:
        Torchreid's own files hold a number of NumPy, at which ``torch.load`` stops today; it is read as a
        plain number.
    """
    return dict(load_content(Path(fpath)))


def resume_from_checkpoint(
    fpath: str | Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer | None = None,
    scheduler: LRScheduler | None = None,
) -> int:
    """Load a model, and what trains it, and return the epoch to go on with.

    Raises:
        WeightsError: the file cannot be read, or its tensors do not fit the model.
    """
    content = load_checkpoint(fpath)
    inner = model.module if isinstance(model, nn.DataParallel) else model
    try:
        inner.load_state_dict(content["state_dict"])
    except (KeyError, RuntimeError) as error:
        raise WeightsError(
            f"Checkpoint {fpath} does not fit the model: {error}. Expected one of the same network and "
            f"number of identities."
        ) from error
    for part, name in ((optimizer, "optimizer"), (scheduler, "scheduler")):
        if part is not None and content.get(name) is not None:
            part.load_state_dict(content[name])
    return int(content.get("epoch", 0))


def load_pretrained_weights(model: nn.Module, weight_path: str | Path) -> None:
    """Load what fits from a file of weights; what does not, such as the classifier, stays as it is.

    Args:
        model: To fill; one of `build_model` takes files of every library that ``reidkit convert`` reads.
        weight_path: Of the file.

    Raises:
        WeightsError: the file cannot be read, or nothing of it fits.

    Differs:
        A missing file and one of which nothing fits are errors; Torchreid warns and goes on with the
        weights there are.
    """
    tensors: Mapping[str, Any] = read_foreign(Path(weight_path)).tensors
    inner = model.module if isinstance(model, nn.DataParallel) else model
    if isinstance(inner, TorchreidModel):
        tensors = _our_names(inner, tensors)
    state = inner.state_dict()
    fitting = {
        key: value for key, value in tensors.items() if key in state and state[key].shape == value.shape
    }
    if not any(value.ndim > 0 for value in fitting.values()):
        raise WeightsError(
            f"Nothing of {weight_path} fits the model, got {len(tensors)} tensors such as "
            f"{next(iter(tensors))}. Expected weights of the same network."
        )
    inner.load_state_dict({**state, **fitting})
    left = [key for key in tensors if key not in fitting]
    print(f"Successfully loaded {len(fitting)} tensors from {weight_path}")  # noqa: T201 - Torchreid prints
    if left:
        print(f"** Left out, being unknown or of another shape: {left}")  # noqa: T201


def _our_names(model: TorchreidModel, tensors: Mapping[str, Any]) -> Mapping[str, Any]:
    named = model.our_names(tensors)
    if len(named.keys() & model.state_dict().keys()) > len(named) // 2:
        return named
    foreign: ForeignModel = recognise(tensors, {})
    return {f"network.{key}": value for key, value in foreign.rename(tensors).items()}


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a checkpoint holds
    """Return a number of NumPy as a plain one, which every version of torch reads."""
    return value.item() if hasattr(value, "item") and not isinstance(value, torch.Tensor) else value
