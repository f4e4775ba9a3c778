"""Test-time augmentation: the descriptor of an image as the mean over several views of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite

import torch
from torch import Tensor

from reidkit.core.distance import normalize
from reidkit.core.errors import CatalogError, EvaluationError
from reidkit.core.types import Preprocessing, ViewAverage
from reidkit.data.loaders import EvaluationBatch


@dataclass(frozen=True)
class Views:
    """Which views of an image are embedded, and how their descriptors become one.

    Args:
        flip: Whether each view has its mirror image beside it.
        scales: Factors of the input's height and width, one view for each. Every view is resized from the
            image as it was decoded, never from another view.
        average: "raw" takes the mean over the descriptors as they are; "unit" scales each to unit length
            first, so that a view with long descriptors does not count for more.

    Raises:
        CatalogError: no scale, one that is not above 0, or another average.

    Differs:
        Layumi's baseline resizes each further scale from the one before and not from the image, so that its
        scales 1, 1.1 and 1.2 give inputs of 256 x 128, 268 x 134 and 293 x 146; it also takes the square
        root of a scale, which there is one of areas. FastReID mirrors images that it has standardised in
        place and standardises them again.
    """

    flip: bool = False
    scales: tuple[float, ...] = (1.0,)
    average: ViewAverage = "raw"

    def __post_init__(self) -> None:
        if not self.scales or not all(isfinite(scale) and scale > 0 for scale in self.scales):
            raise CatalogError(
                f"Scales of the views are out of range, got {list(self.scales)}. Expected at least one, each "
                f"above 0; 1 is the size that the model was made for."
            )
        if self.average not in ("raw", "unit"):
            raise CatalogError(f"Unknown average of views '{self.average}'. Known: raw, unit.")

    def sizes(self, preprocessing: Preprocessing) -> list[Preprocessing]:
        """Return the preprocessing of each scale."""
        return [
            replace(
                preprocessing,
                height=max(1, round(preprocessing.height * scale)),
                width=max(1, round(preprocessing.width * scale)),
            )
            for scale in self.scales
        ]

    def describe(
        self, embed: Callable[..., Tensor], sizes: Sequence[Tensor], *told: list[str | None]
    ) -> Tensor:
        """Return one descriptor per image (B, D).

        Args:
            embed: Standardised images (B, 3, H, W) -> descriptors (B, D).
            sizes: The same standardised images at each scale.
            *told: What else ``embed`` is given, the same for every view.

        Raises:
            EvaluationError: the model takes no images of another size.
        """
        parts = [
            _embed_view(embed, view, scale, *told)
            for scale, images in zip(self.scales, sizes, strict=True)
            for view in ((images, images.flip(3)) if self.flip else (images,))
        ]
        if len(parts) == 1:
            return parts[0]
        return torch.stack([normalize(part) if self.average == "unit" else part for part in parts]).mean(0)


def batches_of_views(loaders: Sequence[Iterable[EvaluationBatch]]) -> Iterator[tuple[list[Tensor], Tensor]]:
    """Yield the images of a batch at each scale, and the samples that they are of.

    Args:
        loaders: Of the same samples, one for each scale.

    Raises:
        EvaluationError: an image could be read at one scale and not at another.
    """
    for batches in zip(*loaders, strict=True):
        indices = batches[0].indices
        if not all(torch.equal(batch.indices, indices) for batch in batches):
            raise EvaluationError(
                "Images changed while they were read, got other samples at another scale. Expected the same "
                "files throughout. Run it again when nothing writes to the data."
            )
        yield [batch.images for batch in batches], indices


def _embed_view(embed: Callable[..., Tensor], view: Tensor, scale: float, *told: list[str | None]) -> Tensor:
    try:
        return embed(view, *told)
    except torch.OutOfMemoryError:
        raise
    except (AssertionError, RuntimeError, ValueError) as error:
        if scale == 1:
            raise
        raise EvaluationError(
            f"Model takes no images of {view.shape[2]} x {view.shape[3]}, got scale {scale:g}: {error}. "
            f"Expected a model that takes several sizes. Leave the scales out."
        ) from error
