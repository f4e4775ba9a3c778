"""One reader for all data sets that are only learned from; a record of each says what its paths mean."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.core.types import DatasetSplits, Sample
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root, skipped_notes
from reidkit.data.readers.listing import describe_kinds, list_tree
from reidkit.data.readers.lists import check_listed_images, match_lines
from reidkit.data.wording import quantity


@dataclass(frozen=True, slots=True)
class TrainOnlySet:
    """Where the images of a data set lie and what their paths mean.

    Args:
        benchmark: What is known of the data set.
        folder: Holds the images; ``""`` where the folders of ``entries`` hold them, which are then part of
            the paths that the pattern matches.
        entries: By what the data set is known; empty is ``folder`` alone.
        pattern: Of a path below ``folder``, with ``/`` between its parts. Groups: ``identity``; ``camera``
            where paths tell it; ``scene`` where identities and cameras are counted anew in each scene, and
            then both become ``<scene>-<identity>``, ``<scene>-<camera>``.
        form: The pattern as a person writes it.
        name_hint: Part of the usual name of the folder, in lower case without ``-``, ``_`` and spaces.
        first_identity: Smaller numbers are left out.
        list_name: A file in ``folder`` that lists the images to be read, where it is there.
        notes: What a person must know.
    """

    benchmark: Benchmark
    folder: str
    pattern: re.Pattern[str]
    form: str
    entries: tuple[str, ...] = ()
    name_hint: str = ""
    first_identity: int = 0
    list_name: str = ""
    notes: tuple[str, ...] = ()

    def layout(self) -> Layout:
        """Return what to look for."""
        return Layout(
            title=self.benchmark.title,
            alternatives=(self.entries or (f"{self.folder}/",),),
            name_hint=self.name_hint,
            how_to_obtain=self.benchmark.how_to_obtain,
        )


def read_train_only(images: TrainOnlySet, root: Path) -> DatasetSplits:
    """Read a data set that is only learned from, as FastReID's folders hold it.

    Query and gallery are empty. Identities and cameras are integers where all of them are numbers, or else
    texts, as the paths below the data set's own folder write them.

    Args:
        images: Which data set.
        root: The folder of the data set, the one above, or one up to two levels above.

    Raises:
        DatasetError: the folder is not found, no image has a path of the expected form, or a listed image
            does not exist.
    """
    folder, notes = find_root(images.layout(), root)
    top = folder / images.folder
    matches, match_notes = _match_images(images, top)
    identities = _values(matches, "identity")
    cameras = _values(matches, "camera") if "camera" in images.pattern.groupindex else [None] * len(matches)
    samples = tuple(
        Sample((path,), identity, camera)
        for (path, _), identity, camera in zip(matches, identities, cameras, strict=True)
        if isinstance(identity, str) or identity >= images.first_identity
    )
    notes += match_notes
    if not samples:
        raise DatasetError(
            f"{images.benchmark.title} has no image to learn from, got {quantity(len(matches), 'image')} in "
            f"{top}, all of identities below {images.first_identity}. Expected larger ones too. "
            f"Unpack the archive again."
        )
    if len(samples) < len(matches):
        notes += (
            f"{top.name}/: {quantity(len(matches) - len(samples), 'image')} of identities below "
            f"{images.first_identity} left out.",
        )
    return images.benchmark.splits(folder, train=samples, notes=(*notes, *images.notes))


def _match_images(
    images: TrainOnlySet, top: Path
) -> tuple[list[tuple[Path, re.Match[str]]], tuple[str, ...]]:
    """Return the images whose paths match, sorted, and notes about the other files."""
    paths, others = _list_images(images, top)
    found = [(path, images.pattern.fullmatch(path.relative_to(top).as_posix())) for path in paths]
    matches = [(path, match) for path, match in found if match is not None]
    misnamed = [path for path, match in found if match is None]
    if not matches:
        others = [*misnamed, *others]
        raise DatasetError(
            f"{images.benchmark.title} has no image in {top}, got 0 files named {images.form} among "
            f"{quantity(len(others), 'file')}: {describe_kinds(others)}. Expected the folders that FastReID "
            f"reads. Arrange the images so, or describe them in a manifest and use the reader 'manifest'."
        )
    notes = skipped_notes(top, misnamed, f"not named {images.form}")
    return matches, notes + skipped_notes(top, others, "no images")


def _list_images(images: TrainOnlySet, top: Path) -> tuple[list[Path], list[Path]]:
    """Return the images, all or those of the list, and the other files."""
    listed = top / images.list_name
    if not images.list_name or not listed.is_file():
        content = list_tree(top)
        return list(content.images), list(content.others)
    lines = match_lines(images.benchmark.title, listed, re.compile(r".+"), "<path>")
    # The list was written on Windows.
    paths = sorted({top.joinpath(*re.split(r"[\\/]", line[0])) for line in lines})
    check_listed_images(images.benchmark.title, listed, paths)
    return paths, []


def _values(matches: Sequence[tuple[Path, re.Match[str]]], group: str) -> list[int | str]:
    """Return what a group holds: numbers where all are, so that labels of one data set are of one type."""
    texts = [match[group] for _, match in matches]
    if "scene" in matches[0][1].re.groupindex:
        return [f"{match['scene']}-{text}" for (_, match), text in zip(matches, texts, strict=True)]
    are_numbers = all(text.isascii() and text.isdigit() for text in texts)
    return [int(text) if are_numbers else text for text in texts]
