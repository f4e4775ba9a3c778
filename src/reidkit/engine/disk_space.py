"""Whether there is room for what a run will write; asked before it begins."""

import errno
import os
import shutil
from pathlib import Path

from torch import nn

from reidkit.core.errors import TrainingError

STATES_PER_WEIGHT = 3
"""Numbers that an optimizer keeps for each weight, at most: AMSGrad's."""

OTHER_BYTES = 4 * 2**20
"""Room for scores, history, logs and pictures."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def needed_bytes(module: nn.Module, *, is_averaged: bool, num_existing: int = 0) -> int:
    """Return how much a run writes at most: two checkpoints, a third while it is written, and the model.

    Args:
        module: That trains, with its losses.
        is_averaged: Whether a checkpoint keeps an average of the weights too.
        num_existing: Checkpoints that are there already and will be replaced.
    """
    learned = sum(item.numel() * item.element_size() for item in module.parameters())
    tracked = sum(item.numel() * item.element_size() for item in module.buffers())
    weights = learned + tracked
    checkpoint = weights * (2 if is_averaged else 1) + learned * STATES_PER_WEIGHT
    return checkpoint * (3 - num_existing) + weights + OTHER_BYTES


def check_space(folder: Path, needed: int) -> None:
    """Refuse a folder that cannot be written or has no room; a file of that size is tried and removed.

    Args:
        folder: That exists.
        needed: Bytes.

    Raises:
        TrainingError: says which of both, with numbers.
    """
    free = shutil.disk_usage(folder).free
    trial = folder / ".space"
    try:
        if free < needed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        with trial.open("wb") as stream:
            _reserve(stream.fileno(), needed)
    except OSError as error:
        if error.errno not in FULL:
            raise TrainingError(
                f"Run folder {folder} cannot be written: {error}. Expected a writable folder. Choose another "
                f"one with --out."
            ) from error
        raise TrainingError(
            f"Run folder {folder} has too little space, got {free / 1e6:.0f} MB free or allowed. Expected "
            f"{needed / 1e6:.0f} MB for checkpoints and model. Make room, or choose another one with --out."
        ) from error
    finally:
        trial.unlink(missing_ok=True)


def _reserve(descriptor: int, size: int) -> None:
    """Take the space itself, which also finds a quota; where a file system cannot, writing has been tried."""
    if not hasattr(os, "posix_fallocate"):
        os.write(descriptor, b"\0")
        return
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
            raise
        os.write(descriptor, b"\0")
