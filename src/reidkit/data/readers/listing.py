"""List the files of a folder in a fixed order, and say in words what is there."""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.data.wording import examples

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"},
)
"""Lower case; a name counts in any case. GIF is left out: an animation is not one image."""

_CLUTTER = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


@dataclass(frozen=True, slots=True)
class FolderContent:
    """What a folder holds without clutter, each part sorted by name whatever the file system says.

    Args:
        images: Files with a suffix of `IMAGE_SUFFIXES`.
        others: All other files, and links that lead nowhere.
        folders: Folders; empty where a whole tree was listed.
    """

    images: tuple[Path, ...]
    others: tuple[Path, ...]
    folders: tuple[Path, ...] = ()


def is_clutter(name: str) -> bool:
    """Say whether a name belongs to an operating system or an archiver, not to the data.

    Hidden files (``.DS_Store``, ``._0001.jpg``), ``Thumbs.db``, ``desktop.ini`` and ``__MACOSX``.
    """
    return name.startswith(".") or name.lower() in _CLUTTER


def is_image_name(name: str) -> bool:
    """Say whether a file of this name is read as an image, by its suffix in any case."""
    _, dot, suffix = name.rpartition(".")
    return dot + suffix.lower() in IMAGE_SUFFIXES


def list_folder(folder: Path) -> FolderContent:
    """List one folder, in one pass and without opening any file.

    Raises:
        DatasetError: the folder cannot be listed.
    """
    images, others, folders = [], [], []
    for entry in _sorted_entries(folder):
        if entry.is_dir():
            folders.append(folder / entry.name)
        elif entry.is_file() and is_image_name(entry.name):
            images.append(folder / entry.name)
        else:
            others.append(folder / entry.name)
    return FolderContent(tuple(images), tuple(others), tuple(folders))


def list_tree(folder: Path) -> FolderContent:
    """List a folder and everything below it; ``folders`` of the result is empty.

    Links to folders are followed, except one that leads back to a folder it lies in.

    Raises:
        DatasetError: a folder cannot be listed.
    """
    images: list[Path] = []
    others: list[Path] = []
    for content in _walk(folder, ()):
        images.extend(content.images)
        others.extend(content.others)
    return FolderContent(tuple(sorted(images, key=str)), tuple(sorted(others, key=str)))


def _walk(folder: Path, above: tuple[Path, ...]) -> Iterator[FolderContent]:
    content = list_folder(folder)
    yield content
    here = (*above, folder)
    for below in content.folders:
        if not (below.is_symlink() and below.resolve() in {path.resolve() for path in here}):
            yield from _walk(below, here)


def _sorted_entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            kept = [entry for entry in entries if not is_clutter(entry.name)]
    except OSError as error:
        raise DatasetError(
            f"Folder cannot be listed, got {folder} ({error.strerror}). Expected a readable folder."
        ) from error
    return sorted(kept, key=lambda entry: entry.name)


def existing_parent(path: Path) -> tuple[Path, str]:
    """Return the nearest folder above a path that exists, and the name that is missing in it.

    Where nothing above exists either (a drive that is not there), it is the working folder.
    """
    for missing, parent in zip((path, *path.parents), path.parents, strict=False):
        if parent.is_dir():
            return parent, missing.name
    return Path.cwd(), path.name


def describe_content(content: FolderContent, limit: int = 10) -> str:
    """Return what a folder holds, ``"query/, notes.txt"``: folders, then other files, then images."""
    names = [f"{folder.name}/" for folder in content.folders]
    names += [file.name for file in (*content.others, *content.images)]
    return examples(names, limit) if names else "nothing"


def describe_kinds(files: Collection[Path]) -> str:
    """Return how many files there are of each suffix: ``"53 '.bmp' such as a.bmp"``; the five commonest."""
    kinds: dict[str, list[str]] = {}
    for file in files:
        kinds.setdefault(file.suffix.lower(), []).append(file.name)
    commonest = sorted(kinds.items(), key=lambda item: -len(item[1]))[:5]
    parts = [
        f"{len(names)} {repr(kind) if kind else 'without a suffix'} such as {examples(names[:1])}"
        for kind, names in commonest
    ]
    return ", ".join(parts) or "no file"
