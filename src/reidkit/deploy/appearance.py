"""The appearance model of a tracker: a frame and its boxes in, one descriptor per box out."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reidkit.core.errors import CatalogError
from reidkit.deploy.embedder import Embedder, load
from reidkit.deploy.inputs import Colour
from reidkit.deploy.results import Descriptors

BoxForm = Literal["ltrb", "ltwh"]


class AppearanceModel:
    """What trackers call per frame; takes what they hold: OpenCV's frames and arrays of boxes.

    Args:
        model: A file in any format of `reidkit.load`, or an embedder.
        colour: Order of the channels of the frames, "bgr" as OpenCV reads them.
        boxes: "ltrb" is left, top, right, bottom; "ltwh" is left, top, width, height.
        fill: What the row of an empty box holds; 0 for a tracker that refuses NaN.
        device: See `reidkit.load`.

    Raises:
        CatalogError: another order of colours or form of boxes.
        WeightsError: the model cannot be loaded.
    """

    def __init__(
        self,
        model: str | Path | Embedder,
        *,
        colour: Colour = "bgr",
        boxes: BoxForm = "ltrb",
        fill: float = float("nan"),
        device: str = "auto",
    ) -> None:
        if colour not in ("rgb", "bgr"):
            raise CatalogError(f"Order of colours is unknown, got '{colour}'. Expected rgb or bgr.")
        if boxes not in ("ltrb", "ltwh"):
            raise CatalogError(f"Form of boxes is unknown, got '{boxes}'. Expected ltrb or ltwh.")
        self.embedder = model if isinstance(model, Embedder) else load(model, device=device)
        self.colour: Colour = colour
        self.boxes = boxes
        self.fill = fill

    @property
    def descriptor_dim(self) -> int:
        """Numbers per descriptor."""
        return self.embedder.descriptor_dim

    def embed(self, frame: NDArray[np.uint8], boxes: Any) -> Descriptors:  # noqa: ANN401 - what trackers hold
        """Return one descriptor (N, D) per box, in order; never fails for a box outside the frame.

        Args:
            frame: (H, W, 3) uint8.
            boxes: (N, 4) numbers, or more columns, such as a score, of which the first four count.

        Raises:
            ImageError: the frame is no 8-bit image.
            ShapeError: the boxes are not rows of numbers.
        """
        edges = np.asarray(boxes, dtype=np.float64)
        edges = edges[:, :4].copy() if edges.ndim == 2 else edges
        if self.boxes == "ltwh" and edges.ndim == 2:
            edges[:, 2:] += edges[:, :2]
        rows, is_valid = self.embedder.embed_boxes(frame, edges, colour=self.colour)
        rows[~is_valid] = self.fill
        return rows
