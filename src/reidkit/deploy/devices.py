"""Where PyTorch computes, and how precisely."""

from typing import Literal, get_args

import torch

from reidkit.core.errors import CatalogError

Precision = Literal["float32", "half"]
"""``"half"`` computes in float16 on a GPU and in bfloat16 on a CPU; descriptors come as float32 always."""


def choose_device(device: str) -> torch.device:
    """Return the device of a name; "auto" takes CUDA, else MPS, else the CPU.

    Raises:
        CatalogError: the device is not there.
    """
    if device == "auto":
        device = (
            "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise CatalogError(
            f"Device '{device}' is not there: {str(error).splitlines()[0]}. Use auto or cpu."
        ) from error
    return torch.device(device)


def check_precision(precision: str, *, runtime: str, can_be_half: bool = True) -> None:
    """Refuse a precision that is unknown, or that a runtime does not offer.

    Args:
        precision: As in `Precision`.
        runtime: Its name, for the message.
        can_be_half: Whether it computes in half precision on request.

    Raises:
        CatalogError: it is neither "float32" nor "half", or the runtime does not offer it.
    """
    if precision not in get_args(Precision):
        raise CatalogError(f"Precision is unknown, got '{precision}'. Expected float32 or half.")
    if precision == "half" and not can_be_half:
        raise CatalogError(
            f"{runtime} computes in the precision of its file, got 'half'. Expected float32. "
            f"Use the model.safetensors, or an OpenVINO file."
        )
