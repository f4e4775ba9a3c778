"""Checks on tensors and labels that come from outside, each with one clear message."""

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from reidkit.core.errors import EvaluationError, ShapeError

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

ROWS_AT_ONCE = 4096


def check_form(name: str, descriptors: "Tensor") -> None:
    """Refuse descriptors that are not a floating (N, D) tensor with N and D at least 1.

    Raises:
        ShapeError: not 2-D, empty, or not floating.
    """
    if descriptors.ndim != 2 or 0 in descriptors.shape or not descriptors.is_floating_point():
        raise ShapeError(
            f"{name} descriptors have a wrong form, got {descriptors.dtype} of shape "
            f"{tuple(descriptors.shape)}. Expected floating (N, D) with N and D at least 1."
        )


def check_descriptors(name: str, descriptors: "Tensor") -> None:
    """Refuse descriptors that are not a finite floating (N, D) tensor with N and D at least 1.

    Raises:
        ShapeError: not 2-D, empty, or not floating.
        EvaluationError: a value is NaN or infinite; the message counts the rows and names the first.
    """
    check_form(name, descriptors)
    import torch

    # A part at a time: the answer for all numbers at once takes more memory than they do.
    finite = torch.empty(len(descriptors), dtype=torch.bool, device=descriptors.device)
    for start in range(0, len(descriptors), ROWS_AT_ONCE):
        part = descriptors.detach()[start : start + ROWS_AT_ONCE]
        # The sum of a row is finite only if all of it is. Few sums of finite numbers are not.
        sums = part.sum(dim=1).isfinite()
        finite[start : start + len(part)] = sums if bool(sums.all()) else part.isfinite().all(dim=1)
    if not bool(finite.all()):
        wrong = (~finite).nonzero()[:, 0]
        raise EvaluationError(
            f"{name} descriptors are not finite in {len(wrong)} of {len(descriptors)} rows, the first is "
            f"row {int(wrong[0])}. Expected finite values. Check the images of these rows, and whether "
            f"the training diverged."
        )


def check_batch(name: str, values: "Tensor", identities: "Tensor") -> None:
    """Refuse a batch whose values are not (B, N) with one identity (B,) each, or that is empty.

    Raises:
        ShapeError: another shape; broadcasting would give a wrong loss without a word.
    """
    if values.ndim != 2 or identities.shape != values.shape[:1] or len(values) == 0:
        raise ShapeError(
            f"{name} and identities do not fit, got {tuple(values.shape)} and {tuple(identities.shape)}. "
            f"Expected (B, N) and (B,) with B at least 1."
        )


def check_same_length(name: str, values: Sequence[Hashable], count: int) -> None:
    """Refuse labels whose number differs from the number of descriptors.

    Raises:
        ShapeError: the lengths differ.
    """
    if len(values) != count:
        raise ShapeError(
            f"{name} have a wrong length, got {len(values)}. Expected {count}, one per descriptor."
        )


def encode_labels(*groups: Sequence[Hashable | None]) -> "list[np.ndarray]":
    """Number labels 0, 1, 2, ... in order of first appearance over all groups; None becomes -1.

    Equal labels get equal numbers in every group, so (query, gallery) labels stay comparable.
    Any hashable labels may be mixed; only their equality counts.

    Example:
        >>> encode_labels(["b", "a"], ["a", None])
        [array([0, 1]), array([ 1, -1])]
    """
    import numpy as np

    numbers: dict[Hashable, int] = {}

    def encode(label: Hashable | None) -> int:
        return -1 if label is None else numbers.setdefault(label, len(numbers))

    return [np.array([encode(label) for label in group], np.int64) for group in groups]
