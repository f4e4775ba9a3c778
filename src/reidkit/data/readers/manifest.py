"""A manifest of your own: one row per image, in a CSV or Parquet file."""

import difflib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reidkit.core.catalog import near_name
from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import Box, DatasetSplits, Sample
from reidkit.data.readers.dividing import choose
from reidkit.data.readers.listing import describe_content, existing_parent, list_folder
from reidkit.data.readers.table import Table, read_table
from reidkit.data.wording import quantity

_NEEDED = ("path", "identity")
_KNOWN = (*_NEEDED, "camera", "split", "box", "tracklet")
_OTHER_NAMES = {"pid": "identity", "camid": "camera"}  # headings of older tools, understood here only
_SPLITS = ("train", "query", "gallery", "test")
_FILES = ("manifest.csv", "manifest.parquet")
_MOST_FAULTS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the manifest, checked."""

    number: int
    path: Path
    identity: str
    camera: str | None
    split: str
    box: Box | None
    tracklet: str
    attributes: dict[str, str]


@dataclass
class _Faults:
    """Sentences about rows, in the order of the manifest."""

    rows: list[tuple[int, str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def add(self, row: int, sentence: str) -> None:
        self.rows.append((row, sentence))

    def refuse(self, path: Path) -> None:
        """Raise one error about all faults, if there is any."""
        sentences = self.others + [f"row {row}: {sentence}" for row, sentence in sorted(self.rows)]
        if sentences:
            more = len(sentences) - _MOST_FAULTS_SHOWN
            raise DatasetError(
                f"Manifest {path} has {quantity(len(sentences), 'fault')} (its heading is row 1): "
                f"{'; '.join(sentences[:_MOST_FAULTS_SHOWN])}{f'; and {more} more' if more > 0 else ''}."
            )


def read_manifest(root: Path, *, test_fraction: float = 0.5, seed: int = 0) -> DatasetSplits:
    """Read images, identities and splits from the rows of a table.

    Columns, of which ``path`` and ``identity`` are needed; their headings count in any case:

    - ``path``: image file, relative to the folder of the manifest, or absolute.
    - ``identity``: who it is. ``pid`` is understood as well.
    - ``camera``: where it was seen; empty is unknown. ``camid`` is understood as well.
    - ``split``: ``train``, ``query``, ``gallery``, or ``test`` (searched leave-one-out: query and gallery
      are both all the test rows).
    - ``box``: ``left top right bottom`` in pixels of the upright image, right and bottom exclusive,
      separated by spaces or commas; empty means that the file is the crop.
    - ``tracklet``: rows of one split, identity, camera and tracklet form one sample, whose frames are in
      the order of the rows. They must agree on the box.

    Every other column, ``view`` and ``time`` among them, becomes an attribute of the sample where it is
    not empty; so does ``tracklet``. A tracklet has the attributes of its first row. All values are texts.

    Without the column ``split`` the identities are divided: a part of them, chosen by ``seed``, is tested
    leave-one-out, the others are learned from. An identity's side depends on its name, the seed and how
    many identities there are, never on the order of the rows.

    Args:
        root: The manifest, or the folder that holds ``manifest.csv`` or ``manifest.parquet``.
        test_fraction: Part of the identities to test, in [0, 1], where there is no column ``split``;
            between 0 and 1 both sides get at least one identity if there are two.
        seed: Which identities.

    Raises:
        CatalogError: ``test_fraction`` is out of range.
        DatasetError: no manifest, or one with faults; all are collected, five are shown.
        MissingExtraError: a Parquet manifest without pyarrow installed.
    """
    if not 0 <= test_fraction <= 1:
        raise CatalogError(f"test_fraction is out of range, got {test_fraction}. Expected 0 to 1.")
    path = _find_manifest(root.expanduser().resolve())
    table = read_table(path)
    headings = _understand_headings(path, table.columns)
    rows = _check_rows(path, table, headings)
    notes = _near_miss_notes(table.columns, headings)
    if "split" not in headings:
        rows, note = _divide(rows, test_fraction, seed)
        notes += (note,)
    return _build_splits(path, rows, notes)


def _find_manifest(given: Path) -> Path:
    if given.is_file():
        return given
    found = [given / name for name in _FILES if (given / name).is_file()]
    if len(found) == 1:
        return found[0]
    if found:
        raise DatasetError(
            f"Manifest is not clear, got {' and '.join(_FILES)} in {given}. Expected one. "
            f"Give the file itself as the root."
        )
    if given.is_dir():
        content = list_folder(given)
        tables = [file.name for file in content.others if file.suffix.lower() in (".csv", ".parquet", ".tsv")]
        hint = f" Did you mean root='{given / tables[0]}'?" if tables else ""
        raise DatasetError(
            f"Manifest not found under {given}. Expected {' or '.join(_FILES)}. "
            f"Found: {describe_content(content)}.{hint}"
        )
    existing, _ = existing_parent(given)
    raise DatasetError(
        f"Manifest not found, got {given}, which does not exist. Expected a CSV or Parquet file, or the "
        f"folder that holds one. Found in {existing}: {describe_content(list_folder(existing))}."
    )


def _understand_headings(path: Path, columns: Sequence[str]) -> dict[str, int]:
    """Return the position of each known column; unknown ones are attributes."""
    positions: dict[str, int] = {}
    for position, column in enumerate(columns):
        name = _OTHER_NAMES.get(column.lower(), column.lower())
        if name not in _KNOWN:
            continue
        if name in positions:
            raise DatasetError(
                f"Manifest {path} has two columns for '{name}', got '{columns[positions[name]]}' and "
                f"'{column}'. Expected one. Remove the other."
            )
        positions[name] = position
    missing = [name for name in _NEEDED if name not in positions]
    if missing:
        hints = "".join(near_name(name, [*columns]) for name in missing)
        raise DatasetError(
            f"Manifest {path} has no column {' and no column '.join(map(repr, missing))}, "
            f"got {', '.join(map(repr, columns))}. Expected path, identity, and optionally camera, split, "
            f"box, tracklet.{hints}"
        )
    return positions


def _near_miss_notes(columns: Sequence[str], headings: dict[str, int]) -> tuple[str, ...]:
    """Return a note per column that is an attribute but nearly has the name of an absent known column."""
    absent = [name for name in _KNOWN if name not in headings]
    notes = []
    for position, column in enumerate(columns):
        close = difflib.get_close_matches(column.lower(), absent, n=1, cutoff=0.75)
        if close and position not in headings.values():
            notes.append(f"Column '{column}' is kept as an attribute. If it is '{close[0]}', rename it so.")
    return tuple(notes)


def _check_rows(path: Path, table: Table, headings: dict[str, int]) -> list[_Row]:
    faults = _Faults(others=list(table.faults))
    attributes = {
        column: position
        for position, column in enumerate(table.columns)
        if column and (position not in headings.values() or position == headings.get("tracklet"))
    }
    files: dict[str, tuple[Path, bool]] = {}
    rows = []
    for number, values in table.rows:
        known = {name: values[position] for name, position in headings.items()}
        if known["path"] not in files:
            file = path.parent / known["path"]
            files[known["path"]] = file, _is_file(file)
        file, exists = files[known["path"]]
        if not exists:
            faults.add(number, f"file '{known['path']}' does not exist" if known["path"] else "empty path")
        if not known["identity"]:
            faults.add(number, "empty identity")
        rows.append(
            _Row(
                number=number,
                path=file,
                identity=known["identity"],
                camera=known.get("camera") or None,
                split=_check_split(known.get("split"), number, faults),
                box=_check_box(known.get("box", ""), number, faults),
                tracklet=known.get("tracklet", ""),
                attributes={name: values[at] for name, at in attributes.items() if values[at]},
            )
        )
    if not rows and not table.faults:
        faults.others.append("no row below the heading")
    faults.refuse(path)
    return rows


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long, a folder that may not be entered
        return False


def _check_split(value: str | None, number: int, faults: _Faults) -> str:
    if value is None:
        return ""
    split = value.lower()
    if split not in _SPLITS:
        hint = near_name(split, _SPLITS).strip()
        faults.add(
            number, f"unknown split '{value}', expected {', '.join(_SPLITS)}{f' ({hint})' if hint else ''}"
        )
    return split


def _check_box(text: str, number: int, faults: _Faults) -> Box | None:
    if not text:
        return None
    try:
        left, top, right, bottom = (float(part) for part in text.replace(",", " ").split())
    except ValueError:
        left = top = right = bottom = math.nan
    if math.isfinite(left + top + right + bottom) and left < right and top < bottom:
        return left, top, right, bottom
    faults.add(number, f"bad box '{text}', expected 'left top right bottom' with left < right, top < bottom")
    return None


def _divide(rows: Iterable[_Row], test_fraction: float, seed: int) -> tuple[list[_Row], str]:
    """Give each row the split of its identity: some identities are tested, the others learned from."""
    rows = list(rows)
    identities = {row.identity for row in rows}
    count = round(test_fraction * len(identities))
    if 0 < test_fraction < 1 and len(identities) > 1:
        count = min(max(count, 1), len(identities) - 1)
    tested = choose(identities, count, seed=seed)
    divided = [replace(row, split="test" if row.identity in tested else "train") for row in rows]
    note = (
        f"No column 'split': {count} of {quantity(len(identities), 'identity', 'identities')} are tested "
        f"leave-one-out, the others are learned from (test_fraction={test_fraction}, seed={seed})."
    )
    return divided, note


def _build_splits(path: Path, rows: Sequence[_Row], notes: tuple[str, ...]) -> DatasetSplits:
    faults = _Faults()
    by_split: dict[str, tuple[Sample, ...]] = {
        split: _build_samples([row for row in rows if row.split == split], faults) for split in _SPLITS
    }
    if by_split["test"] and (by_split["query"] or by_split["gallery"]):
        faults.others.append(
            "split 'test' beside 'query' or 'gallery', expected either 'test' or both of the others"
        )
    faults.refuse(path)
    test = by_split["test"]
    searched = [row for row in rows if row.split != "train"]
    known = sum(row.camera is not None for row in searched)
    if 0 < known < len(searched):
        notes += (f"Cameras: unknown in {len(searched) - known} of {len(searched)} rows that are tested.",)
    return DatasetSplits(
        name=path.parent.name if path.name in _FILES else path.stem,
        root=path,
        train=by_split["train"],
        query=by_split["query"] or test,
        gallery=by_split["gallery"] or test,
        protocol="market1501" if known else "no-camera",
        notes=notes,
    )


def _build_samples(rows: Sequence[_Row], faults: _Faults) -> tuple[Sample, ...]:
    """Return one sample per image or tracklet, in the order of their first rows."""
    groups: dict[object, list[_Row]] = {}
    for row in rows:
        key = (row.identity, row.camera, row.tracklet) if row.tracklet else row.number
        groups.setdefault(key, []).append(row)
    samples = []
    for first, *others in groups.values():
        for row in others:
            if row.box != first.box:
                faults.add(
                    row.number, f"tracklet '{row.tracklet}' has another box than in row {first.number}"
                )
        frames = (first.path, *(row.path for row in others))
        samples.append(Sample(frames, first.identity, first.camera, first.box, first.attributes))
    return tuple(samples)
