"""The embedder: images in, descriptors out; the one seam between training and use."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from reidkit.core.distance import normalize, pairwise_distance
from reidkit.core.errors import CatalogError, ImageError, WeightsError
from reidkit.core.thresholds import judge_by_thresholds
from reidkit.core.types import Box, Threshold
from reidkit.data.failures import ReadFailure, UnreadablePolicy, check_policy
from reidkit.data.images import ImageSource, normalize_pixels, read_image, resize
from reidkit.metrics.decision import Decision, decide
from reidkit.models.checkpoint import ModelCard, load_model
from reidkit.models.model import ReidModel

Colour = Literal["rgb", "bgr"]
Descriptors = NDArray[np.float32]


class Embedder(Protocol):
    """What every runtime of a model offers, so that a gallery or a tracker needs to know none of them."""

    @property
    def descriptor_dim(self) -> int:
        """Numbers per descriptor."""

    def embed(self, images: "Images") -> Descriptors:
        """Return one descriptor (N, D) per image."""


Images = ImageSource | Iterable[ImageSource]
"""One image or several: paths, bytes of image files, Pillow images, uint8 arrays (H, W, 3)."""


@dataclass(frozen=True)
class Comparison:
    """How far apart two images are, and what that means by the measured thresholds of the model.

    Args:
        distance: Between the descriptors; smaller is more alike.
        verdict: "same" where it lies within the strictest threshold of the model, "different" where it
            lies beyond the loosest, "unsure" between; None where the model has no thresholds.
        threshold: The strictest threshold that the distance lies within, if any.
        decision: By the calibration of the model, which the verdict then follows; None without one.
    """

    distance: float
    verdict: Literal["same", "unsure", "different"] | None
    threshold: Threshold | None
    decision: Decision | None = None


class TorchEmbedder:
    """Embeds images with a model of reidkit in PyTorch.

    Args:
        model: The network.
        card: Its preprocessing, distance and thresholds.
        device: "auto" takes CUDA, else Apple's MPS, else the CPU.
        batch_size: Images per call of the network.

    Raises:
        CatalogError: the device is not there.
    """

    def __init__(
        self, model: ReidModel, card: ModelCard, *, device: str = "auto", batch_size: int = 64
    ) -> None:
        self.device = choose_device(device)
        self.model = model.eval().to(self.device)
        self.card = card
        self.batch_size = batch_size

    @property
    def descriptor_dim(self) -> int:
        """Numbers per descriptor."""
        return self.card.descriptor_dim

    def embed(
        self,
        images: Images,
        *,
        colour: Colour = "rgb",
        unreadable: UnreadablePolicy = "error",
        failures: list[ReadFailure] | None = None,
        cameras: Sequence[Hashable | None] | None = None,
    ) -> Descriptors:
        """Embed images: decoded by threads, in batches, in memory bounded by the batch and the result.

        Args:
            images: One image, or any number of them; a generator is consumed batch by batch.
            colour: Order of the channels of arrays; "bgr" for OpenCV's. Files know their own.
            unreadable: "error" stops at an image that cannot be read; "skip" gives it a row of NaN.
            failures: Where "skip" adds the paths that failed, with the reason.
            cameras: What a model that uses cameras is told about each image, such as ``"city/3"``; None, or
                one that it does not know, takes the mean of its cameras.

        Returns:
            (N, D) float32, in order; of unit length where the model's distance is cosine, so that the dot
            product of two rows is their cosine.

        Raises:
            CatalogError: cameras for a model that uses none, or not one per image.
            ImageError: an image cannot be read, under "error".
        """
        check_policy(unreadable)
        if cameras is not None and not self.model.uses_cameras:
            raise CatalogError(
                f"Cameras do not fit the model, got {len(cameras)} for '{self.card.architecture}', which "
                f"uses none. Expected none. Leave them out."
            )
        rows = [np.empty((0, self.descriptor_dim), np.float32)]
        done = 0
        with ThreadPoolExecutor() as pool:
            for batch in _batches(_as_several(images), self.batch_size):
                read = list(pool.map(lambda source: self._read(source, colour, unreadable), batch))
                told = None if cameras is None else cameras[done : done + len(batch)]
                done += len(batch)
                if told is not None and len(told) < len(batch):
                    raise _wrong_cameras(cameras, done)
                rows.append(self._embed_batch(batch, read, failures, told))
        if cameras is not None and len(cameras) != done:
            raise _wrong_cameras(cameras, done)
        return np.concatenate(rows)

    def embed_boxes(self, frame: ImageSource, boxes: Sequence[Box], *, colour: Colour = "rgb") -> Descriptors:
        """Embed parts of one frame, such as the detections of a tracker.

        Args:
            frame: The whole picture, decoded once.
            boxes: (left, top, right, bottom) in pixels each, clipped to the frame.
            colour: Order of the channels of an array.

        Returns:
            (N, D) float32; a box that misses the frame or is empty gives a row of NaN.

        Raises:
            ImageError: the frame cannot be read.
        """
        picture = read_image(frame, colour=colour).permute(1, 2, 0).numpy()
        crops: list[Tensor | ReadFailure] = []
        for number, box in enumerate(boxes):
            try:
                crops.append(resize(read_image(picture, box=box), self.card.preprocessing))
            except ImageError as error:
                crops.append(ReadFailure(Path(f"box {number}"), str(error)))
        rows = [np.empty((0, self.descriptor_dim), np.float32)]
        for start in range(0, len(crops), self.batch_size):
            part = crops[start : start + self.batch_size]
            rows.append(self._embed_batch(part, part, None))
        return np.concatenate(rows)

    def compare(self, first: ImageSource, second: ImageSource) -> Comparison:
        """Say how far apart two images are, and whether that is the same individual.

        Raises:
            ImageError: one of them cannot be read.
        """
        descriptors = torch.from_numpy(self.embed([first, second]))
        distance = float(pairwise_distance(descriptors[:1], descriptors[1:], distance=self.card.distance))
        judged = judge_distance(distance, self.card.thresholds)
        if self.card.calibration is None:
            return judged
        decision = decide(distance, self.card.calibration)
        verdict = "different" if decision.verdict == "new" else decision.verdict
        return Comparison(distance, verdict, judged.threshold, decision)

    def _read(
        self, source: ImageSource, colour: Colour, unreadable: UnreadablePolicy
    ) -> Tensor | ReadFailure:
        try:
            return resize(read_image(source, colour=colour), self.card.preprocessing)
        except ImageError as error:
            if unreadable == "error":
                raise
            path = source if isinstance(source, str | Path) else f"<{type(source).__name__}>"
            return ReadFailure(Path(path), str(error))

    def _embed_batch(
        self,
        sources: Sequence[object],
        read: list[Tensor | ReadFailure],
        failures: list[ReadFailure] | None,
        cameras: Sequence[Hashable | None] | None = None,
    ) -> Descriptors:
        rows = np.full((len(sources), self.descriptor_dim), np.nan, np.float32)
        good = [number for number, item in enumerate(read) if isinstance(item, Tensor)]
        if failures is not None:
            failures += [item for item in read if isinstance(item, ReadFailure)]
        if good:
            images = torch.stack([item for item in read if isinstance(item, Tensor)]).to(self.device)
            told = () if cameras is None else ([cameras[number] for number in good],)
            with torch.inference_mode():
                descriptors = self.model(normalize_pixels(images, self.card.preprocessing), *told).float()
            if self.card.distance == "cosine" or self.card.normalization == "unit":
                descriptors = normalize(descriptors)
            rows[good] = descriptors.cpu().numpy()
        return rows


def load(
    path: str | Path,
    *,
    device: str = "auto",
    batch_size: int = 64,
    trusted_modules: Collection[str] = (),
) -> TorchEmbedder:
    """Load a model to embed images with.

    Args:
        path: A ``model.safetensors`` of reidkit.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        batch_size: Images per call of the network.
        trusted_modules: Modules of your own that the file may name as builder of its architecture.

    Raises:
        WeightsError: the file is missing, damaged, of another kind, or does not fit its architecture.
        CatalogError: the device is not there.
    """
    model, card = load_model(Path(path), trusted_modules=trusted_modules)
    return TorchEmbedder(model, card, device=device, batch_size=batch_size)


def find_model(path: Path) -> Path:
    """Return the model file of a path: itself, or the ``model.safetensors`` of a run folder.

    Raises:
        WeightsError: neither.
    """
    inside = path / "model.safetensors"
    if path.is_dir() and not inside.is_file():
        raise WeightsError(
            f"Folder {path} holds no model.safetensors. Expected the folder of a finished run, or a file. "
            f"Finish the run: reidkit train --resume --out {path}."
        )
    return inside if path.is_dir() else path


def judge_distance(distance: float, thresholds: Sequence[Threshold]) -> Comparison:
    """Say what a distance means by measured thresholds; see `Comparison`."""
    verdict, within = judge_by_thresholds(distance, thresholds)
    # Of two images the second is no newcomer, it is another individual.
    return Comparison(distance, "different" if verdict == "new" else verdict, within)


def _wrong_cameras(cameras: Sequence[Hashable | None] | None, num_images: int) -> CatalogError:
    return CatalogError(
        f"Cameras do not fit the images, got {len(cameras or ())} for {num_images} or more. Expected "
        f"one camera per image."
    )


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


def _as_several(images: Images) -> Iterable[ImageSource]:
    if isinstance(images, str | Path | bytes | Image.Image):
        return [images]
    if isinstance(images, np.ndarray) and images.ndim in (2, 3):  # (N, H, W, 3) is several
        return [images]
    return images


def _batches(images: Iterable[ImageSource], size: int) -> Iterator[list[ImageSource]]:
    iterator = iter(images)
    while batch := list(islice(iterator, size)):
        yield batch
