"""Read a CSV or Parquet file into rows of text, so that both forms of one table are equal."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reidkit.core.errors import DatasetError
from reidkit.core.extras import import_extra

FIRST_ROW = 2
"""Rows count as in a spreadsheet: the heading is row 1."""

_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts.

    Args:
        columns: Headings as written, without surrounding space; a column may have none.
        rows: (row number, values); the heading is row 1. Empty rows are left out, values are stripped,
            and a value that is missing is an empty text.
        faults: Sentences about rows that have another number of values than there are headings.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    faults: tuple[str, ...] = ()


def read_table(path: Path) -> Table:
    """Read a table by the suffix of its file: ``.parquet``, or else CSV.

    CSV is UTF-8 with or without byte order mark; its values are separated by the first of comma,
    semicolon and tab that its heading has. Of Parquet, numbers and dates become the text that Python
    gives them, lists their items with spaces between.

    Raises:
        DatasetError: the file cannot be read as such a table, or is empty, or two headings are equal.
        MissingExtraError: Parquet without pyarrow installed.
    """
    table = _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)
    twice = sorted({name for name in table.columns if name and table.columns.count(name) > 1})
    if twice:
        raise DatasetError(
            f"Manifest {path} has a column twice, got {', '.join(map(repr, twice))}. "
            f"Expected every heading once. Rename or remove one."
        )
    return table


def _read_csv(path: Path) -> Table:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            heading = stream.readline()
            delimiter = next((mark for mark in _DELIMITERS if mark in heading), ",")
            stream.seek(0)
            records = list(csv.reader(stream, delimiter=delimiter, strict=True))
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"Manifest {path} is not UTF-8 text, got byte {error.object[error.start]:#04x}. "
            f"Expected CSV in UTF-8. Save it as 'CSV UTF-8'."
        ) from error
    except (OSError, csv.Error) as error:
        raise DatasetError(f"Manifest {path} cannot be read: {_flat(error)}. Expected a CSV file.") from error
    if not records:
        raise DatasetError(f"Manifest {path} is empty, got 0 rows. Expected a heading and one row per image.")
    columns = tuple(name.strip() for name in records[0])
    rows, faults = _split_faults(records[1:], len(columns))
    return Table(columns, tuple(rows), tuple(faults))


def _split_faults(
    records: Iterable[Sequence[str]], count: int
) -> tuple[list[tuple[int, tuple[str, ...]]], list[str]]:
    rows, faults = [], []
    for number, record in enumerate(records, FIRST_ROW):
        values = tuple(value.strip() for value in record)
        if not any(values):
            continue
        if len(values) == count:
            rows.append((number, values))
        else:
            faults.append(f"row {number} has {len(values)} values for {count} columns")
    return rows, faults


def _read_parquet(path: Path) -> Table:
    parquet = import_extra("pyarrow.parquet", extra="parquet", purpose="Reading a Parquet manifest")
    try:
        with path.open("rb") as stream:
            table = parquet.read_table(stream)
    except (OSError, ValueError) as error:  # pyarrow's own errors derive from these two
        raise DatasetError(
            f"Manifest {path} cannot be read: {_flat(error)}. Expected a Parquet file."
        ) from error
    columns = [list(_texts(path, name, table[name].to_pylist())) for name in table.column_names]
    rows, _ = _split_faults(zip(*columns, strict=True), len(columns))
    return Table(tuple(name.strip() for name in table.column_names), tuple(rows))


def _texts(path: Path, column: str, values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, bytes):
            raise DatasetError(
                f"Manifest {path} holds bytes in its column '{column}'. Expected text or numbers. "
                f"Write the images to files, and their paths into the column 'path'."
            )
        yield _text(value)


def _text(value: object) -> str:
    if value is None or value != value:  # only NaN differs from itself
        return ""
    if isinstance(value, list | tuple):
        return " ".join(_text(item) for item in value)
    return str(value)


def _flat(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
