"""Read MATLAB files, and say what is wrong with one that is none."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from reidkit.core.errors import DatasetError
from reidkit.core.extras import import_extra
from reidkit.data.wording import examples

_START = 512
"""Bytes that tell a page of HTML, and what version of MATLAB wrote a file."""


def read_matlab(title: str, path: Path, variables: Collection[str]) -> dict[str, Any]:
    """Return the variables of a MATLAB file of version 7.2 or older as SciPy reads them, nothing squeezed.

    Args:
        title: Name of the data set in messages.
        path: The file.
        variables: Names that it must hold.

    Raises:
        DatasetError: the file cannot be read, is a page of HTML that a browser saved in its place, is of
            version 7.3, is damaged, or lacks a variable.
        MissingExtraError: SciPy is not installed.
    """
    _check_start(title, path)
    matlab = import_extra("scipy.io", extra="mat", purpose=f"Reading {path.name} of {title}")
    try:
        content: dict[str, Any] = matlab.loadmat(str(path))
    except Exception as error:  # a damaged file makes SciPy raise nearly anything
        raise DatasetError(
            f"MATLAB file of {title} is damaged, got {path} ({' '.join(str(error).split()).rstrip('.')}). "
            f"Expected a MATLAB file of version 7.2 or older. Get it again."
        ) from error
    missing = [name for name in variables if name not in content]
    if missing:
        found = [name for name in content if not name.startswith("__")]
        raise DatasetError(
            f"MATLAB file of {title} lacks {', '.join(map(repr, missing))}, got {path} with "
            f"{examples(found) or 'no variable'}. Expected the file of the original archive. Get it again."
        )
    return content


def require_fields(title: str, path: Path, struct: Any, fields: Collection[str]) -> None:  # noqa: ANN401 - SciPy's
    """Refuse what is no struct, or lacks a field.

    Raises:
        DatasetError: a field is missing.
    """
    found = getattr(getattr(struct, "dtype", None), "names", None) or ()
    missing = [name for name in fields if name not in found]
    if missing or struct.size == 0:
        raise DatasetError(
            f"MATLAB file of {title} has another form, got {path} with "
            f"{f'the fields {examples(list(found))}' if found else 'no fields'}. "
            f"Expected a struct with {', '.join(fields)}. Take the file of the original archive."
        )


def cell_values(cells: Any) -> list[Any]:  # noqa: ANN401 - SciPy's
    """Return what each cell holds, a text or a number, in the order of the cells.

    Raises:
        ValueError: a cell holds not exactly one value.
    """
    return [cell.item() if hasattr(cell, "item") else cell for cell in cells.ravel()]


def _check_start(title: str, path: Path) -> None:
    try:
        with path.open("rb") as stream:
            start = stream.read(_START)
    except OSError as error:
        raise DatasetError(
            f"MATLAB file of {title} cannot be read, got {path} ({error.strerror}). "
            f"Expected the file of the original archive. Get it again."
        ) from error
    if start.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise DatasetError(
            f"MATLAB file of {title} is a page of HTML, got {path}. Expected a MATLAB file. "
            f"Download the file itself, not the page that shows it."
        )
    if start.startswith(b"MATLAB 7.3"):
        raise DatasetError(
            f"MATLAB file of {title} is of version 7.3, got {path}. Expected version 7.2 or older. "
            f"Take the file of the original archive, or save it again with the flag -v7."
        )
