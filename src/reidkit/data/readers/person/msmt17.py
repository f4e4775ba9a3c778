"""MSMT17: people before fifteen cameras of a campus, in its two versions and in a re-pack of the first."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.listing import describe_content, list_folder
from reidkit.data.readers.lists import match_lines
from reidkit.data.readers.market_folders import MARKET_FOLDERS, read_market_folders
from reidkit.data.readers.naming import Naming

Version = Literal["v1", "v2", "market"]

_TRAIN_AND_VALIDATION = SplitCounts(identities=1041, images=32621, cameras=15)

MSMT17 = Benchmark(
    name="msmt17",
    title="MSMT17",
    kind="person",
    reference=(
        "Wei, Zhang, Gao, Tian, Person Transfer GAN to Bridge Domain Gap for Person Re-Identification, "
        "CVPR 2018"
    ),
    how_to_obtain=(
        "How to obtain it: ask its authors (Longhui Wei and others, Peking University) for MSMT17_V1 or "
        "MSMT17_V2 with its four files list_*.txt, unpack it, and give the folder; reidkit downloads no "
        "images of people."
    ),
    terms="For academic research only; do not publish or pass on the images of the people shown.",
    # list_train.txt alone; with the 2 373 images of list_val.txt, which show the same people, it is 32 621.
    counts={
        "train": SplitCounts(identities=1041, images=30248, cameras=15),
        "query": SplitCounts(identities=3060, images=11659, cameras=15),
        "gallery": SplitCounts(identities=3060, images=82161, cameras=15),
    },
)

FIRST_TEST_IDENTITY = 10_000
"""Added to the identity of every test image: MSMT17 numbers other people from 0 again in its test part."""

_LISTS = ("list_train.txt", "list_query.txt", "list_gallery.txt")
_VALIDATION_LIST = "list_val.txt"
_FOLDERS: dict[Version, tuple[str, str]] = {"v1": ("train", "test"), "v2": ("mask_train_v2", "mask_test_v2")}
_ENTRIES: dict[Version, tuple[str, ...]] = {
    **{version: (*(f"{folder}/" for folder in folders), *_LISTS) for version, folders in _FOLDERS.items()},
    "market": MARKET_FOLDERS,
}
_DESCRIPTIONS: dict[Version, str] = {
    "v1": "Version 1 (faces visible), recognised by train/ and test/.",
    "v2": (
        "Version 2 (faces masked), recognised by mask_train_v2/ and mask_test_v2/; published scores are "
        "mostly of version 1."
    ),
    "market": (
        "A re-pack in the folders of Market-1501, recognised by bounding_box_train/; it holds the validation "
        "images among the training images, and does not say of which version it was made."
    ),
}

_NAME = r"[0-9]{4}_[0-9]{3}_(?P<camera>[0-9]{2})_[^/\s]+"
_IMAGE_NAME = re.compile(_NAME)
# The folders lead neither to the root of the file system nor out of the images.
_LINE = re.compile(rf"(?P<image>(?:(?!\.\./)[^/\s]+/)*{_NAME})\s+(?P<identity>[0-9]+)")
_LINE_FORM = "<identity>/<identity>_<number>_<camera>_<time>_<frame>_<box>.jpg <identity>"
_NAMING = Naming(
    pattern=re.compile(r"(?P<identity>[0-9]{4})_c(?P<camera>[0-9]{1,2})_[0-9A-Za-z_]+\.jpe?g"),
    form="<identity>_c<camera>_<number>.jpg",
)


@dataclass(frozen=True, slots=True)
class _Parts:
    train: tuple[Sample, ...]
    query: tuple[Sample, ...]
    gallery: tuple[Sample, ...]
    notes: tuple[str, ...] = ()


def read_msmt17(
    root: Path, *, version: Version | None = None, combine_validation: bool = False
) -> DatasetSplits:
    """Read MSMT17 in place: version 1, version 2, or the re-pack in the folders of Market-1501.

    Identities and cameras (1 to 15) are integers. The test part numbers its people from 0 anew, although
    they are other people than those of the training part; so that no two people share an identity, 10 000
    is added to every test identity: person 0007 of the test part is identity 10007.

    Versions 1 and 2 are read by their lists, lines of ``<path> <identity>``; blank lines are skipped. Files
    that no list names are not read. Samples are sorted by path.

    Args:
        root: The folder that holds ``train/``, ``test/`` and the lists; or ``mask_train_v2/``,
            ``mask_test_v2/`` and the lists; or ``bounding_box_train/``, ``query/`` and
            ``bounding_box_test/``; or one of these folders; or a folder up to two levels above.
        version: Which of them is wanted: "v1", "v2" or "market". None: the one that is there; the notes
            say which.
        combine_validation: Whether the images of ``list_val.txt`` are learned from too. They show the same
            people as those of ``list_train.txt``; published scores differ in this. The re-pack holds them
            anyway.

    Raises:
        CatalogError: ``version`` is none of its words.
        DatasetError: nothing fits, or several versions do; a list is missing, empty or has another form, or
            names what is not there; or a folder of the re-pack holds no image with a name of its form.
    """
    if version is not None and version not in get_args(Version):
        raise CatalogError(f"version is unknown, got '{version}'. Expected one of v1, v2, market, or none.")
    folder, notes = _find_folder(root, version)
    found = _recognise(folder) if version is None else version
    parts = _read_repack(folder) if found == "market" else _read_lists(folder, found, combine_validation)
    counts = dict(MSMT17.counts)
    if found == "market" or combine_validation:
        counts["train"] = _TRAIN_AND_VALIDATION
    return MSMT17.splits(
        folder,
        train=parts.train,
        query=_number_anew(parts.query),
        gallery=_number_anew(parts.gallery),
        notes=(*notes, _DESCRIPTIONS[found], *parts.notes),
        counts=counts,
    )


def _layout(alternatives: tuple[tuple[str, ...], ...]) -> Layout:
    return Layout(
        title=MSMT17.title,
        alternatives=alternatives,
        name_hint="msmt17",
        how_to_obtain=MSMT17.how_to_obtain,
    )


def _find_folder(root: Path, version: Version | None) -> tuple[Path, tuple[str, ...]]:
    alternatives = tuple(_ENTRIES.values()) if version is None else (_ENTRIES[version],)
    try:
        return find_root(_layout(alternatives), root)
    except DatasetError:
        _refuse_copy_without_lists(root, version)
        raise


def _refuse_copy_without_lists(root: Path, version: Version | None) -> None:
    """Raise a message of its own where the images are there, but not the lists that divide them.

    Folders named train/ and test/ are common, so they count only where an image is named as MSMT17 names.
    """
    for name, (train, test) in _FOLDERS.items():
        if version not in (None, name):
            continue
        try:
            folder, _ = find_root(_layout(((f"{train}/", f"{test}/"),)), root)
        except DatasetError:
            continue
        missing = [entry for entry in _LISTS if not (folder / entry).is_file()]
        if missing and _has_image_of_msmt17(folder / train):
            raise DatasetError(
                f"MSMT17 has no lists, got {train}/ and {test}/ without {', '.join(missing)} in {folder}. "
                f"Expected the lists of its authors: which test images are queries and which are the gallery "
                f"cannot be told from their names. Copy the lists of the archive into this folder."
            )


def _has_image_of_msmt17(folder: Path) -> bool:
    people = list_folder(folder).folders[:1]
    return any(_IMAGE_NAME.fullmatch(image.name) for person in people for image in list_folder(person).images)


def _recognise(folder: Path) -> Version:
    present: list[Version] = [
        version
        for version, entries in _ENTRIES.items()
        if all((folder / entry.rstrip("/")).exists() for entry in entries)
    ]
    if len(present) > 1:
        raise DatasetError(
            f"MSMT17 is not clear, got the versions {', '.join(present)} side by side in {folder}. Expected "
            f"one. Give version='{present[0]}'."
        )
    return present[0]


def _read_repack(folder: Path) -> _Parts:
    found = read_market_folders(_layout((MARKET_FOLDERS,)), folder, _NAMING)
    return _Parts(found.train, found.query, found.gallery, found.notes)


def _read_lists(folder: Path, version: Version, combine_validation: bool) -> _Parts:
    train_images, test_images = (folder / name for name in _FOLDERS[version])
    train_list, query_list, gallery_list = (folder / name for name in _LISTS)
    train = _read_list(train_list, train_images)
    if combine_validation:
        train = _sort(train + _read_list(folder / _VALIDATION_LIST, train_images))
    return _Parts(train, _read_list(query_list, test_images), _read_list(gallery_list, test_images))


def _read_list(path: Path, images: Path) -> tuple[Sample, ...]:
    """Return the samples that a list names, sorted by path."""
    if not path.is_file():
        raise DatasetError(
            f"MSMT17 has no {path.name}, got {path.parent} with "
            f"{describe_content(list_folder(path.parent))}. Expected the four lists of its authors. Copy it "
            f"there, or leave combine_validation out."
        )
    lines = match_lines(MSMT17.title, path, _LINE, _LINE_FORM, fix="Unpack the archive again.")
    samples = _sort(
        tuple(Sample((images / line["image"],), int(line["identity"]), int(line["camera"])) for line in lines)
    )
    # One file tells a copy of another version from the right one; a look at all of them is the doctor's.
    if not samples[0].path.is_file():
        raise DatasetError(
            f"List {path} does not fit, got '{samples[0].path.name}', which is not in "
            f"{samples[0].path.parent}. Expected the list of this copy. Take images and lists from the same "
            f"archive."
        )
    return samples


def _sort(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
    return tuple(sorted(samples, key=lambda sample: str(sample.path)))


def _number_anew(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
    return tuple(
        replace(sample, identity=FIRST_TEST_IDENTITY + int(str(sample.identity))) for sample in samples
    )
