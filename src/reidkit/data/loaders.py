"""Batches for training and for evaluation, read by worker processes or in this one."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from reidkit.core.errors import CatalogError, ImageError, ReidkitError
from reidkit.core.types import Preprocessing, Sample
from reidkit.data.dataset import TrainingImages, TrainingItem
from reidkit.data.failures import ReadFailure, UnreadablePolicy, check_policy
from reidkit.data.frames import EVALUATION_WAYS, check_frame_count, find_frame_sampling, sample_evenly
from reidkit.data.images import read_image, resize
from reidkit.data.sampling import BatchSampler, Draw

_BATCHES_AHEAD = 4  # per worker: reading is uneven, and a batch of 64 images of 256 x 128 takes 6 MB


class TrainingBatch(NamedTuple):
    """The N = B * S images of B draws with S frames each; S is 1 by default.

    The frames of a draw lie side by side, in temporal order, with the label and index of their sample:
    ``images.unflatten(0, (-1, S))`` has one tracklet per row.

    Args:
        images: uint8 (N, 3, height, width).
        labels: int64 (N,), 0 to C - 1.
        indices: int64 (N,), positions of the samples in the training split.
    """

    images: Tensor
    labels: Tensor
    indices: Tensor


class EvaluationBatch(NamedTuple):
    """N images to compute descriptors of.

    Args:
        images: uint8 (N, 3, height, width).
        indices: int64 (N,), position of the sample of each image; a tracklet has one row per frame.
    """

    images: Tensor
    indices: Tensor


class TrainingLoader:
    """Yields the training batches of one epoch per iteration; see `training_loader`.

    Nothing is drawn or read before the first ``next()``: an epoch that is set after ``iter()`` still counts.
    """

    def __init__(
        self,
        dataset: TrainingImages,
        batch_sampler: BatchSampler,
        **options: Any,  # noqa: ANN401
    ) -> None:
        self.dataset = dataset
        self.batch_sampler = batch_sampler
        self.failures: Counter[ReadFailure] = Counter()
        """Images that could not be read so far and were replaced, and how often."""
        self._rest = _RestOfEpoch(batch_sampler)
        self._loader: DataLoader[Any] = DataLoader(
            _CarriedErrors(dataset),
            batch_sampler=self._rest,
            collate_fn=_collate_training,
            **options,
        )

    def __len__(self) -> int:
        """Return the number of batches of every epoch."""
        return len(self.batch_sampler)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, counted from 0, that the next iteration yields."""
        self.batch_sampler.set_epoch(epoch)

    def start_at(self, batch: int) -> None:
        """Leave out the first batches of the next iteration, and of no other."""
        self._rest.start = batch

    def __iter__(self) -> Iterator[TrainingBatch]:
        """Yield the batches of the current epoch.

        Raises:
            ImageError: an image cannot be read, as the policy of the data set says.
        """
        for batch, failures in _raise_carried(self._loader):
            self.failures.update(failures)
            yield batch


class _RestOfEpoch:
    """The batches of an epoch from ``start`` on, once; all of them afterwards."""

    def __init__(self, sampler: BatchSampler) -> None:
        self.sampler = sampler
        self.start = 0

    def __len__(self) -> int:
        return len(self.sampler)

    def __iter__(self) -> Iterator[list[Draw]]:
        # Not before the first ``next()``: a loader with workers also makes an iterator that it leaves alone.
        start, self.start = self.start, 0
        yield from itertools.islice(self.sampler, start, None)


class EvaluationLoader:
    """Yields the frames of all samples in order; see `evaluation_batches`."""

    def __init__(self, frames: "_Frames", batch_size: int, **options: Any) -> None:  # noqa: ANN401
        self.failures: list[ReadFailure] = []
        """Images that could not be read in the current or last iteration."""
        self.num_images = len(frames)
        """Images of one iteration, with those that may be left out."""
        self._loader: DataLoader[Any] = DataLoader(
            _CarriedErrors(frames), batch_size=batch_size, collate_fn=_collate_evaluation, **options
        )

    def __len__(self) -> int:
        """Return the number of batches; fewer come where every image of one is left out."""
        return len(self._loader)

    def __iter__(self) -> Iterator[EvaluationBatch]:
        """Yield the batches.

        Raises:
            ImageError: an image cannot be read, where the policy is "error".
        """
        self.failures.clear()
        for batch, failures in _raise_carried(self._loader):
            self.failures.extend(failures)
            if batch is not None:
                yield batch


def training_loader(
    dataset: TrainingImages,
    batch_sampler: BatchSampler,
    *,
    num_workers: int = 0,
    pin_memory: bool = False,
    start_method: str | None = None,
) -> TrainingLoader:
    """Return a loader of training batches; the same ones with any number of workers.

    Worker processes are started at the first batch, use one thread each, and stay for all epochs.

    Args:
        dataset: Turns a draw into an image.
        batch_sampler: Which draws form a batch.
        num_workers: Worker processes; 0 reads in this process.
        pin_memory: Whether batches lie in page-locked memory, which copies faster to a GPU; without a GPU
            it has no effect.
        start_method: How workers start, "fork", "spawn" or "forkserver"; None is Python's own choice.
    """
    return TrainingLoader(dataset, batch_sampler, **_options(num_workers, pin_memory, start_method, True))


def evaluation_batches(
    samples: Sequence[Sample],
    preprocessing: Preprocessing,
    *,
    batch_size: int = 64,
    num_workers: int = 0,
    pin_memory: bool = False,
    frame_sampling: str = "all",
    frames_per_tracklet: int | None = None,
    unreadable: UnreadablePolicy = "error",
    start_method: str | None = None,
) -> EvaluationLoader:
    """Return a loader of the frames of all samples, in their order, without augmentation.

    Args:
        samples: Images and tracklets; the frames of a tracklet are rows of their own, so that a batch may
            hold parts of several tracklets.
        preprocessing: Network input size and interpolation.
        batch_size: Images per batch; the last batch may be smaller.
        num_workers: Worker processes; 0 reads in this process.
        pin_memory: As in `training_loader`.
        frame_sampling: "all" frames of a tracklet; or "evenly", ``frames_per_tracklet`` of them as
            `reidkit.data.frames.sample_evenly` chooses, and all of a tracklet that has no more.
        frames_per_tracklet: Needed by "evenly", refused by "all".
        unreadable: "error" raises and names the file. "skip" takes the next readable frame before the
            next chosen one instead, leaves the row out where there is none (as always with "all"), and
            lists every file that failed in ``failures`` of the loader.
        start_method: As in `training_loader`.

    Raises:
        CatalogError: ``unreadable`` or ``frame_sampling`` is none of these, ``frames_per_tracklet`` does
            not go with it, or ``batch_size`` is below 1.
    """
    check_policy(unreadable)
    if batch_size < 1:
        raise CatalogError(f"batch_size is too small, got {batch_size}. Expected at least 1.")
    length = _check_evaluation_frames(frame_sampling, frames_per_tracklet)
    frames = _Frames(samples, preprocessing, unreadable, length)
    return EvaluationLoader(frames, batch_size, **_options(num_workers, pin_memory, start_method, False))


def _check_evaluation_frames(frame_sampling: str, frames_per_tracklet: int | None) -> int | None:
    """Return the most frames of a tracklet, or None for all.

    Raises:
        CatalogError: another way, or a number that does not go with it.
    """
    find_frame_sampling(frame_sampling, EVALUATION_WAYS)
    if frame_sampling == "all":
        if frames_per_tracklet is not None:
            raise CatalogError(
                f"frames_per_tracklet does not go with frame_sampling 'all', got {frames_per_tracklet}. "
                f"Expected None. Leave it out, or set frame_sampling to 'evenly'."
            )
        return None
    if frames_per_tracklet is None:
        raise CatalogError(
            f"frames_per_tracklet is missing, got None with frame_sampling '{frame_sampling}'. Expected a "
            f"whole number of at least 1. Set it, or set frame_sampling to 'all'."
        )
    check_frame_count(frames_per_tracklet)
    return frames_per_tracklet


class _Frames:
    """The frames of all samples as one sequence of rows.

    The row of a chosen frame may also be filled by the frames between it and the next chosen one, in
    cyclic order. So a tracklet is without a row only if every one of its frames has failed.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        preprocessing: Preprocessing,
        unreadable: UnreadablePolicy,
        length: int | None,
    ) -> None:
        self.samples = tuple(samples)
        self.preprocessing = preprocessing
        self.unreadable = unreadable
        self.length = length
        counts = [len(sample.frames) for sample in self.samples]
        self._ends = np.cumsum(counts if length is None else [min(count, length) for count in counts])

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __getitem__(self, row: int) -> "_Row":
        index = int(np.searchsorted(self._ends, row, side="right"))
        sample = self.samples[index]
        start = int(self._ends[index - 1]) if index else 0
        failures = []
        for path in _frames_of_row(sample.frames, int(self._ends[index]) - start, row - start):
            try:
                image = resize(read_image(path, box=sample.box), self.preprocessing)
            except ImageError as error:
                if self.unreadable == "error":
                    raise
                failures.append(ReadFailure(path, str(error)))
            else:
                return _Row(image, index, tuple(failures))
        return _Row(None, index, tuple(failures))


class _Row(NamedTuple):
    """One row of an evaluation: an image unless none could be read, and its sample."""

    image: Tensor | None
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    failures: tuple[ReadFailure, ...]


def _frames_of_row(frames: Sequence[Path], num_chosen: int, position: int) -> Iterator[Path]:
    """Yield the chosen frame of this position, then those up to the next chosen one, in cyclic order."""
    chosen = sample_evenly(len(frames), num_chosen)
    first = int(chosen[position])
    following = int(chosen[(position + 1) % num_chosen])
    for offset in range((following - first - 1) % len(frames) + 1):
        yield frames[(first + offset) % len(frames)]


class _CarriedErrors(Dataset[Any]):
    """Returns our own errors instead of raising them, so that they leave a worker as they are.

    PyTorch would wrap the message into a traceback of the worker.
    """

    def __init__(self, dataset: "TrainingImages | _Frames") -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401 - whatever the data set takes and returns
        try:
            return self.dataset[key]
        except ReidkitError as error:
            return error


def _raise_carried(loader: "DataLoader[Any]") -> Iterator[Any]:
    for content in loader:
        if isinstance(content, ReidkitError):
            raise content
        yield content


def _collate_training(
    items: Sequence[TrainingItem | ReidkitError],
) -> tuple[TrainingBatch, tuple[ReadFailure, ...]] | ReidkitError:
    read: list[TrainingItem] = []
    for item in items:
        if isinstance(item, ReidkitError):
            return item
        read.append(item)
    counts = torch.tensor([len(item.images) for item in read])
    batch = TrainingBatch(
        images=torch.cat([item.images for item in read]),
        labels=torch.tensor([item.label for item in read]).repeat_interleave(counts),
        indices=torch.tensor([item.index for item in read]).repeat_interleave(counts),
    )
    return batch, tuple(failure for item in read for failure in item.failures)


def _collate_evaluation(
    items: Sequence[_Row | ReidkitError],
) -> tuple[EvaluationBatch | None, tuple[ReadFailure, ...]] | ReidkitError:
    images: list[Tensor] = []
    indices: list[int] = []
    failures: list[ReadFailure] = []
    for item in items:
        if isinstance(item, ReidkitError):
            return item
        failures.extend(item.failures)
        if item.image is not None:
            images.append(item.image)
            indices.append(item.index)
    batch = EvaluationBatch(torch.stack(images), torch.tensor(indices)) if images else None
    return batch, tuple(failures)


def _options(
    num_workers: int, pin_memory: bool, start_method: str | None, is_persistent: bool
) -> dict[str, Any]:
    options: dict[str, Any] = {
        "num_workers": num_workers,
        "pin_memory": pin_memory and torch.cuda.is_available(),
        # PyTorch draws a seed for its workers: from a generator of ours, so that nobody else's moves.
        "generator": torch.Generator(),
    }
    if num_workers > 0:
        options |= {
            "persistent_workers": is_persistent,
            "prefetch_factor": _BATCHES_AHEAD,
            "worker_init_fn": _start_worker,
            "multiprocessing_context": start_method,
        }
    return options


def _start_worker(worker: int) -> None:
    torch.set_num_threads(1)
