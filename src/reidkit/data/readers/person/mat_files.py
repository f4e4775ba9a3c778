"""Say what is wrong with a ``.mat`` file before a library fails on it without naming it."""

from pathlib import Path
from typing import Literal

from reidkit.core.errors import DatasetError

MatFormat = Literal["5", "7.3"]

_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_HDF5_OFFSETS = (0, 512)  # MATLAB puts 512 bytes of its own before the HDF5 file
_HEADING_OF_5 = b"MATLAB 5.0 MAT-file"
_NAMES: dict[MatFormat, str] = {"5": "MATLAB 5 (as 'save' writes it)", "7.3": "MATLAB 7.3 (HDF5)"}
_LENGTH_READ = 4096


def check_mat_file(path: Path, expected: MatFormat, fix: str) -> None:
    """Refuse a file that is not a ``.mat`` file of the expected format.

    Args:
        path: The file.
        expected: "5" is read by scipy, "7.3" is an HDF5 file and read by h5py.
        fix: Sentence that ends the message: where to get the right file.

    Raises:
        DatasetError: the file is a saved web page, empty, a pointer of Git LFS, of the other format, or
            cannot be read.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_LENGTH_READ)
    except OSError as error:
        raise DatasetError(
            f"MAT file cannot be read, got {path} ({error.strerror}). Expected a readable file. {fix}"
        ) from error
    found = _find_format(head)
    if found != expected:
        raise DatasetError(
            f"{path.name} is {_describe(head, found)}, not a MAT file of {_NAMES[expected]}, got {path}. "
            f"Expected the file itself. {fix}"
        )


def _find_format(head: bytes) -> MatFormat | None:
    if any(head[offset : offset + len(_HDF5_SIGNATURE)] == _HDF5_SIGNATURE for offset in _HDF5_OFFSETS):
        return "7.3"
    return "5" if head.startswith(_HEADING_OF_5) else None


def _describe(head: bytes, found: MatFormat | None) -> str:
    if found is not None:
        return f"a MAT file of {_NAMES[found]}"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head")) or b"<html" in text:
        return "an HTML page"
    if text.startswith(b"version https://git-lfs"):
        return "a pointer of Git LFS"
    return "empty" if not head else "something else"
