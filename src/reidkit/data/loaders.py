"""Batches for training and for evaluation, read by worker processes or in this one."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from reidkit.core.errors import CatalogError, ImageError, ReidkitError
from reidkit.core.types import Preprocessing, Sample
from reidkit.data.dataset import TrainingImages, TrainingItem
from reidkit.data.failures import ReadFailure, UnreadablePolicy, check_policy
from reidkit.data.images import read_image, resize
from reidkit.data.sampling import BatchSampler

_BATCHES_AHEAD = 4  # per worker: reading is uneven, and a batch of 64 images of 256 x 128 takes 6 MB


class TrainingBatch(NamedTuple):
    """N training images.

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
        self._loader: DataLoader[Any] = DataLoader(
            _CarriedErrors(dataset),
            batch_sampler=batch_sampler,
            collate_fn=_collate_training,
            **options,
        )

    def __len__(self) -> int:
        """Return the number of batches of every epoch."""
        return len(self.batch_sampler)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch, counted from 0, that the next iteration yields."""
        self.batch_sampler.set_epoch(epoch)

    def __iter__(self) -> Iterator[TrainingBatch]:
        """Yield the batches of the current epoch.

        Raises:
            ImageError: an image cannot be read, as the policy of the data set says.
        """
        for batch, failures in _raise_carried(self._loader):
            self.failures.update(failures)
            yield batch


class EvaluationLoader:
    """Yields all frames of all samples in order; see `evaluation_batches`."""

    def __init__(self, frames: "_Frames", batch_size: int, **options: Any) -> None:  # noqa: ANN401
        self.failures: list[ReadFailure] = []
        """Images left out in the current or last iteration."""
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
    unreadable: UnreadablePolicy = "error",
    start_method: str | None = None,
) -> EvaluationLoader:
    """Return a loader of all frames of all samples, in their order, without augmentation.

    Args:
        samples: Images and tracklets; the frames of a tracklet are rows of their own.
        preprocessing: Network input size and interpolation.
        batch_size: Images per batch; the last batch may be smaller.
        num_workers: Worker processes; 0 reads in this process.
        pin_memory: As in `training_loader`.
        unreadable: "error" raises and names the file; "skip" leaves its row out and lists it in
            ``failures`` of the loader.
        start_method: As in `training_loader`.

    Raises:
        CatalogError: ``unreadable`` is neither, or ``batch_size`` below 1.
    """
    check_policy(unreadable)
    if batch_size < 1:
        raise CatalogError(f"batch_size is too small, got {batch_size}. Expected at least 1.")
    frames = _Frames(samples, preprocessing, unreadable)
    return EvaluationLoader(frames, batch_size, **_options(num_workers, pin_memory, start_method, False))


class _Frames:
    """All frames of all samples as one sequence of (image, sample index)."""

    def __init__(
        self, samples: Sequence[Sample], preprocessing: Preprocessing, unreadable: UnreadablePolicy
    ) -> None:
        self.samples = tuple(samples)
        self.preprocessing = preprocessing
        self.unreadable = unreadable
        self._ends = np.cumsum([len(sample.frames) for sample in self.samples])

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __getitem__(self, row: int) -> tuple[Tensor, int] | ReadFailure:
        index = int(np.searchsorted(self._ends, row, side="right"))
        sample = self.samples[index]
        path = sample.frames[row - int(self._ends[index])]  # counted from the end: a negative position
        try:
            return resize(read_image(path, box=sample.box), self.preprocessing), index
        except ImageError as error:
            if self.unreadable == "error":
                raise
            return ReadFailure(path, str(error))


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
    batch = TrainingBatch(
        images=torch.stack([item.image for item in read]),
        labels=torch.tensor([item.label for item in read]),
        indices=torch.tensor([item.index for item in read]),
    )
    return batch, tuple(failure for item in read for failure in item.failures)


def _collate_evaluation(
    items: Sequence[tuple[Tensor, int] | ReadFailure | ReidkitError],
) -> tuple[EvaluationBatch | None, tuple[ReadFailure, ...]] | ReidkitError:
    read: list[tuple[Tensor, int]] = []
    failures = []
    for item in items:
        if isinstance(item, ReidkitError):
            return item
        if isinstance(item, ReadFailure):
            failures.append(item)
        else:
            read.append(item)
    if not read:
        return None, tuple(failures)
    images, indices = zip(*read, strict=True)
    return EvaluationBatch(torch.stack(images), torch.tensor(indices)), tuple(failures)


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
