"""Training images one by one, as a `Draw` asks for them; and the numbering of training identities."""

import bisect
import itertools
import random
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from torch import Tensor

from reidkit.core.errors import DatasetError, ImageError
from reidkit.core.types import Preprocessing, Sample
from reidkit.data.failures import ReadFailure, UnreadablePolicy, check_policy
from reidkit.data.images import read_image, resize
from reidkit.data.sampling import Draw


class TrainingItem(NamedTuple):
    """One training image.

    Args:
        image: uint8 (3, height, width), at network input size, augmented.
        label: Training label, 0 to C - 1.
        index: Position of its sample in the training split.
        failures: Images that could not be read on the way to this one.
    """

    image: Tensor
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
    """Reads, resizes and augments the training image that a draw asks for.

    A tracklet gives one of its frames, chosen by the seed of the draw.

    Args:
        samples: The training split.
        labels: Label of every identity of the samples, as `identity_labels` numbers them.
        preprocessing: Network input size and interpolation.
        augmentation: Takes (image, seed); None leaves images as they are.
        unreadable: "error" raises and names the file. "skip" takes the next readable frame of the sample
            instead, then the next sample of its identity, in cyclic order, so that the label stays; the
            files that failed come with the item.

    Raises:
        CatalogError: ``unreadable`` is neither.
        DatasetError: no samples, or an identity without a label.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        labels: Mapping[Hashable, int],
        preprocessing: Preprocessing,
        augmentation: Callable[[Tensor, int], Tensor] | None = None,
        *,
        unreadable: UnreadablePolicy = "error",
    ) -> None:
        check_policy(unreadable)
        if not samples:
            raise DatasetError("Train split is empty, got 0 samples. Expected at least 1.")
        self.samples = tuple(samples)
        self.labels = _label_samples(self.samples, labels)
        self.preprocessing = preprocessing
        self.augmentation = augmentation
        self.unreadable = unreadable
        self._samples_of_label: dict[int, list[int]] = {}
        for index, label in enumerate(self.labels):
            self._samples_of_label.setdefault(label, []).append(index)

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.samples)

    def __getitem__(self, draw: Draw) -> TrainingItem:
        """Return the image of a draw.

        Raises:
            ImageError: it cannot be read; with "skip": no image of its identity can.
        """
        failures: list[ReadFailure] = []
        for index, frame in self._candidates(draw):
            sample = self.samples[index]
            try:
                image = read_image(sample.frames[frame], box=sample.box)
            except ImageError as error:
                if self.unreadable == "error":
                    raise
                failures.append(ReadFailure(sample.frames[frame], str(error)))
                continue
            image = resize(image, self.preprocessing)
            if self.augmentation is not None:
                image = self.augmentation(image, draw.seed)
            return TrainingItem(image, self.labels[index], index, tuple(failures))
        raise ImageError(
            f"No image of identity {self.samples[draw.index].identity!r} can be read, got {len(failures)} "
            f"that fail. Expected at least one. Remove the identity, or restore its images. The first: "
            f"{failures[0].reason}"
        )

    def _candidates(self, draw: Draw) -> Iterator[tuple[int, int]]:
        """Yield (sample, frame): the one drawn, then all others of its identity, each once."""
        yield from self._frames_in_turn(draw.index, draw.seed)
        mates = self._samples_of_label[self.labels[draw.index]]
        after = bisect.bisect(mates, draw.index)
        for index in itertools.chain(mates[after:], mates[: after - 1]):
            yield from self._frames_in_turn(index, draw.seed)

    def _frames_in_turn(self, index: int, seed: int) -> Iterator[tuple[int, int]]:
        count = len(self.samples[index].frames)
        first = random.Random(seed).randrange(count) if count > 1 else 0
        for offset in range(count):
            yield index, (first + offset) % count


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
