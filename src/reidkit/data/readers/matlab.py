"""Open MATLAB files of any version, and say what is wrong with one that is none.

SciPy reads the classic files, of version 7.2 and older; files of version 7.3 are HDF5 and read by h5py. Both
fail on a damaged file, or on a web page that was saved in its place, without naming it; here it is named.
"""

import struct
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from reidkit.core.errors import DatasetError
from reidkit.core.extras import import_extra
from reidkit.data.wording import examples

MatlabVersion = Literal["7.2 or older", "7.3"]

FIX = "Take the file of the original archive."
"""How messages end where a reader knows no better."""

_HEAD = 4096
"""Bytes that tell what a file is."""
_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_HDF5_OFFSETS = (0, 512)  # MATLAB puts 512 bytes of its own before the HDF5 file
# What h5py raises on a damaged file, depending on where the damage is.
_HDF5_DAMAGE = (OSError, ValueError, TypeError, LookupError, AttributeError, RuntimeError)


def check_matlab_file(
    title: str, path: Path, *, version: MatlabVersion | None = None, fix: str = FIX
) -> MatlabVersion:
    """Return the version of a MATLAB file by its first bytes; nothing else is read.

    Args:
        title: Name of the data set in messages.
        path: The file.
        version: The version that it must have; None takes any.
        fix: Sentence that ends messages: where the right file is.

    Raises:
        DatasetError: the file cannot be read, is an HTML page that a browser saved in its place, a pointer
            of Git LFS, empty, something else, or of the other version.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError as error:
        raise DatasetError(
            f"MATLAB file of {title} cannot be read, got {path} ({error.strerror}). "
            f"Expected a readable file. {fix}"
        ) from error
    found = _find_version(head)
    if found is None or version not in (None, found):
        problem, expected = _describe(head, found)
        raise DatasetError(f"MATLAB file of {title} is {problem}, got {path}. Expected {expected}. {fix}")
    return found


def read_matlab(title: str, path: Path, variables: Collection[str], *, fix: str = FIX) -> dict[str, Any]:
    """Return variables of a MATLAB file of version 7.2 or older as SciPy reads them, nothing squeezed.

    Args:
        title: Name of the data set in messages.
        path: The file.
        variables: Names that it must hold; others are not read.
        fix: Sentence that ends messages: where the right file is.

    Raises:
        DatasetError: the file is none, as in `check_matlab_file`, is damaged, or lacks a variable.
        MissingExtraError: SciPy is not installed.
    """
    check_matlab_file(title, path, version="7.2 or older", fix=fix)
    scipy_io = import_extra("scipy.io", extra="mat", purpose=f"Reading {path.name} of {title}")
    try:
        content = scipy_io.loadmat(path, variable_names=list(variables))
        names = [name for name in variables if name in content]
        if len(names) < len(variables):
            names = [name for name, *_ in scipy_io.whosmat(path)]
    except Exception as error:  # a damaged file makes SciPy raise nearly anything
        raise _damaged(title, path, error, fix) from error
    require_variables(title, path, names, variables, fix=fix)
    return {name: content[name] for name in variables}


@contextmanager
def open_hdf5(title: str, path: Path, *, fix: str = FIX) -> Iterator[Any]:
    """Open a MATLAB file of version 7.3 with h5py, to read from it within the block.

    HDF5 shows every array of MATLAB transposed. What h5py raises within the block on damaged content
    becomes a DatasetError, too.

    Args:
        title: Name of the data set in messages.
        path: The file.
        fix: Sentence that ends messages: where the right file is.

    Raises:
        DatasetError: the file is none, as in `check_matlab_file`, or is damaged.
        MissingExtraError: h5py is not installed.
    """
    check_matlab_file(title, path, version="7.3", fix=fix)
    h5py = import_extra("h5py", extra="mat", purpose=f"Reading {path.name} of {title}")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except _HDF5_DAMAGE as error:
        raise _damaged(title, path, error, fix) from error


def require_variables(
    title: str, path: Path, found: Collection[str], variables: Collection[str], *, fix: str = FIX
) -> None:
    """Refuse a MATLAB file that lacks a variable.

    Args:
        title: Name of the data set in messages.
        path: The file.
        found: Names that it holds; those of HDF5's own, with ``#``, are not shown.
        variables: Names that it must hold.
        fix: Sentence that ends the message: where the right file is.

    Raises:
        DatasetError: a variable is missing; the message names it and those that there are.
    """
    missing = [repr(name) for name in variables if name not in found]
    if missing:
        present = sorted(name for name in found if not name.startswith("#"))
        raise DatasetError(
            f"MATLAB file of {title} lacks {', '.join(missing)}, got {path} with "
            f"{examples(present) or 'no variable'}. Expected {', '.join(variables)}. {fix}"
        )


def _find_version(head: bytes) -> MatlabVersion | None:
    if any(head.startswith(_HDF5_SIGNATURE, offset) for offset in _HDF5_OFFSETS):
        return "7.3"
    if head.startswith(b"MATLAB 7.3 MAT-file"):  # cut off before the signature
        return "7.3"
    return "7.2 or older" if _is_version_5(head) or _is_version_4(head) else None


def _is_version_5(head: bytes) -> bool:
    """The heading is free text, so other programs write their own; the mark of the byte order is fixed."""
    major = {b"IM": 125, b"MI": 124}.get(head[126:128])
    return head.startswith(b"MATLAB 5.0 MAT-file") or (major is not None and head[major] == 1)


def _is_version_4(head: bytes) -> bool:
    """Version 4 has no signature: the file begins with five integers about its first matrix."""
    if len(head) < 20:
        return False
    for order in "<>":
        kind, rows, columns, is_complex, name_length = struct.unpack_from(f"{order}5i", head)
        is_kind = 0 <= kind < 5000 and kind // 100 % 10 == 0
        if is_kind and rows >= 0 and columns >= 0 and is_complex in (0, 1) and name_length > 0:
            return True
    return False


def _describe(head: bytes, found: MatlabVersion | None) -> tuple[str, str]:
    """Return what a file is that is not the wanted MATLAB file, and what was expected."""
    if found == "7.3":
        return "of version 7.3", "version 7.2 or older, as MATLAB saves with the flag -v7"
    if found is not None:
        return f"of version {found}", "version 7.3"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<head")) or b"<html" in text:
        return "an HTML page", "the file itself, not the page that shows it"
    if text.startswith(b"version https://git-lfs"):
        return "a pointer of Git LFS", "the file itself, which 'git lfs pull' brings"
    return "something else" if head else "empty", "a MATLAB file"


def _damaged(title: str, path: Path, error: Exception, fix: str) -> DatasetError:
    reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return DatasetError(
        f"MATLAB file of {title} is damaged, got {path} ({reason}). Expected the whole file. {fix}"
    )
