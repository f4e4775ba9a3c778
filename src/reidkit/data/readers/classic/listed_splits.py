"""Splits that Torchreid wrote next to the data: which images, or which people, are in train and test.

Torchreid draws its random splits without a seed and keeps them in a file, ``splits.json``, so scores of two
machines are comparable only where the file travelled too. The images stand in it by absolute paths of the
machine that wrote it; here they are found by the last parts of these paths, wherever the data lies now.
Identities and cameras come from the file names, never from the file: there they are numbered anew.

Reference: Zhou, Xiang, Torchreid: A Library for Deep Learning Person Re-Identification in Pytorch, 2019.
"""

import json
import re
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reidkit.core.errors import DatasetError
from reidkit.core.types import DatasetSplits, Sample
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.dividing import check_split
from reidkit.data.wording import examples, quantity

SPLITS_FILE = "splits.json"
_LEVELS_ABOVE = 2


@dataclass(frozen=True, slots=True)
class ListedSplit:
    """One split of such a file: by part (``"train"``, ``"query"``, ...), what it lists."""

    path: Path
    number: int
    parts: Mapping[str, Sequence[Any]]

    def note(self) -> str:
        """Return that the split comes from the file."""
        return f"Split {self.number} is the one of {self.path}."


def split_as_listed(
    benchmark: Benchmark,
    folder: Path,
    samples: Sequence[Sample],
    *,
    split: int,
    splits_file: str | Path,
    notes: tuple[str, ...] = (),
) -> DatasetSplits:
    """Return one split of a file that lists the images of train, query and gallery.

    Args:
        benchmark: The data set.
        folder: Above all samples.
        samples: All images of the data set.
        split: Which split, counted from 0.
        splits_file: Name or path of the file.
        notes: Of the reader.

    Raises:
        CatalogError: ``split`` does not exist.
        DatasetError: the file is not found, is not of this form, or lists images that are not there.
    """
    check_split(split, benchmark.num_splits)
    parts = ("train", "query", "gallery")
    listed = read_listed_split(benchmark.title, folder, splits_file, split, parts)
    train, query, gallery = (pick_images(benchmark.title, listed, part, folder, samples) for part in parts)
    notes = (*notes, listed.note())
    return benchmark.splits(folder, train=train, query=query, gallery=gallery, notes=notes, split=split)


def read_listed_split(
    title: str, folder: Path, splits_file: str | Path, split: int, parts: Sequence[str]
) -> ListedSplit:
    """Read one split of the file.

    Args:
        title: Name of the data set in messages.
        folder: The data; a relative ``splits_file`` is looked for in it, and up to two levels above.
        splits_file: Name or path of the file; ``~`` is understood.
        split: Which split, counted from 0.
        parts: What the split must hold: lists of these names.

    Raises:
        DatasetError: no such file, no JSON, not such a list, or it has no such split.
    """
    path = _find(title, folder, Path(splits_file).expanduser())
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # a page of HTML saved under this name, or other bytes
        raise DatasetError(
            f"Splits file of {title} cannot be read, got {path} ({error}). Expected the JSON that Torchreid "
            f"writes. Copy it again, or leave splits_file out."
        ) from error
    if not isinstance(content, list) or not content:
        raise DatasetError(
            f"Splits file of {title} has a wrong form, got {type(content).__name__} in {path}. Expected a "
            f"list with one entry per split. Give the file that Torchreid wrote for this data set."
        )
    if split >= len(content):
        raise DatasetError(
            f"Splits file of {title} has no split {split}, got {quantity(len(content), 'split')} in {path}. "
            f"Expected a split from 0 to {len(content) - 1}. Choose one of them, or give another file."
        )
    entry = content[split]
    lacking = [part for part in parts if not (isinstance(entry, dict) and isinstance(entry.get(part), list))]
    if lacking:
        raise DatasetError(
            f"Splits file of {title} has a wrong form, got split {split} of {path} without a list "
            f"{' and '.join(lacking)}. Expected lists {', '.join(parts)}. Give the file that Torchreid wrote "
            f"for this data set."
        )
    return ListedSplit(path, split, {part: entry[part] for part in parts})


def unread_file_note(folder: Path, name: str) -> tuple[str, ...]:
    """Return a note where such a file lies by the data and could be read, or none."""
    for place in _places(folder):
        if (place / name).is_file():
            return (f"{place / name} was not read; splits_file={name} takes the splits from it.",)
    return ()


def pick_images(
    title: str, listed: ListedSplit, part: str, folder: Path, samples: Sequence[Sample]
) -> tuple[Sample, ...]:
    """Return the samples that a part lists, in its order.

    An item of the list is a path, or a list that begins with one. As many of its last parts count as lie
    between ``folder`` and the images: ``cam_a/000_45.bmp``.

    Args:
        title: Name of the data set in messages.
        listed: The split.
        part: ``"train"``, ``"query"`` or ``"gallery"``.
        folder: Above all samples.
        samples: All images of the data set.

    Raises:
        DatasetError: an item is no path, or an image is not there.
    """
    known = {sample.path.relative_to(folder).parts: sample for sample in samples}
    depth = max(map(len, known))
    picked: list[Sample] = []
    absent: list[str] = []
    for item in listed.parts[part]:
        text = item[0] if isinstance(item, list) and item else item
        if not isinstance(text, str):
            raise DatasetError(
                f"Splits file of {title} has a wrong form, got {item!r} under {part} of split "
                f"{listed.number} in {listed.path}. Expected a path, or a list that begins with one. Give "
                f"the file that Torchreid wrote for this data set."
            )
        # Written by Windows too: both slashes divide.
        sample = known.get(tuple(re.split(r"[/\\]", text)[-depth:]))
        if sample is None:
            absent.append(text)
        else:
            picked.append(sample)
    if absent:
        raise DatasetError(
            f"{title} lacks images of its splits file, got {len(absent)} of {len(listed.parts[part])} under "
            f"{part} that are not in {folder}: {examples(absent, 3)}. Expected every image that "
            f"{listed.path} lists. Unpack the archive again, or give the file of this data set."
        )
    return tuple(picked)


def pick_identities(
    title: str, listed: ListedSplit, part: str, identities: Collection[Hashable]
) -> set[Hashable]:
    """Return the identities that a part lists.

    Raises:
        DatasetError: one of them is not in the data.
    """
    numbers = [item for item in listed.parts[part] if isinstance(item, int) and item in identities]
    unknown = [repr(item) for item in listed.parts[part] if item not in numbers]
    if unknown:
        raise DatasetError(
            f"{title} lacks identities of its splits file, got {len(unknown)} under {part} that are not in "
            f"the data: {examples(unknown, 3)}. Expected every identity that {listed.path} lists. Unpack the "
            f"archive again, or give the file of this data set."
        )
    return set(numbers)


def _places(folder: Path) -> tuple[Path, ...]:
    return (folder, *folder.parents[:_LEVELS_ABOVE])


def _find(title: str, folder: Path, file: Path) -> Path:
    for place in _places(folder):
        if (place / file).is_file():  # an absolute path stays as it is
            return place / file
    raise DatasetError(
        f"Splits file of {title} not found, got '{file}'. Expected it in {folder}, or up to "
        f"{_LEVELS_ABOVE} levels above. Give its absolute path, or leave splits_file out."
    )
