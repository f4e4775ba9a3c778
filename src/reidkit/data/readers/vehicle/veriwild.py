"""VERI-Wild: vehicles of a month in a city district, 174 cameras; the archive is read in place."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.lists import check_listed_images, match_lines
from reidkit.data.readers.vehicle.sizes import find_size
from reidkit.data.wording import examples

_TRAIN = SplitCounts(identities=30671, images=277797)


@dataclass(frozen=True, slots=True)
class _Test:
    """A test set of the archive: how many vehicles it has, each queried once, and images in the gallery."""

    identities: int
    gallery: int

    def counts(self) -> dict[str, SplitCounts]:
        return {
            "train": _TRAIN,
            "query": SplitCounts(self.identities, self.identities),
            "gallery": SplitCounts(self.identities, self.gallery),
        }


_SIZES = {
    "small": _Test(3000, 38861),
    "medium": _Test(5000, 64389),
    "large": _Test(10000, 128517),
}

VERIWILD = Benchmark(
    name="veriwild",
    title="VERI-Wild",
    kind="vehicle",
    reference=(
        "Lou, Bai, Liu, Wang, Duan, VERI-Wild: A Large Dataset and a New Method for Vehicle "
        "Re-Identification in the Wild, CVPR 2019"
    ),
    how_to_obtain=(
        "How to obtain it: ask Yan Bai by the address on the page github.com/PKU-IMRE/VERI-Wild, unpack the "
        "archives into one folder with images/ and train_test_split/, and give it; reidkit downloads no data "
        "sets."
    ),
    terms="For non-commercial purposes only; do not pass it on.",
    counts=_SIZES["small"].counts(),
    protocol="veriwild",
)

_LISTS = "train_test_split"
_INFO = f"{_LISTS}/vehicle_info.txt"
# Later copies of the lists give a number of their own behind each image; the vehicle stands before it.
_LINE = re.compile(r"(?P<identity>[0-9]+)/(?P<image>[0-9]+)(?:\.jpg)?(?:\s+[0-9]+)?")
_FORM = "<identity>/<image>"
_INFO_LINE = re.compile(
    r"(?P<identity>[0-9]+)/(?P<image>[0-9]+)(?:\.jpg)?;(?P<camera>[0-9]+)"
    r"(?:;(?P<time>[^;]*))?(?:;(?P<model>[^;]*))?(?:;(?P<type>[^;]*))?(?:;(?P<colour>[^;]*))?.*"
)
_INFO_FORM = "<identity>/<image>;<camera>;<time>;<model>;<type>;<colour>"
_ATTRIBUTES = ("time", "model", "type", "colour")


def read_veriwild(root: Path, *, size: str = "small") -> DatasetSplits:
    """Read the VERI-Wild archive in place.

    Identities are integers, as in the lists. Cameras are integers from ``vehicle_info.txt``, whose other
    columns become the attributes ``time``, ``model``, ``type`` and ``colour`` as texts, where they are
    there. The lists are also understood under the names that newer copies give them
    (``train_list_start0.txt``, ``test_3000_id.txt``, ``test_3000_id_query.txt``).

    Args:
        root: The folder that holds ``images/`` and ``train_test_split/``; or ``images/`` itself; or a folder
            up to two levels above.
        size: Test set: "small" (3000 vehicles), "medium" (5000) or "large" (10000).

    Raises:
        CatalogError: unknown ``size``.
        DatasetError: the folders or lists are not found, a list has a line of another form, or a listed
            image does not exist or has no camera.
    """
    test = find_size(_SIZES, size)
    usual = ("train_list.txt", f"test_{test.identities}_query.txt", f"test_{test.identities}.txt")
    newer = (
        "train_list_start0.txt",
        f"test_{test.identities}_id_query.txt",
        f"test_{test.identities}_id.txt",
    )
    layout = Layout(
        title=VERIWILD.title,
        alternatives=tuple(
            ("images/", _INFO, *(f"{_LISTS}/{name}" for name in names)) for names in (usual, newer)
        ),
        name_hint="veriwild",
        how_to_obtain=VERIWILD.how_to_obtain,
    )
    folder, notes = find_root(layout, root)
    info = {
        f"{line['identity']}/{line['image']}": line
        for line in match_lines(VERIWILD.title, folder / _INFO, _INFO_LINE, _INFO_FORM, heading_lines=1)
    }
    names = usual if (folder / _LISTS / usual[0]).is_file() else newer
    train, query, gallery = (_read_list(folder, name, info) for name in names)
    return VERIWILD.splits(
        folder, train=train, query=query, gallery=gallery, notes=notes, counts=test.counts()
    )


def _read_list(folder: Path, name: str, info: Mapping[str, re.Match[str]]) -> tuple[Sample, ...]:
    path = folder / _LISTS / name
    lines = match_lines(VERIWILD.title, path, _LINE, _FORM)
    keys = sorted({f"{line['identity']}/{line['image']}" for line in lines})
    unknown = [key for key in keys if key not in info]
    if unknown:
        raise DatasetError(
            f"VERI-Wild has images without a camera, got {len(unknown)} of {len(keys)} in {path}: "
            f"{examples(unknown)}. Expected each in {_INFO}. Take both files from the same archive."
        )
    samples = tuple(_sample(folder / "images" / f"{key}.jpg", info[key]) for key in keys)
    check_listed_images(VERIWILD.title, path, [sample.path for sample in samples])
    return samples


def _sample(image: Path, line: re.Match[str]) -> Sample:
    attributes = {name: line[name].strip() for name in _ATTRIBUTES if line[name] and line[name].strip()}
    return Sample((image,), int(line["identity"]), int(line["camera"]), attributes=attributes)
