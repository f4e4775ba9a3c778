"""``history.csv``: one row per epoch of a run."""

import csv
import io
from pathlib import Path

Row = dict[str, float]


def history_text(rows: list[Row]) -> str:
    """Return rows as CSV; a value that a row lacks stays empty."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read_history(path: Path) -> list[Row]:
    """Read ``history.csv`` back; empty values are left out of their rows."""
    with path.open(newline="", encoding="utf-8") as stream:
        return [
            {name: float(value) for name, value in row.items() if value} for row in csv.DictReader(stream)
        ]
