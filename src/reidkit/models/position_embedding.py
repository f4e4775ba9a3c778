"""Bring the position embeddings of a transformer to another image size."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from reidkit.core.errors import WeightsError

NAME = "pos_embed"
# One class token is the rule; some networks have none, or registers beside it.
PREFIX_COUNTS = (1, 0, 2, 3, 4, 5)


def fit_position_embeddings(
    tensors: Mapping[str, Tensor],
    expected: Mapping[str, Tensor],
    *,
    old_grid: tuple[int, int] | None = None,
    new_grid: tuple[int, int] | None = None,
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Resize the position embeddings that do not fit a model; all other tensors stay as they are.

    Args:
        tensors: Of a file, by the names of the model.
        expected: The state dict of the model.
        old_grid: (rows, columns) of patches in the file; None tells it from the number of tokens.
        new_grid: The same of the model.

    Returns:
        The tensors, and the names of those that were resized.

    Raises:
        WeightsError: one of them is no grid that can be told.
    """
    fitted = dict(tensors)
    resized = []
    for name, value in tensors.items():
        wanted = expected.get(name)
        if name.endswith(NAME) and wanted is not None and wanted.shape != value.shape:
            fitted[name] = resize_position_embedding(
                value, wanted.shape[1], old_grid=old_grid, new_grid=new_grid
            )
            resized.append(name)
    return fitted, tuple(resized)


def resize_position_embedding(
    embedding: Tensor,
    num_tokens: int,
    *,
    old_grid: tuple[int, int] | None = None,
    new_grid: tuple[int, int] | None = None,
) -> Tensor:
    """Resample the embeddings of a grid of patches, bilinearly; those of prefix tokens stay.

    Args:
        embedding: (1, T, D): prefix tokens, then patches row by row.
        num_tokens: Tokens wanted.
        old_grid: (rows, columns); None tells it from T: a square, as of ImageNet, or twice as high as wide.
        new_grid: The same of the result.

    Returns:
        (1, num_tokens, D).

    Raises:
        WeightsError: a number of tokens that is neither a square nor twice as high as wide, given no grid.

    Reference:
        Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021, section 3.2; bilinear as in He et
        al., "TransReID", ICCV 2021, section 3.1.
    """
    prefix, old = _prefix_and_grid(embedding.shape[1], old_grid)
    _, new = _prefix_and_grid(num_tokens, new_grid, prefix=prefix)
    grid = embedding[:, prefix:].reshape(1, *old, -1).permute(0, 3, 1, 2).float()
    resampled = F.interpolate(grid, size=new, mode="bilinear", align_corners=False)
    patches = resampled.permute(0, 2, 3, 1).reshape(1, new[0] * new[1], -1).to(embedding.dtype)
    return torch.cat([embedding[:, :prefix], patches], dim=1)


def _prefix_and_grid(
    num_tokens: int, grid: tuple[int, int] | None, *, prefix: int | None = None
) -> tuple[int, tuple[int, int]]:
    if grid is not None:
        return num_tokens - grid[0] * grid[1], grid
    for count in PREFIX_COUNTS if prefix is None else [prefix]:
        side = math.isqrt(num_tokens - count)
        if side * side == num_tokens - count:
            return count, (side, side)
        half = math.isqrt((num_tokens - count) // 2)
        if half > 1 and 2 * half * half == num_tokens - count:
            return count, (2 * half, half)
    raise WeightsError(
        f"Position embeddings are of no known grid, got {num_tokens} tokens. Expected a square of patches, "
        f"or twice as many rows as columns, behind up to {max(PREFIX_COUNTS)} other tokens."
    )
