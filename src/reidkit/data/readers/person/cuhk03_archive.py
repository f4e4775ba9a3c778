"""What lies in the two kinds of ``.mat`` files of CUHK03, as plain records.

``cuhk-03.mat`` is an HDF5 file: ``detected`` and ``labeled`` hold one cell of references per pair of
cameras; each leads to a cell of (people, 10) references to images, numbers 1 to 5 from the first view and
6 to 10 from the second; ``testsets`` holds 20 lists of (pair, person). HDF5 shows every array of MATLAB
transposed.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reidkit.core.errors import DatasetError
from reidkit.data.readers.matlab import check_matlab_file, open_hdf5, read_matlab, require_variables
from reidkit.data.wording import quantity

_TITLE = "CUHK03"
IMAGE_NAME = re.compile(r"(?P<pair>[1-9])_(?P<person>[0-9]{3,4})_(?P<view>[12])_(?P<number>[0-9]{2})\.png")
"""``<pair>_<person>_<view>_<number>.png``, all from 1: what the protocol files call an image."""

_IMAGES_PER_VIEW = 5
_FIX_ARCHIVE = "Ask the authors for cuhk03_release.zip again and unpack it."
_FIX_PROTOCOL = (
    "Download it from the repository zhunzhong07/person-re-ranking, folder evaluation/data/CUHK03."
)

_PROTOCOL_VARIABLES = ("filelist", "labels", "train_idx", "query_idx", "gallery_idx")

People = frozenset[tuple[int, int]]
"""(pair of cameras, person), both from 1."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """The new protocol: file names and identities of all images, and positions in them from 0."""

    names: tuple[str, ...]
    identities: tuple[int, ...]
    train: tuple[int, ...]
    query: tuple[int, ...]
    gallery: tuple[int, ...]


class Archive:
    """An open ``cuhk-03.mat``; made by `open_archive`."""

    def __init__(self, path: Path, file: Any) -> None:  # noqa: ANN401 - h5py has no types
        self._path = path
        self._file = file

    def images(self, version: str) -> Iterator[tuple[str, Any]]:
        """Yield the name of each image of ``"detected"`` or ``"labeled"``, and what `pixels` takes.

        Empty cells are left out: many people have fewer than five images in a view.
        """
        for pair, people in enumerate(self._cells(self._entry(version)), 1):
            references = people[()].T
            if references.ndim != 2 or references.shape[1] != 2 * _IMAGES_PER_VIEW:
                raise DatasetError(
                    f"{self._path} has people in another form, got {references.shape} in pair {pair}. "
                    f"Expected (people, {2 * _IMAGES_PER_VIEW}). {_FIX_ARCHIVE}"
                )
            for (person, number), reference in np.ndenumerate(references):
                cell = self._file[reference]
                if cell.ndim == 3:  # MATLAB keeps the sizes of an empty cell in its place
                    view = 1 if number < _IMAGES_PER_VIEW else 2
                    yield f"{pair}_{person + 1:03d}_{view}_{number + 1:02d}.png", cell

    def pixels(self, cell: Any) -> np.ndarray:  # noqa: ANN401 - h5py has no types
        """Return the pixels of an image: uint8 of shape (height, width, 3), RGB.

        Raises:
            DatasetError: they are of another shape or type.
        """
        if cell.shape[0] != 3 or cell.dtype != np.uint8:
            raise DatasetError(
                f"{self._path} holds an image of another form, got {cell.dtype} of shape {cell.shape}. "
                f"Expected uint8 of shape (3, width, height). {_FIX_ARCHIVE}"
            )
        return np.ascontiguousarray(cell[()].transpose(2, 1, 0))

    def test_sets(self) -> tuple[People, ...]:
        """Return the people to test in each of the 20 splits of the classic protocol."""
        return tuple(
            frozenset((int(pair), int(person)) for pair, person in cell[()].T)
            for cell in self._cells(self._entry("testsets"))
        )

    def _entry(self, name: str) -> Any:  # noqa: ANN401 - h5py has no types
        require_variables(_TITLE, self._path, list(self._file), [name], fix=_FIX_ARCHIVE)
        return self._file[name]

    def _cells(self, cell: Any) -> Iterator[Any]:  # noqa: ANN401 - h5py has no types
        for reference in cell[()].ravel():
            yield self._file[reference]


def check_archive(path: Path) -> None:
    """Refuse a file that cannot be ``cuhk-03.mat``, before anything opens it.

    Raises:
        DatasetError: it is a saved web page, empty, of another format, or cannot be read.
    """
    check_matlab_file(_TITLE, path, version="7.3", fix=_FIX_ARCHIVE)


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open ``cuhk-03.mat`` to read from.

    Raises:
        DatasetError: it is something else, damaged, or built in another way.
        MissingExtraError: h5py is not installed.
    """
    with open_hdf5(_TITLE, path, fix=_FIX_ARCHIVE) as file:
        yield Archive(path, file)


def read_protocol(path: Path) -> Protocol:
    """Read ``cuhk03_new_protocol_config_detected.mat`` or ``..._labeled.mat``.

    Raises:
        DatasetError: it is something else, damaged, or its parts do not fit each other.
        MissingExtraError: scipy is not installed.
    """
    content = read_matlab(_TITLE, path, _PROTOCOL_VARIABLES, fix=_FIX_PROTOCOL)
    try:
        names = tuple(str(np.asarray(cell).item()) for cell in content["filelist"].ravel())
        identities, train, query, gallery = (_integers(content[name]) for name in _PROTOCOL_VARIABLES[1:])
    except (ValueError, TypeError) as error:
        raise DatasetError(
            f"{path} has another form, got '{error}'. Expected one name per image, and numbers. "
            f"{_FIX_PROTOCOL}"
        ) from error
    _check_protocol(path, names, identities, (*train, *query, *gallery))
    # MATLAB counts from 1.
    positions = [tuple(number - 1 for number in split) for split in (train, query, gallery)]
    return Protocol(names, identities, *positions)


def _integers(values: np.ndarray) -> tuple[int, ...]:
    return tuple(int(value) for value in values.ravel())


def _check_protocol(
    path: Path, names: tuple[str, ...], identities: tuple[int, ...], positions: tuple[int, ...]
) -> None:
    if len(names) != len(identities):
        raise DatasetError(
            f"{path} does not fit itself, got {quantity(len(names), 'file')} and "
            f"{quantity(len(identities), 'label')}. Expected one label per file. {_FIX_PROTOCOL}"
        )
    wrong = [position for position in positions if not 1 <= position <= len(names)]
    if wrong:
        raise DatasetError(
            f"{path} does not fit itself, got position {wrong[0]}. Expected 1 to {len(names)}, the number of "
            f"files. {_FIX_PROTOCOL}"
        )
    odd = [name for name in names if IMAGE_NAME.fullmatch(name) is None]
    if odd:
        raise DatasetError(
            f"{path} names an image in another form, got '{odd[0]}'. Expected "
            f"'<pair>_<person>_<view>_<number>.png'. {_FIX_PROTOCOL}"
        )
