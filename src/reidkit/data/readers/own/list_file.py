"""List files: text whose lines say image, identity and camera, as many data sets and tools write them."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from reidkit.core.catalog import near_name
from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import DatasetSplits, Sample
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.row_faults import RowFaults, fault_of_path

_SPLITS = ("train", "query", "gallery", "test")
_MARKS = {"tab": "\t", "comma": ",", "space": " "}
_RULE = (
    "Expected lines 'path identity' or 'path identity camera' without a heading; a path with spaces needs "
    "tabs or commas behind it."
)


def read_list_file(
    root: Path,
    *,
    train: str | None = None,
    query: str | None = None,
    gallery: str | None = None,
    test: str | None = None,
    images: str = ".",
    separator: str | None = None,
) -> DatasetSplits:
    """Read images from lists: one line ``path identity`` or ``path identity camera`` for each image.

    The parts of a line are separated by tabs, by commas, or by spaces; a path may hold spaces where the
    separator is a tab or a comma, and commas where it is a tab. The first line decides for its file. Parts
    may be quoted as in CSV, except between spaces. There is no heading, and empty lines do not count; a
    table with a heading is for the reader ``manifest``. Identities and cameras are texts, as written; a
    camera that is empty or not there is unknown. Samples are in the order of their lines.

    Where no list is named, ``train.txt``, ``query.txt``, ``gallery.txt`` and ``test.txt`` are read, those
    that are there.

    Args:
        root: The folder that the lists are in or below.
        train: List of the images to learn from, relative to ``root``.
        query: List of the images to look for.
        gallery: List of the images to look in.
        test: List of images that are searched leave-one-out, instead of ``query`` and ``gallery``.
        images: Folder that the paths of all lists start from, relative to ``root``.
        separator: "tab", "comma" or "space". None: the first of these that the first line of a list has.

    Raises:
        CatalogError: ``separator`` is none of its words, or a list is not named by text.
        DatasetError: a list is not there, is no text, or has faults: all of all lists are collected, five
            are shown with their rows, counted from 1. Or ``test`` beside ``query`` or ``gallery``, or only
            one of these two.
    """
    _check_separator(separator)
    named = _named_lists({"train": train, "query": query, "gallery": gallery, "test": test})
    folder, notes = find_root(_layout(named), root, levels_down=1)
    lists = named or {split: f"{split}.txt" for split in _SPLITS if (folder / f"{split}.txt").is_file()}
    _check_lists(folder, lists)
    start = folder / images
    if not start.is_dir():
        raise DatasetError(
            f"Folder of the images not found, got images={images}, which is no folder in {folder}. "
            f"Expected the folder that the paths of the lists start from."
        )
    faults = RowFaults()
    by_split = {
        split: _read_list(folder / name, name, start, separator, faults) for split, name in lists.items()
    }
    faults.refuse(f"Data set {folder}", rule=f"{_RULE} Paths are relative to {start.resolve()}.")
    test_samples = by_split.get("test", ())
    tested = test_samples or (*by_split.get("query", ()), *by_split.get("gallery", ()))
    unknown = sum(sample.camera is None for sample in tested)
    if 0 < unknown < len(tested):
        notes += (f"Cameras: unknown in {unknown} of {len(tested)} lines that are tested.",)
    return DatasetSplits(
        name=folder.name,
        root=folder,
        train=by_split.get("train", ()),
        query=by_split.get("query", test_samples),
        gallery=by_split.get("gallery", test_samples),
        protocol="market1501" if unknown < len(tested) else "no-camera",
        notes=notes,
    )


def _check_separator(separator: str | None) -> None:
    if separator is not None and separator not in _MARKS:
        raise CatalogError(
            f"separator is unknown, got {separator!r}. Expected one of {', '.join(_MARKS)}."
            f"{near_name(str(separator), _MARKS)}"
        )


def _named_lists(options: Mapping[str, str | None]) -> dict[str, str]:
    named = {split: name for split, name in options.items() if name is not None}
    for split, name in named.items():
        if not isinstance(name, str) or not name:
            raise CatalogError(f"{split} names no list, got {name!r}. Expected a file such as '{split}.txt'.")
    return named


def _layout(named: Mapping[str, str]) -> Layout:
    usual = (("train.txt",), ("test.txt",), ("query.txt", "gallery.txt"))
    return Layout(
        title="List of images",
        alternatives=(tuple(named.values()),) if named else usual,
        how_to_obtain=(
            "Name the lists by the options train and test, or query and gallery; their lines are "
            "'path identity camera'."
        ),
    )


def _check_lists(folder: Path, lists: Mapping[str, str]) -> None:
    halves = [split for split in ("query", "gallery") if split in lists]
    if "test" in lists and halves:
        raise DatasetError(
            f"Lists are not clear, got test={lists['test']} and {halves[0]}={lists[halves[0]]} in {folder}. "
            f"Expected test, or query and gallery. Name the lists that you want by these options."
        )
    if len(halves) == 1:
        other = "gallery" if halves == ["query"] else "query"
        raise DatasetError(
            f"Lists are incomplete, got {halves[0]}={lists[halves[0]]} without {other} in {folder}. Expected "
            f"both. Name the other as {other}, or give {halves[0]} as test to search each image among all "
            f"others."
        )


def _read_list(
    path: Path, name: str, start: Path, separator: str | None, faults: RowFaults
) -> tuple[Sample, ...]:
    lines = [(row, line) for row, line in enumerate(_read_lines(path), 1) if line.strip()]
    if not lines:
        faults.add_other(f"{name} has no line")
        return ()
    mark = _MARKS[separator] if separator else _first_mark(lines[0][1])
    samples = []
    for row, line in lines:
        parts = _split_line(line, mark)
        if len(parts) not in (2, 3):
            faults.add(row, f"{len(parts)} parts instead of 2 or 3 in '{line.strip()}'", file=name)
            continue
        written, identity, camera = (*parts, "")[:3]
        file = start / written
        fault = fault_of_path(written, file)
        if fault:
            faults.add(row, fault, file=name)
        if not identity:
            faults.add(row, "empty identity", file=name)
        samples.append(Sample((file,), identity, camera or None))
    return tuple(samples)


def _read_lines(path: Path) -> Sequence[str]:
    try:
        # No splitlines: names may hold letters that it takes for the end of a line.
        return path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"List {path} is not UTF-8 text, got byte {error.object[error.start]:#04x}. Expected lines of "
            f"text. Save it as UTF-8."
        ) from error
    except OSError as error:
        raise DatasetError(
            f"List {path} cannot be read: {error.strerror}. Expected a readable file."
        ) from error


def _first_mark(line: str) -> str:
    return next((mark for mark in _MARKS.values() if mark in line), " ")


def _split_line(line: str, mark: str) -> list[str]:
    if mark == " ":
        return line.split()
    try:
        parts = next(csv.reader([line], delimiter=mark, skipinitialspace=True))
    except csv.Error:  # a part beyond the limit of the module: the file is no list at all
        return [line]
    return [part.strip() for part in parts]
