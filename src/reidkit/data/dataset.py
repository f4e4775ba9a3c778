"""Training images one by one, as a `Draw` asks for them; and the numbering of training identities."""

import bisect
import hashlib
import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from reidkit.core.errors import DatasetError, ImageError
from reidkit.core.types import Preprocessing, Sample
from reidkit.data.failures import ReadFailure, UnreadablePolicy, check_policy
from reidkit.data.frames import TRAINING_WAYS, check_frame_count, find_frame_sampling
from reidkit.data.images import read_image, resize
from reidkit.data.sampling import Draw


class TrainingItem(NamedTuple):
    """What one draw gives: one image, or several frames of one tracklet.

    Args:
        images: uint8 (S, 3, height, width), at network input size, augmented; S is 1 by default.
        label: Training label, 0 to C - 1.
        index: Position of its sample in the training split.
        failures: Images that could not be read on the way to these.
    """

    images: Tensor
    label: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    failures: tuple[ReadFailure, ...]


def identity_labels(samples: Iterable[Sample]) -> dict[Hashable, int]:
    """Number the identities of a training split 0 to C - 1, sorted.

    Numbers come first and are sorted by value, then texts by their characters, then tuples by their items,
    then whatever else by type and form; so the numbering never depends on the order of the samples or on
    hashes, and a resumed classifier finds its rows again.

    Example:
        >>> identity_labels([Sample((), 10), Sample((), 2), Sample((), "b"), Sample((), 2)])
        {2: 0, 10: 1, 'b': 2}
    """
    identities = sorted({sample.identity for sample in samples}, key=_order)
    return {identity: label for label, identity in enumerate(identities)}


class TrainingImages:
    """Reads, resizes and augments the training images that a draw asks for.

    A draw gives S frames of its sample, in temporal order; an image is a tracklet of one frame. Which
    frames they are and how they are augmented depends on the seed of the draw alone. With S = 1 and
    "random" that is one random frame.

    Args:
        samples: The training split.
        labels: Label of every identity of the samples, as `identity_labels` numbers them.
        preprocessing: Network input size and interpolation.
        augmentation: Takes (image, seed); None leaves images as they are.
        frames_per_tracklet: S. A sample of fewer frames repeats them, so that every draw gives S images.
        frame_sampling: "random" or "evenly", see `reidkit.data.frames`.
        same_augmentation: Whether all frames of a draw are changed alike (all mirrored, all erased at the
            same place), as the frames of one camera would be; else each is changed by a seed of its own.
        unreadable: "error" raises and names the file. "skip" takes the next readable frame of the sample
            instead, in cyclic order, and where there is none the next sample of its identity, so that the
            label stays; the files that failed come with the item.

    Raises:
        CatalogError: ``unreadable`` or ``frame_sampling`` is none of these, or ``frames_per_tracklet`` is
            below 1.
        DatasetError: no samples, or an identity without a label.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        labels: Mapping[Hashable, int],
        preprocessing: Preprocessing,
        augmentation: Callable[[Tensor, int], Tensor] | None = None,
        *,
        frames_per_tracklet: int = 1,
        frame_sampling: str = "random",
        same_augmentation: bool = False,
        unreadable: UnreadablePolicy = "error",
    ) -> None:
        check_policy(unreadable)
        check_frame_count(frames_per_tracklet)
        if not samples:
            raise DatasetError("Train split is empty, got 0 samples. Expected at least 1.")
        self.samples = tuple(samples)
        self.labels = _label_samples(self.samples, labels)
        self.preprocessing = preprocessing
        self.augmentation = augmentation
        self.frames_per_tracklet = frames_per_tracklet
        self.same_augmentation = same_augmentation
        self.unreadable = unreadable
        self._sample_frames = find_frame_sampling(frame_sampling, TRAINING_WAYS)
        self._samples_of_label: dict[int, list[int]] = {}
        for index, label in enumerate(self.labels):
            self._samples_of_label.setdefault(label, []).append(index)

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.samples)

    def __getitem__(self, draw: Draw) -> TrainingItem:
        """Return the images of a draw.

        Raises:
            ImageError: one cannot be read; with "skip": no image of its identity can.
        """
        failures: list[ReadFailure] = []
        for index in self._candidates(draw.index):
            images = self._read_frames(self.samples[index], draw.seed, failures)
            if images:
                augmented = [self._augment(image, slot, draw.seed) for slot, image in enumerate(images)]
                return TrainingItem(torch.cat(augmented), self.labels[index], index, tuple(failures))
        raise ImageError(
            f"No image of identity {self.samples[draw.index].identity!r} can be read, got {len(failures)} "
            f"that fail. Expected at least one. Remove the identity, or restore its images. The first: "
            f"{failures[0].reason}"
        )

    def _candidates(self, drawn: int) -> Iterator[int]:
        """Yield the sample drawn, then all others of its identity, each once."""
        mates = self._samples_of_label[self.labels[drawn]]
        after = bisect.bisect(mates, drawn)
        yield from itertools.chain((drawn,), mates[after:], mates[: after - 1])

    def _read_frames(self, sample: Sample, seed: int, failures: list[ReadFailure]) -> list[Tensor]:
        """Return S resized frames in temporal order, or none where no frame can be read.

        A frame that is needed twice is read once; one that fails is listed once and the next takes its
        place.
        """
        count = len(sample.frames)
        read: dict[int, Tensor | None] = {}
        kept: list[int] = []
        for first in self._sample_frames(count, self.frames_per_tracklet, seed).tolist():
            for frame in ((first + offset) % count for offset in range(count)):
                if frame not in read:
                    read[frame] = self._read(sample, frame, failures)
                if read[frame] is not None:
                    kept.append(frame)
                    break
        return [image for frame in sorted(kept) if (image := read[frame]) is not None]

    def _read(self, sample: Sample, frame: int, failures: list[ReadFailure]) -> Tensor | None:
        try:
            return resize(read_image(sample.frames[frame], box=sample.box), self.preprocessing)
        except ImageError as error:
            if self.unreadable == "error":
                raise
            failures.append(ReadFailure(sample.frames[frame], str(error)))
            return None

    def _augment(self, image: Tensor, slot: int, seed: int) -> Tensor:
        """Return (views, 3, height, width); mostly there is one view."""
        if self.augmentation is not None:
            image = self.augmentation(image, seed if self.same_augmentation else _seed_of_slot(seed, slot))
        return image if image.ndim == 4 else image[None]


def _seed_of_slot(seed: int, slot: int) -> int:
    """Return the seed of one frame of a draw, in [0, 2^63); the first frame has the seed of the draw."""
    if slot == 0:
        return seed
    return int.from_bytes(hashlib.sha256(f"{seed}:{slot}".encode()).digest()[:8]) >> 1


def _label_samples(samples: Sequence[Sample], labels: Mapping[Hashable, int]) -> tuple[int, ...]:
    missing = sorted({repr(sample.identity) for sample in samples if sample.identity not in labels})
    if missing:
        raise DatasetError(
            f"Training labels lack {len(missing)} identities, got none for {', '.join(missing[:5])}. "
            f"Expected one for every identity of the samples. Use identity_labels."
        )
    return tuple(labels[sample.identity] for sample in samples)


def _order(identity: Hashable) -> tuple[Any, ...]:
    if isinstance(identity, int | float):
        return 0, identity
    if isinstance(identity, str):
        return 1, identity
    if isinstance(identity, tuple):
        return 2, tuple(_order(part) for part in identity)
    return 3, type(identity).__name__, repr(identity)
