"""The embedder: images in, descriptors out; the one seam between training and use."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from reidkit.core.distance import pairwise_distance
from reidkit.core.errors import CatalogError, ImageError, WeightsError
from reidkit.core.types import ReportProgress
from reidkit.data.failures import ReadFailure, UnreadablePolicy, check_policy
from reidkit.data.images import ImageSource, read_image, resize
from reidkit.deploy.artefact import restore_pixels
from reidkit.deploy.comparison import Comparison, judge_distance
from reidkit.deploy.devices import Precision
from reidkit.deploy.inputs import (
    AnyImage,
    Boxes,
    Colour,
    Files,
    Images,
    as_boxes,
    as_frame,
    as_several,
    find_images,
    in_batches,
    read_any,
)
from reidkit.deploy.reading import read_ahead
from reidkit.deploy.results import BoxDescriptors, Descriptors, FileDescriptors
from reidkit.deploy.runtime import Cameras, Runtime, run_in_parts
from reidkit.deploy.runtimes import open_runtime
from reidkit.deploy.torch_runtime import TorchRuntime
from reidkit.models.checkpoint import ModelCard
from reidkit.models.fingerprint import fingerprint
from reidkit.models.model import ReidModel
from reidkit.models.temporal import pool_frames


class Embedder:
    """Turns images of any origin into descriptors, with a model in any runtime.

    Made by `load`, from a file, or by `Embedder.of_model`, from a model in memory.

    Args:
        runtime: What computes.
        card: The preprocessing, distance and thresholds of the model.
        fingerprint: Tells the descriptors of this model from those of others; worked out from the weights
            where it is None.
        batch_size: Images per call of the network.

    Raises:
        CatalogError: ``batch_size`` is no whole number of at least 1.
    """

    def __init__(
        self, runtime: Runtime, card: ModelCard, *, fingerprint: str | None = None, batch_size: int = 64
    ) -> None:
        if batch_size < 1:
            raise CatalogError(f"batch_size is out of range, got {batch_size}. Expected at least 1.")
        self.runtime = runtime
        self.card = card
        self.batch_size = batch_size
        self._fingerprint = fingerprint

    @classmethod
    def of_model(
        cls,
        model: ReidModel,
        card: ModelCard,
        *,
        device: str = "auto",
        precision: Precision = "float32",
        batch_size: int = 64,
    ) -> "Embedder":
        """Return an embedder over a model in memory; arguments as of `load`."""
        runtime = TorchRuntime(model, card, device=device, precision=precision)
        return cls(runtime, card, batch_size=batch_size)

    @property
    def descriptor_dim(self) -> int:
        """Numbers per descriptor."""
        return self.card.descriptor_dim

    @cached_property
    def fingerprint(self) -> str:
        """Tells the descriptors of this model from those of others; the same in every float32 runtime."""
        return self._fingerprint or fingerprint(self.model)

    @property
    def model(self) -> ReidModel:
        """The network itself, for what looks inside it.

        Raises:
            WeightsError: the model comes from an exported file, which holds no network to look into.
        """
        if not isinstance(self.runtime, TorchRuntime):
            raise WeightsError(
                f"Model runs in {self.runtime.name}, which does not show its layers. Expected a "
                f"model.safetensors. Use the file that this one was exported from."
            )
        return self.runtime.model

    @property
    def device(self) -> torch.device:
        """Where `network` takes its images."""
        return self.runtime.device if isinstance(self.runtime, TorchRuntime) else torch.device("cpu")

    @property
    def network(self) -> ReidModel | Callable[[Tensor], Tensor]:
        """From standardised images to descriptors, as an evaluation calls it: the model, or what runs it."""
        return self.runtime.model if isinstance(self.runtime, TorchRuntime) else self._run_standardised

    def embed(
        self,
        images: Images,
        *,
        colour: Colour = "rgb",
        unreadable: UnreadablePolicy = "error",
        failures: list[ReadFailure] | None = None,
        cameras: Cameras | None = None,
        report: ReportProgress | None = None,
    ) -> Descriptors:
        """Embed images: decoded by threads while the network computes, in bounded memory.

        Args:
            images: One image, or any number of them; a generator is consumed some batches ahead.
            colour: Order of the channels of arrays and tensors; "bgr" for OpenCV's. Files know their own.
            unreadable: "error" stops at an image that cannot be read; "skip" gives it a row of NaN.
            failures: Where "skip" adds the paths that failed, with the reason.
            cameras: What a model that uses cameras is told about each image, such as ``"city/3"``; None, or
                one that it does not know, takes the mean of its cameras.
            report: Called with (images done, images in all) after each batch; of a generator nobody knows
                how many come, and it is told 0.

        Returns:
            (N, D) float32, in order; of unit length where the model's distance is cosine, so that the dot
            product of two rows is their cosine.

        Raises:
            CatalogError: cameras for a model that uses none, or not one per image.
            ImageError: an image cannot be read, under "error".
        """
        several = as_several(images)
        total = len(several) if isinstance(several, Sequence | np.ndarray | Tensor) else 0
        rows = [np.empty((0, self.descriptor_dim), np.float32)]
        done = 0
        batches = self.embed_batches(
            several, colour=colour, unreadable=unreadable, failures=failures, cameras=cameras
        )
        for batch in batches:
            rows.append(batch)
            done += len(batch)
            if report is not None:
                report(done, total)
        return np.concatenate(rows)

    def embed_batches(
        self,
        images: Iterable[AnyImage],
        *,
        colour: Colour = "rgb",
        unreadable: UnreadablePolicy = "error",
        failures: list[ReadFailure] | None = None,
        cameras: Cameras | None = None,
    ) -> Iterator[Descriptors]:
        """Embed any number of images and yield the rows batch by batch, so that none need be kept.

        Arguments, order, rows of NaN and errors are those of `embed`.
        """
        check_policy(unreadable)
        if cameras is not None and not (isinstance(self.runtime, TorchRuntime) and self.model.uses_cameras):
            raise CatalogError(
                f"Cameras do not fit the model, got {len(cameras)} for '{self.card.architecture}' in "
                f"{self.runtime.name}, which uses none. Expected none. Leave them out."
            )
        done = 0
        batches = in_batches(images, self.batch_size)
        for read in read_ahead(batches, lambda source: self._read(source, colour, unreadable)):
            told = None if cameras is None else cameras[done : done + len(read)]
            done += len(read)
            if told is not None and len(told) < len(read):
                raise _wrong_cameras(cameras, done)
            yield self._embed_read(read, failures, told)
        if cameras is not None and len(cameras) != done:
            raise _wrong_cameras(cameras, done)

    def embed_boxes(self, frame: AnyImage, boxes: Boxes, *, colour: Colour = "rgb") -> BoxDescriptors:
        """Embed parts of one frame, such as the detections of a tracker.

        Args:
            frame: The whole picture, decoded once.
            boxes: (left, top, right, bottom) in pixels each, clipped to the frame.
            colour: Order of the channels of an array or tensor.

        Returns:
            One row per box, and which of them hold something; the others are rows of NaN.

        Raises:
            ImageError: the frame cannot be read.
            ShapeError: the boxes are not (N, 4) numbers.
        """
        edges = as_boxes(boxes)
        pixels = as_frame(frame, colour=colour)
        read_image(pixels, box=(0, 0, 1, 1), colour=colour)  # a frame that is no image is no empty box
        crops: list[Tensor | ReadFailure] = []
        for number, box in enumerate(edges):
            try:
                crops.append(resize(read_image(pixels, box=box, colour=colour), self.card.preprocessing))
            except ImageError as error:
                crops.append(ReadFailure(Path(f"box {number}"), str(error)))
        rows = [np.empty((0, self.descriptor_dim), np.float32)]
        rows += [self._embed_read(part, None) for part in _parts(crops, self.batch_size)]
        is_valid = np.array([isinstance(crop, Tensor) for crop in crops], bool)
        return BoxDescriptors(np.concatenate(rows), is_valid)

    def embed_tracklets(
        self,
        tracklets: Iterable[Iterable[AnyImage]],
        *,
        colour: Colour = "rgb",
        unreadable: UnreadablePolicy = "error",
        failures: list[ReadFailure] | None = None,
    ) -> Descriptors:
        """Embed tracklets: each is the mean of the descriptors of its frames, of unit length for cosine.

        Args:
            tracklets: The frames of each; a generator is consumed tracklet by tracklet.
            colour: As in `embed`.
            unreadable: "skip" leaves a frame out that cannot be read.
            failures: As in `embed`.

        Returns:
            (N, D) float32; a tracklet without a frame that can be read is a row of NaN.

        Raises:
            ImageError: a frame cannot be read, under "error".
        """
        rows = [np.empty((0, self.descriptor_dim), np.float32)]
        for frames in tracklets:
            found = self.embed(frames, colour=colour, unreadable=unreadable, failures=failures)
            found = found[~np.isnan(found).any(axis=1)]
            mean = np.full((1, self.descriptor_dim), np.nan, np.float32)
            if len(found):
                mean = pool_frames(torch.from_numpy(found), [len(found)]).numpy()
                if self.card.is_unit:
                    mean = mean / max(float(np.linalg.norm(mean)), 1e-12)
            rows.append(mean.astype(np.float32))
        return np.concatenate(rows)

    def embed_files(
        self,
        where: Files,
        *,
        unreadable: UnreadablePolicy = "skip",
        report: ReportProgress | None = None,
    ) -> FileDescriptors:
        """Embed image files, folders and patterns of names.

        Args:
            where: One or several; see `reidkit.deploy.inputs.find_images`.
            unreadable: "skip" leaves a file out that cannot be read, and lists it; "error" stops there.
            report: Called with (images done, images in all).

        Raises:
            DatasetError: a path is not there, or there is no image.
            ImageError: an image cannot be read, under "error".
        """
        paths = find_images(where)
        failures: list[ReadFailure] = []
        rows = self.embed(paths, unreadable=unreadable, failures=failures, report=report)
        failed = {failure.path for failure in failures}
        good = [number for number, path in enumerate(paths) if path not in failed]
        return FileDescriptors([paths[number] for number in good], rows[good], failures)

    def compare(self, first: ImageSource, second: ImageSource) -> Comparison:
        """Say how far apart two images are, and whether that is the same individual.

        Raises:
            ImageError: one of them cannot be read.
        """
        descriptors = torch.from_numpy(self.embed([first, second]))
        distance = float(pairwise_distance(descriptors[:1], descriptors[1:], distance=self.card.distance))
        return judge_distance(distance, self.card.thresholds, self.card.calibration)

    def embed_pixels(self, pixels: Tensor, cameras: Cameras | None = None) -> Descriptors:
        """Embed a batch that is read and resized already.

        Args:
            pixels: uint8 (N, 3, H, W), RGB, of the size that the card names.
            cameras: As in `embed`.
        """
        if not len(pixels):
            return np.empty((0, self.descriptor_dim), np.float32)
        if isinstance(self.runtime, TorchRuntime):
            return self.runtime.run(pixels, cameras).numpy()
        return run_in_parts(self.runtime.run, pixels, self.runtime.batch_limit).numpy()

    def _run_standardised(self, images: Tensor) -> Tensor:
        return torch.from_numpy(self.embed_pixels(restore_pixels(images.cpu(), self.card.preprocessing)))

    def _read(self, source: AnyImage, colour: Colour, unreadable: UnreadablePolicy) -> Tensor | ReadFailure:
        try:
            return resize(read_any(source, colour=colour), self.card.preprocessing)
        except ImageError as error:
            if unreadable == "error":
                raise
            path = source if isinstance(source, str | Path) else f"<{type(source).__name__}>"
            return ReadFailure(Path(path), str(error))

    def _embed_read(
        self,
        read: Sequence[Tensor | ReadFailure],
        failures: list[ReadFailure] | None,
        cameras: Cameras | None = None,
    ) -> Descriptors:
        rows = np.full((len(read), self.descriptor_dim), np.nan, np.float32)
        good = [number for number, item in enumerate(read) if isinstance(item, Tensor)]
        if failures is not None:
            failures += [item for item in read if isinstance(item, ReadFailure)]
        if good:
            pixels = torch.stack([item for item in read if isinstance(item, Tensor)])
            told = None if cameras is None else [cameras[number] for number in good]
            rows[good] = self.embed_pixels(pixels, told)
        return rows


def load(
    path: str | Path,
    *,
    device: str = "auto",
    precision: Precision = "float32",
    batch_size: int = 64,
    trusted_modules: Collection[str] = (),
) -> Embedder:
    """Load a model to embed images with; the suffix of the file chooses the runtime.

    Args:
        path: A ``model.safetensors`` of reidkit; or what `reidkit export` made of one: ``.onnx``, ``.xml``
            (OpenVINO), ``.torchscript``, ``.pt2`` (torch.export), ``.engine`` (TensorRT). The last three
            are programs: take them only from who you trust.
        device: "auto", "cpu", "cuda", "cuda:1", "mps"; OpenVINO has "gpu" and "npu" too.
        precision: "half" computes in half precision, with a checkpoint or an OpenVINO file.
        batch_size: Images per call of the network; an engine of a smaller limit gets them in parts.
        trusted_modules: Modules of your own that a checkpoint may name as builder of its architecture.

    Raises:
        WeightsError: the file is missing, damaged, of another kind, or does not fit its architecture.
        CatalogError: the device is not there, or the runtime does not offer the precision.
        MissingExtraError: the library of the runtime is not installed.
    """
    runtime, card, facts = open_runtime(
        Path(path), device=device, precision=precision, trusted_modules=trusted_modules
    )
    return Embedder(runtime, card, fingerprint=facts.fingerprint if facts else None, batch_size=batch_size)


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


def _wrong_cameras(cameras: Sequence[Hashable | None] | None, num_images: int) -> CatalogError:
    return CatalogError(
        f"Cameras do not fit the images, got {len(cameras or ())} for {num_images} or more. Expected "
        f"one camera per image."
    )


def _parts(items: list[Tensor | ReadFailure], size: int) -> Iterator[list[Tensor | ReadFailure]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
