"""Divide classes as deep metric learning does: the first are learned from, the others judged leave-one-out.

Reference: Oh Song, Xiang, Jegelka, Savarese, Deep Metric Learning via Lifted Structured Feature Embedding,
CVPR 2016, section 6.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.core.types import Sample


def divide_classes(
    title: str, folder: Path, classes: Mapping[int, Sequence[Sample]], last_train_class: int
) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """Return the samples of the classes up to this one, and those of the later ones, by class.

    Raises:
        DatasetError: one of the two has no sample.
    """
    numbers = sorted(classes)
    train = tuple(sample for number in numbers if number <= last_train_class for sample in classes[number])
    test = tuple(sample for number in numbers if number > last_train_class for sample in classes[number])
    if not train or not test:
        raise DatasetError(
            f"{title} is not complete, got {len(train)} images of the classes up to {last_train_class} and "
            f"{len(test)} of the later ones in {folder}. Expected both. Unpack the archive again."
        )
    return train, test
