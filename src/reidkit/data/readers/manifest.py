"""A manifest of your own: one row per image, in a CSV or Parquet file."""

import difflib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reidkit.core.catalog import near_name
from reidkit.core.errors import DatasetError
from reidkit.core.types import Box, DatasetSplits, Sample
from reidkit.data.readers.dividing import choose
from reidkit.data.readers.listing import describe_content, existing_parent, list_folder
from reidkit.data.readers.row_faults import RowFaults, fault_of_path
from reidkit.data.readers.table import Table, read_table
from reidkit.data.readers.tested_fraction import check_test_fraction, count_tested
from reidkit.data.readers.time_split import Moment, TimeDivision, divide_by_time, read_time_division
from reidkit.data.wording import quantity

_NEEDED = ("path", "identity")
_KNOWN = (*_NEEDED, "camera", "split", "box", "tracklet")
_OTHER_NAMES = {"pid": "identity", "camid": "camera"}  # headings of older tools, understood here only
_SPLITS = ("train", "query", "gallery", "test")
_FILES = ("manifest.csv", "manifest.parquet")


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


def read_manifest(
    root: Path,
    *,
    test_fraction: float = 0.5,
    seed: int = 0,
    train_before: Moment | None = None,
    query_before: Moment | None = None,
    gallery_before: Moment | None = None,
    time_column: str = "time",
) -> DatasetSplits:
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
    many identities there are, never on the order of the rows. With ``train_before`` the rows are divided
    by time instead, and an individual may be on both sides, as a known animal is that is met again.

    With ``query_before`` or ``gallery_before`` the test rows are not searched leave-one-out but divided by
    time as well: what was seen earlier is searched for in what was seen later, or the other way round. A
    time is a day or time of ISO 8601 (``2024-05-01``, ``2024-05-01T18:30``, also ``2024:05:01 18:30:00`` as
    in EXIF data) or a number; all must be of one kind, and with a time zone or without.

    Args:
        root: The manifest, or the folder that holds ``manifest.csv`` or ``manifest.parquet``.
        test_fraction: Part of the identities to test, in [0, 1], where there is no column ``split``;
            between 0 and 1 both sides get at least one identity if there are two.
        seed: Which identities.
        train_before: Rows before this moment are learned from, those from then on are tested; for a manifest
            without the column ``split``.
        query_before: Test rows before this moment are queries, those from then on the gallery.
        gallery_before: Test rows before this moment are the gallery, those from then on queries.
        time_column: Heading of the column that is the time.

    Raises:
        CatalogError: ``test_fraction`` is out of range, a moment cannot be understood, or ``query_before``
            is given beside ``gallery_before``.
        DatasetError: no manifest, or one with faults; all are collected, five are shown. Or a division by
            time that leaves one side empty, has no column, or contradicts the column ``split``.
        MissingExtraError: a Parquet manifest without pyarrow installed.
    """
    check_test_fraction(test_fraction)
    times = read_time_division(train_before, query_before, gallery_before, column=time_column)
    path = _find_manifest(root.expanduser().resolve())
    table = read_table(path)
    headings = _understand_headings(path, table.columns)
    rows = _check_rows(path, table, headings)
    notes = _near_miss_notes(table.columns, headings)
    if times.train is not None and "split" not in headings:
        rows = [replace(row, split="test") for row in rows]  # until the samples are there to be divided
    elif "split" not in headings:
        rows, note = _divide(rows, test_fraction, seed)
        notes += (note,)
    if times.clocks():
        _check_times(path, table.columns, headings, rows, times)
    return _build_splits(path, rows, notes, times)


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
    faults = RowFaults()
    for fault in table.faults:
        faults.add_other(fault)
    attributes = {
        column: position
        for position, column in enumerate(table.columns)
        if column and (position not in headings.values() or position == headings.get("tracklet"))
    }
    files: dict[str, tuple[Path, str]] = {}
    rows = []
    for number, values in table.rows:
        known = {name: values[position] for name, position in headings.items()}
        written = known["path"]
        if written not in files:
            files[written] = path.parent / written, fault_of_path(written, path.parent / written)
        file, fault = files[written]
        if fault:
            faults.add(number, fault)
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
        faults.add_other("no row below the heading")
    _refuse(faults, path)
    return rows


def _check_split(value: str | None, number: int, faults: RowFaults) -> str:
    if value is None:
        return ""
    split = value.lower()
    if split not in _SPLITS:
        hint = near_name(split, _SPLITS).strip()
        faults.add(
            number, f"unknown split '{value}', expected {', '.join(_SPLITS)}{f' ({hint})' if hint else ''}"
        )
    return split


def _check_box(text: str, number: int, faults: RowFaults) -> Box | None:
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
    count = count_tested(len(identities), test_fraction)
    tested = choose(identities, count, seed=seed)
    divided = [replace(row, split="test" if row.identity in tested else "train") for row in rows]
    note = (
        f"No column 'split': {count} of {quantity(len(identities), 'identity', 'identities')} are tested "
        f"leave-one-out, the others are learned from (test_fraction={test_fraction}, seed={seed})."
    )
    return divided, note


def _check_times(
    path: Path, columns: Sequence[str], headings: dict[str, int], rows: Sequence[_Row], times: TimeDivision
) -> None:
    """Refuse a manifest that cannot be divided by time."""
    if times.column not in columns:
        raise DatasetError(
            f"Manifest {path} has no column '{times.column}', got {', '.join(map(repr, columns))}. Expected "
            f"one to divide by time.{near_name(times.column, columns)} Name it by time_column."
        )
    if times.train is not None and "split" in headings:
        raise DatasetError(
            f"Manifest {path} is divided twice, got its column 'split' and train_before={times.train.text}. "
            f"Expected one of them. Remove the column, or leave the option out."
        )
    faults = RowFaults()
    for clock in times.clocks():
        if clock is not times.train and any(row.split in ("query", "gallery") for row in rows):
            faults.add_other(
                f"rows of split 'query' or 'gallery' beside {clock.option}, which divides 'test'"
            )
    for row in rows:
        if row.split == "test":
            _check_time(row, times, faults)
    _refuse(faults, path)


def _check_time(row: _Row, times: TimeDivision, faults: RowFaults) -> None:
    for clock in times.clocks():
        try:
            clock.seconds_after(row.attributes.get(times.column, ""))
        except ValueError as error:
            faults.add(row.number, str(error))
            return  # the next clock would say the same


def _build_splits(
    path: Path, rows: Sequence[_Row], notes: tuple[str, ...], times: TimeDivision
) -> DatasetSplits:
    faults = RowFaults()
    by_split: dict[str, tuple[Sample, ...]] = {
        split: _build_samples([row for row in rows if row.split == split], faults) for split in _SPLITS
    }
    if by_split["test"] and (by_split["query"] or by_split["gallery"]):
        faults.add_other(
            "split 'test' beside 'query' or 'gallery', expected either 'test' or both of the others"
        )
    _refuse(faults, path)
    by_split, time_notes = divide_by_time(by_split, times)
    test = by_split["test"]
    tested = test or (*by_split["query"], *by_split["gallery"])
    cameras = [sample.camera for sample in tested for _ in sample.frames]
    unknown = cameras.count(None)
    if 0 < unknown < len(cameras):
        notes += (f"Cameras: unknown in {unknown} of {len(cameras)} rows that are tested.",)
    return DatasetSplits(
        name=path.parent.name if path.name in _FILES else path.stem,
        root=path,
        train=by_split["train"],
        query=by_split["query"] or test,
        gallery=by_split["gallery"] or test,
        protocol="market1501" if unknown < len(cameras) else "no-camera",
        notes=(*notes, *time_notes),
    )


def _build_samples(rows: Sequence[_Row], faults: RowFaults) -> tuple[Sample, ...]:
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


def _refuse(faults: RowFaults, path: Path) -> None:
    faults.refuse(f"Manifest {path}", remark="its heading is row 1")
