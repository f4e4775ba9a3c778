"""Does an exported file give the descriptors of the model? Measured at several sizes of the batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from reidkit.core.errors import ExportError
from reidkit.core.types import Preprocessing
from reidkit.deploy.runtime import Runtime, run_in_parts

BATCHES = (1, 2, 7, 32)
"""One, the size that networks are traced with, an odd one, and a large one."""


@dataclass(frozen=True, slots=True)
class ParityLimits:
    """How far the descriptors of an exported file may be off.

    Args:
        max_difference: Of any number, as a share of the largest number of the model's descriptors.
        min_cosine: Between a descriptor and the model's own.
    """

    max_difference: float
    min_cosine: float


FLOAT_LIMITS = ParityLimits(max_difference=1e-2, min_cosine=0.9999)
"""Another order of summation changes last digits: by 1e-6 in most networks, by 1e-3 in deep ones that amplify
them, whose own descriptors are as far from those in double precision. More than this is another network."""
INT8_LIMITS = ParityLimits(max_difference=float("inf"), min_cosine=0.8)
"""Eight bits cost something, which the change of mAP tells; less than this is a broken calibration."""


@dataclass(frozen=True, slots=True)
class ParityRow:
    """What was measured at one size of the batch.

    Args:
        batch: Images per call.
        max_difference: See `ParityLimits`.
        min_cosine: See `ParityLimits`.
    """

    batch: int
    max_difference: float
    min_cosine: float


def measure_parity(
    model: Runtime, exported: Runtime, preprocessing: Preprocessing, *, batches: Sequence[int] = BATCHES
) -> tuple[ParityRow, ...]:
    """Compare the descriptors of an exported file with those of its model, on drawn patterns.

    Args:
        model: What is right.
        exported: What is measured; a batch beyond its limit is split, as in use.
        preprocessing: Whose size the pictures have.
        batches: Sizes to measure at; the images of each are other ones.
    """
    rows = []
    for number, batch in enumerate(batches):
        pixels = draw_patterns(batch, preprocessing, seed=number)
        expected = model.run(pixels).double()
        actual = run_in_parts(exported.run, pixels, exported.batch_limit).double()
        rows.append(_compare(batch, expected, actual))
    return tuple(rows)


def check_parity(rows: Sequence[ParityRow], limits: ParityLimits, *, name: str) -> None:
    """Refuse an exported file whose descriptors are too far off.

    Args:
        rows: From `measure_parity`.
        limits: What is allowed.
        name: Of what was exported, for the message.

    Raises:
        ExportError: at some size of the batch it is off by more, or not a number.
    """
    wrong = [
        row
        for row in rows
        if not (row.max_difference <= limits.max_difference and row.min_cosine >= limits.min_cosine)
    ]
    if wrong:
        worst = min(wrong, key=lambda row: np.nan_to_num(row.min_cosine, nan=-1))
        raise ExportError(
            f"{name} gives other descriptors than the model, got a difference of {worst.max_difference:.1e} "
            f"and a cosine of {worst.min_cosine:.6f} at batch {worst.batch}. Expected at most "
            f"{limits.max_difference:g} and at least {limits.min_cosine:g}. No file was written; use another "
            f"format."
        )


def draw_patterns(count: int, preprocessing: Preprocessing, *, seed: int) -> Tensor:
    """Draw pictures that differ in colour, shape and contrast, as uint8 (N, 3, H, W).

    Uniform noise would not do: every network sees the same grey in it, and all its descriptors agree.
    """
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 8, 4, generator=generator)
    size = (preprocessing.height, preprocessing.width)
    smooth = F.interpolate(coarse, size=size, mode="bilinear", align_corners=False)
    noise = 0.1 * torch.rand(count, 3, *size, generator=generator)
    return (255 * (0.9 * smooth + noise)).to(torch.uint8)


def _compare(batch: int, expected: Tensor, actual: Tensor) -> ParityRow:
    if actual.shape != expected.shape:
        return ParityRow(batch, float("nan"), float("nan"))
    difference = float((actual - expected).abs().max() / expected.abs().max().clamp_min(1e-30))
    cosine = float(F.cosine_similarity(actual, expected, dim=1).min())
    return ParityRow(batch, difference, min(cosine, 1.0))
