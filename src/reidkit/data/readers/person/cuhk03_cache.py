"""The images of ``cuhk-03.mat`` as PNG files, written once into a cache folder, never beside the data.

``<cache>/cuhk03/<fingerprint>/detected/1_001_1_01.png``, and ``detected.json`` beside the folder once all
of them are there. The fingerprint comes from the content of the ``.mat`` file and no path is written
anywhere, so the data and the cache may both move. Each file is written beside its place and renamed, so
what a killed run left is whole, and the next one goes on behind it.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from reidkit.core.errors import DatasetError
from reidkit.core.files import replace_file, write_json
from reidkit.data.readers.listing import list_folder
from reidkit.data.readers.person.cuhk03_archive import Archive, People, check_archive, open_archive

_NUM_BLOCKS = 64
_BLOCK_SIZE = 65_536


@dataclass(frozen=True, slots=True)
class CachedImages:
    """Images of the archive as files, and the people to test in each split of the classic protocol."""

    folder: Path
    names: frozenset[str]
    test_sets: tuple[People, ...]


def cache_images(archive: Path, version: str, cache: Path) -> CachedImages:
    """Return the images of one version (``"detected"`` or ``"labeled"``), writing those not yet there.

    Once all are there the archive is not opened any more, only its fingerprint is taken; an image that was
    deleted from the cache is written again.

    Raises:
        DatasetError: the archive is something else or damaged, or the cache cannot be written.
        MissingExtraError: h5py is needed and not installed.
    """
    check_archive(archive)
    below = cache / "cuhk03" / fingerprint(archive)
    folder, index = below / version, below / f"{version}.json"
    present = {image.name for image in list_folder(folder).images} if folder.is_dir() else set()
    known = _read_index(index, folder)
    if known is not None and known.names <= present:
        return known
    with open_archive(archive) as opened:
        names = _write_images(opened, version, folder, present)
        test_sets = opened.test_sets()
    with _writing_to(folder):
        write_json(index, {"images": sorted(names), "test_sets": [sorted(people) for people in test_sets]})
    return CachedImages(folder, names, test_sets)


def fingerprint(path: Path) -> str:
    """Return 16 hexadecimal digits that depend on the size of a file and on 64 blocks spread over it.

    Not on all of it, which would take seconds each time the data set is read, and not on its name or times,
    which change when it is copied.
    """
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as stream:
        for block in range(_NUM_BLOCKS):
            stream.seek(max(size - _BLOCK_SIZE, 0) * block // (_NUM_BLOCKS - 1))
            digest.update(stream.read(_BLOCK_SIZE))
    return digest.hexdigest()[:16]


def _write_images(archive: Archive, version: str, folder: Path, present: set[str]) -> frozenset[str]:
    """Write the images that are not there yet, and return the names of all."""
    names = set()
    for name, cell in archive.images(version):
        names.add(name)
        if name not in present:
            image = Image.fromarray(archive.pixels(cell))
            with _writing_to(folder), replace_file(folder / name) as unfinished:
                image.save(unfinished)
    if not names:
        raise DatasetError(
            f"CUHK03 has no {version} images, got 0. Expected about 14 000. Ask the authors for "
            f"cuhk-03.mat again."
        )
    return frozenset(names)


@contextmanager
def _writing_to(folder: Path) -> Iterator[None]:
    """Turn what a full disk or a folder of somebody else raises into a message about the cache."""
    try:
        yield
    except OSError as error:
        raise DatasetError(
            f"CUHK03 cache cannot be written, got {folder} ({error.strerror or error}). Expected a folder "
            f"with about 1 GB free. Give another one by the option 'cache'."
        ) from error


def _read_index(path: Path, folder: Path) -> CachedImages | None:
    """Return what the index says; None where there is none, or one that is damaged: it is written anew."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        test_sets = tuple(
            frozenset((int(pair), int(person)) for pair, person in people) for people in content["test_sets"]
        )
        return CachedImages(folder, frozenset(content["images"]), test_sets)
    except (OSError, ValueError, TypeError, KeyError):
        return None
