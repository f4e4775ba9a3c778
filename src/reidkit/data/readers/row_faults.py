"""Faults of the rows of files, collected: a file is corrected once, not once per fault."""

from dataclasses import dataclass, field
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.data.wording import quantity

_MOST_SHOWN = 5


@dataclass
class RowFaults:
    """Sentences about rows, and about whole files, which come first."""

    _rows: list[tuple[str, int, str]] = field(default_factory=list)
    _others: list[str] = field(default_factory=list)

    def add(self, row: int, sentence: str, *, file: str = "") -> None:
        """Keep a fault of one row; the file is named where there are several."""
        self._rows.append((file, row, sentence))

    def add_other(self, sentence: str) -> None:
        """Keep a fault that belongs to no single row, or that names its row itself."""
        self._others.append(sentence)

    def refuse(self, thing: str, *, remark: str = "", rule: str = "") -> None:
        """Raise one error about all faults, if there is any.

        Args:
            thing: What has them: ``"Manifest /data/zoo.csv"``.
            remark: How rows are counted, where that is not clear.
            rule: What was expected, as whole sentences.

        Raises:
            DatasetError: there are faults; five are shown, in the order of files and rows, and the others
                counted.
        """
        rows = sorted(self._rows, key=lambda fault: fault[:2])
        sentences = self._others + [f"{file} row {row}: {what}".lstrip() for file, row, what in rows]
        if not sentences:
            return
        more = len(sentences) - _MOST_SHOWN
        raise DatasetError(
            f"{thing} has {quantity(len(sentences), 'fault')}{f' ({remark})' if remark else ''}: "
            f"{'; '.join(sentences[:_MOST_SHOWN])}{f'; and {more} more' if more > 0 else ''}."
            f"{f' {rule}' if rule else ''}"
        )


def fault_of_path(written: str, file: Path) -> str:
    """Return what is wrong with the path of an image, or an empty text.

    Args:
        written: The path as it stands in the row.
        file: The file that it means.
    """
    if not written:
        return "empty path"
    try:
        exists = file.is_file()
    except (OSError, ValueError):  # a name that is too long or holds a zero byte, a folder not to be entered
        exists = False
    return "" if exists else f"file '{written}' does not exist"
