"""What the variables of MATLAB files hold: whole numbers, fields of structs, contents of cells."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidkit.core.errors import DatasetError
from reidkit.data.readers.matlab import FIX, check_matlab_file, open_hdf5, read_matlab, require_variables
from reidkit.data.wording import examples


def read_whole_numbers(title: str, path: Path, variable: str, *, fix: str = FIX) -> NDArray[np.int64]:
    """Return a matrix of whole numbers, (rows, columns) as MATLAB shows it.

    Args:
        title: Name of the data set in messages.
        path: A MATLAB file of any version.
        variable: Name of the matrix in it.
        fix: Sentence that ends messages: where the right file is.

    Raises:
        DatasetError: the file is no MATLAB file, damaged, without the variable, or it holds other values
            than whole numbers.
        MissingExtraError: SciPy or h5py is not installed.
    """
    if check_matlab_file(title, path, fix=fix) == "7.3":
        values = _read_hdf5_matrix(title, path, variable, fix)
    else:
        values = read_matlab(title, path, [variable], fix=fix)[variable]
    array = np.atleast_2d(np.asarray(values))
    is_numeric = array.ndim == 2 and array.dtype.kind in "iuf" and array.size > 0
    if not is_numeric or not bool((np.isfinite(array) & (array == np.trunc(array))).all()):
        raise DatasetError(
            f"'{variable}' of {title} has a wrong form, got {array.dtype} of shape {array.shape} in {path}. "
            f"Expected a matrix of whole numbers. {fix}"
        )
    return array.astype(np.int64)


def require_fields(
    title: str,
    path: Path,
    struct: Any,  # noqa: ANN401 - SciPy's
    fields: Collection[str],
    *,
    fix: str = FIX,
) -> None:
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
            f"Expected a struct with {', '.join(fields)}. {fix}"
        )


def cell_values(cells: Any) -> list[Any]:  # noqa: ANN401 - SciPy's
    """Return what each cell holds, a text or a number, in the order of the cells.

    Raises:
        ValueError: a cell holds not exactly one value.
    """
    return [cell.item() if hasattr(cell, "item") else cell for cell in cells.ravel()]


def _read_hdf5_matrix(title: str, path: Path, variable: str, fix: str) -> Any:  # noqa: ANN401 - what it holds
    """Return an array as MATLAB shows it; None where a group stands in its place."""
    with open_hdf5(title, path, fix=fix) as file:
        require_variables(title, path, list(file), [variable], fix=fix)
        found = file[variable]
        # HDF5 shows the columns first. A group, which MATLAB makes of a struct, has no shape.
        return np.asarray(found[()]).T if hasattr(found, "shape") else None
