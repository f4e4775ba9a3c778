"""Find where a dataset lies near the folder that a person gave, and match its file names.

Whatever fails says what was looked for, what is there instead, and the nearest match.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.data.readers.listing import describe_content, describe_kinds, existing_parent, list_folder
from reidkit.data.wording import examples, quantity

_MOST_FOLDERS_VISITED = 2000
_LEVELS_FOR_HINTS = 3
_ARCHIVE_SUFFIXES = frozenset({".zip", ".tar", ".gz", ".tgz", ".rar", ".7z"})


@dataclass(frozen=True, slots=True)
class Layout:
    """What the folder of a dataset holds, and how to speak of it when it is not found.

    Args:
        title: Name of the dataset in messages.
        alternatives: Sets of entries; a folder that holds every entry of one set is the dataset.
            ``"query/"`` is a folder, ``"list_train.txt"`` a file.
        name_hint: Part of the folder's usual name in lower case; decides between several candidates.
        how_to_obtain: Ends the message when nothing is found.
    """

    title: str
    alternatives: tuple[tuple[str, ...], ...]
    name_hint: str = ""
    how_to_obtain: str = ""

    def entries(self) -> tuple[str, ...]:
        """Return every entry of every alternative once, in order."""
        return tuple(dict.fromkeys(entry for needed in self.alternatives for entry in needed))

    def in_words(self) -> str:
        """Return ``"train/; or query/ and gallery/"``."""
        return "; or ".join(_join(needed) for needed in self.alternatives)


@dataclass(frozen=True, slots=True)
class NamedImages:
    """Images of one folder whose names have the expected form, and notes about the others."""

    images: tuple[tuple[Path, re.Match[str]], ...]
    notes: tuple[str, ...]


def find_root(layout: Layout, root: Path, *, levels_down: int = 2) -> tuple[Path, tuple[str, ...]]:
    """Return the folder that holds the layout, and a note where it is not the given one.

    The given folder counts first; then its parent, where the given one is an entry of the layout
    (``.../bounding_box_train``); then folders below it, those of the hinted name first, and of these the
    nearest.

    Args:
        layout: What to look for.
        root: The folder that a person gave; ``~`` is understood.
        levels_down: How far below the given folder to look.

    Raises:
        DatasetError: nothing fits, or several folders fit equally; the message says what was looked for,
            what is there, and the nearest match.
    """
    given = root.expanduser().resolve()
    if not given.is_dir():
        raise DatasetError(_no_folder(layout, given))
    if _holds(layout, given):
        return given, ()
    if f"{given.name}/" in layout.entries() and _holds(layout, given.parent):
        return given.parent, (f"Read {given.parent}, the folder above the given {given.name}/.",)
    found = [
        (level, folder)
        for level in range(1, levels_down + 1)
        for folder in _folders_below(given, level)
        if _holds(layout, folder)
    ]
    hinted = [(level, folder) for level, folder in found if layout.name_hint in _squeeze(folder, given)]
    candidates = hinted or found
    nearest = [folder for level, folder in candidates if level == candidates[0][0]]
    if len(nearest) > 1:
        raise DatasetError(
            f"{layout.title} is not clear, got {given} with {len(nearest)} folders that could be it: "
            f"{examples([str(folder) for folder in nearest])}. Expected one. Give it as the root."
        )
    if nearest:
        return nearest[0], (f"Read {nearest[0]}, found below the given {given}.",)
    raise DatasetError(_not_found(layout, given))


def match_names(layout: Layout, folder: Path, pattern: re.Pattern[str], form: str) -> NamedImages:
    """Return the images right in a folder whose whole file name matches, sorted by name.

    Args:
        layout: Whose title messages use.
        folder: The folder; nothing below it is searched, and its own path is never matched.
        pattern: Matched against the file name alone.
        form: The pattern as a person writes it: ``"<identity>_c<camera>.jpg"``.

    Raises:
        DatasetError: no name matches; the message says what files there are instead.
    """
    content = list_folder(folder)
    matches = [(image, pattern.fullmatch(image.name)) for image in content.images]
    named = tuple((image, match) for image, match in matches if match is not None)
    misnamed = [image for image, match in matches if match is None]
    if not named:
        others = (*misnamed, *content.others)
        raise DatasetError(
            f"{layout.title} has no image in {folder}, got 0 files named {form} among "
            f"{quantity(len(others), 'file')}: {describe_kinds(others)}. Expected the files of the original "
            f"archive. Unpack it again, or choose the reader that fits these names."
        )
    notes = skipped_notes(folder, misnamed, f"not named {form}") + skipped_notes(
        folder, content.others, "no images"
    )
    return NamedImages(named, notes)


def skipped_notes(folder: Path, files: Sequence[Path], reason: str) -> tuple[str, ...]:
    """Return one note that counts the files left out and names up to five, or none for no file."""
    if not files:
        return ()
    names = [file.relative_to(folder).as_posix() for file in files]
    return (f"{folder.name}/: {quantity(len(files), 'file')} left out, {reason}: {examples(names)}.",)


def _holds(layout: Layout, folder: Path) -> bool:
    return any(all(_exists(folder, entry) for entry in needed) for needed in layout.alternatives)


def _exists(folder: Path, entry: str) -> bool:
    path = folder / entry.rstrip("/")
    return path.is_dir() if entry.endswith("/") else path.is_file()


def _folders_below(folder: Path, level: int) -> Iterator[Path]:
    """Yield the folders exactly so many levels below, as long as the search stays bounded."""
    current = [folder]
    visited = 0
    for _ in range(level):
        below: list[Path] = []
        for parent in current:
            visited += 1
            if visited > _MOST_FOLDERS_VISITED:
                break
            try:
                below.extend(list_folder(parent).folders)
            except DatasetError:
                continue  # a folder next door that may not be listed says nothing about this dataset
        current = below
    yield from current[:_MOST_FOLDERS_VISITED]


def _squeeze(folder: Path, above: Path) -> str:
    return re.sub(r"[-_ ]", "", folder.relative_to(above).as_posix().lower())


def _join(entries: Sequence[str]) -> str:
    return " and ".join((", ".join(entries[:-1]), entries[-1])) if len(entries) > 1 else entries[0]


def _sentences(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _no_folder(layout: Layout, given: Path) -> str:
    if given.is_file():
        is_archive = given.suffix.lower() in _ARCHIVE_SUFFIXES
        fix = "Unpack it and give the folder." if is_archive else "Give the folder it belongs to."
        return (
            f"{layout.title} is not a folder, got the file {given}. Expected a folder with "
            f"{layout.in_words()}. {fix}"
        )
    existing, missing = existing_parent(given)
    content = list_folder(existing)
    close = difflib.get_close_matches(missing, [folder.name for folder in content.folders], n=1)
    return _sentences(
        f"{layout.title} not found, the folder {given} does not exist.",
        f"Expected a folder with {layout.in_words()}. Found in {existing}: {describe_content(content)}.",
        f"Did you mean '{existing / close[0]}'?" if close else "",
        layout.how_to_obtain,
    )


def _not_found(layout: Layout, given: Path) -> str:
    content = list_folder(given)
    archives = [file.name for file in content.others if file.suffix.lower() in _ARCHIVE_SUFFIXES]
    return _sentences(
        f"{layout.title} not found under {given}.",
        f"Expected: {layout.in_words()}. Found: {describe_content(content)}.",
        _nearest(layout, given),
        f"Unpack {examples(archives)} first." if archives else "",
        layout.how_to_obtain,
    )


def _nearest(layout: Layout, given: Path) -> str:
    """Return the hint that helps most: the right folder, an incomplete one, or a misspelt entry."""
    candidates = [given]
    for level in range(1, _LEVELS_FOR_HINTS + 1):
        candidates.extend(_folders_below(given, level))
    for folder in candidates:
        if _holds(layout, folder):
            return f"Did you mean root='{folder}'?"
    for folder in candidates:
        present, absent = _closest_alternative(layout, folder)
        if present:
            return f"{folder} holds {_join(present)}, but not {_join(absent)}.{_misspelt(folder, absent)}"
    return _misspelt(given, layout.entries()).strip()


def _closest_alternative(layout: Layout, folder: Path) -> tuple[list[str], list[str]]:
    """Return the entries present and absent of the alternative that the folder fulfils most."""
    splits = [
        ([e for e in needed if _exists(folder, e)], [e for e in needed if not _exists(folder, e)])
        for needed in layout.alternatives
    ]
    return max(splits, key=lambda split: len(split[0]))


def _misspelt(folder: Path, absent: Sequence[str]) -> str:
    content = list_folder(folder)
    present = {f"{path.name}/".lower(): f"{path.name}/" for path in content.folders}
    present |= {path.name.lower(): path.name for path in (*content.others, *content.images)}
    for entry in absent:
        close = difflib.get_close_matches(entry.lower(), list(present), n=1, cutoff=0.75)
        if close:
            return f" Should '{present[close[0]]}' be named '{entry}'?"
    return ""
