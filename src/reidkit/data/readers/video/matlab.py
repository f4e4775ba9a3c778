"""Whole numbers from MATLAB files of any version; nothing in them is run."""

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidkit.core.errors import DatasetError
from reidkit.core.extras import import_extra
from reidkit.data.wording import examples

_HDF5 = b"\x89HDF\r\n\x1a\n"
_HDF5_AT = 512  # a MATLAB file of version 7.3 is HDF5 behind a block of text
_READ = 1024


def read_whole_numbers(title: str, path: Path, variable: str) -> NDArray[np.int64]:
    """Return a matrix of whole numbers, (rows, columns) as MATLAB shows it.

    Args:
        title: Name of the data set in messages.
        path: A ``.mat`` file: version 4 to 7 is read by SciPy, 7.3 by h5py.
        variable: Name of the matrix in it.

    Raises:
        DatasetError: no such file, no MATLAB file (such as a page of HTML saved under its name), without
            the variable, or with other values than whole numbers.
        MissingExtraError: SciPy or h5py is not installed.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_READ)
    except OSError as error:
        raise DatasetError(
            f"File of {title} cannot be read, got {path} ({error.strerror}). Expected a MATLAB file with "
            f"'{variable}'. Put it there."
        ) from error
    if head.lstrip()[:1] == b"<":
        raise _not_matlab(title, path, variable, "it is a page of HTML")
    is_hdf5 = head.startswith(_HDF5) or head[_HDF5_AT:].startswith(_HDF5)
    values = (_read_hdf5 if is_hdf5 else _read_classic)(title, path, variable)
    return _whole(title, path, variable, values)


def _read_classic(title: str, path: Path, variable: str) -> Any:  # noqa: ANN401 - whatever the file holds
    scipy_io = import_extra("scipy.io", extra="mat", purpose=f"Reading {title}")
    faults = (
        scipy_io.matlab.MatReadError,
        *(OSError, ValueError, TypeError, LookupError, NotImplementedError, ArithmeticError),
        *(EOFError, MemoryError, zlib.error),
    )
    try:
        content = scipy_io.loadmat(path, variable_names=[variable])
        names = [name for name, *_ in scipy_io.whosmat(path)]
    except faults as error:
        raise _not_matlab(title, path, variable, str(error) or type(error).__name__) from error
    if variable not in content:
        raise _lacks(title, path, variable, names)
    return content[variable]


def _read_hdf5(title: str, path: Path, variable: str) -> Any:  # noqa: ANN401 - whatever the file holds
    h5py = import_extra("h5py", extra="mat", purpose=f"Reading {title}")
    try:
        with h5py.File(path, "r") as file:
            names = sorted(name for name in file if not name.startswith("#"))
            found = file.get(variable)
            values = found[()] if isinstance(found, h5py.Dataset) else None
    except (OSError, ValueError, TypeError, LookupError, RuntimeError) as error:
        raise _not_matlab(title, path, variable, str(error)) from error
    if variable not in names:
        raise _lacks(title, path, variable, names)
    return None if values is None else np.asarray(values).T  # columns come first in MATLAB's files


def _whole(title: str, path: Path, variable: str, values: Any) -> NDArray[np.int64]:  # noqa: ANN401
    array = np.atleast_2d(np.asarray(values))
    is_numeric = array.ndim == 2 and array.dtype.kind in "iuf" and array.size > 0
    if not is_numeric or not bool((np.isfinite(array) & (array == np.trunc(array))).all()):
        raise DatasetError(
            f"'{variable}' of {title} has a wrong form, got {array.dtype} of shape {array.shape} in {path}. "
            f"Expected a matrix of whole numbers. Get the file again."
        )
    return array.astype(np.int64)


def _not_matlab(title: str, path: Path, variable: str, reason: str) -> DatasetError:
    return DatasetError(
        f"File of {title} is no MATLAB file, got {path} ({reason}). Expected one with '{variable}'. "
        f"Get it again; a browser may have saved a web page under its name."
    )


def _lacks(title: str, path: Path, variable: str, names: list[str]) -> DatasetError:
    return DatasetError(
        f"File of {title} has no '{variable}', got {examples(names) or 'nothing'} in {path}. Expected "
        f"'{variable}'. Get the file of the original archive."
    )
