"""PKU VehicleID: vehicles on the roads of a city, without cameras; one image of each is the gallery."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reidkit.core.errors import CatalogError
from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.dividing import check_split, choose
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.lists import check_listed_images, match_lines
from reidkit.data.readers.vehicle.sizes import find_size
from reidkit.data.wording import quantity

_TRAIN = SplitCounts(identities=13164, images=113346)


@dataclass(frozen=True, slots=True)
class _Test:
    """A test list of the archive: its file, how many vehicles and images it has."""

    list_name: str
    identities: int
    images: int | None = None

    def counts(self) -> dict[str, SplitCounts]:
        """Return the published counts: one image per vehicle in the gallery, all others are queries."""
        if self.images is None:
            return {"train": _TRAIN}
        return {
            "train": _TRAIN,
            "query": SplitCounts(self.identities, self.images - self.identities),
            "gallery": SplitCounts(self.identities, self.identities),
        }


_SIZES = {
    "small": _Test("test_list_800.txt", 800, 6493),
    "medium": _Test("test_list_1600.txt", 1600, 13377),
    "large": _Test("test_list_2400.txt", 2400, 19777),
    "all": _Test("test_list_13164.txt", 13164),
}

VEHICLEID = Benchmark(
    name="vehicleid",
    title="PKU VehicleID",
    kind="vehicle",
    reference=(
        "Liu, Tian, Wang, Pang, Huang, Deep Relative Distance Learning: Tell the Difference Between Similar "
        "Vehicles, CVPR 2016"
    ),
    how_to_obtain=(
        "How to obtain it: ask for VehicleID_V1.0 on the page of its authors at pkuml.org (the National "
        "Engineering Laboratory for Video Technology of Peking University), unpack it, and give the folder; "
        "reidkit downloads no data sets."
    ),
    terms="For academic research only, under the agreement that its authors send; do not pass it on.",
    counts=_SIZES["small"].counts(),
    protocol="vehicleid",
    num_splits=10,
)

_LISTS = "train_test_split"
_LINE = re.compile(r"(?P<image>[0-9]+)\s+(?P<identity>[0-9]+)")
_FORM = "<image> <identity>"


def read_vehicleid(
    root: Path, *, size: str = "small", split: int = 0, seed: int = 0, draws: int = VEHICLEID.num_splits
) -> DatasetSplits:
    """Read the VehicleID archive in place.

    Identities are integers, as in the lists; cameras were not published. Of every vehicle of the test list,
    one random image is the gallery and all the others are queries, never the other way round: each query
    has one match. Published scores are means over ten such draws, ``split`` 0 to 9. A draw depends on
    ``seed``, ``split`` and the names of the vehicle's images alone, so it is the same on every machine, and a
    vehicle of two sizes has the same gallery image in both.

    Args:
        root: The folder that holds ``image/`` and ``train_test_split/``; or ``image/`` itself; or a folder
            up to two levels above.
        size: Test list: "small" (800 vehicles), "medium" (1600), "large" (2400) or "all"
            (``test_list_13164.txt``).
        split: Which draw, counted from 0.
        seed: Other draws for another seed.
        draws: How many there are to choose from; the first ten do not depend on it.

    Raises:
        CatalogError: unknown ``size`` or ``split``, or fewer than one draw.
        DatasetError: the folders or lists are not found, a list has a line of another form, or a listed
            image does not exist.
    """
    test = find_size(_SIZES, size)
    if draws < 1:
        raise CatalogError(f"draws is too small, got {draws}. Expected at least 1; usual are 10.")
    check_split(split, draws)
    folder, notes = find_root(_layout(test), root)
    train = _read_list(folder, "train_list.txt")
    tested = _read_list(folder, test.list_name)
    query, gallery = _draw_gallery(tested, f"{seed}:{split}")
    notes += (
        f"{test.list_name}: draw {split} of {draws} (seed={seed}): one image of each of "
        f"{quantity(len(gallery), 'vehicle')} is the gallery, the other {len(query)} are the queries.",
    )
    return VEHICLEID.splits(
        folder,
        train=train,
        query=query,
        gallery=gallery,
        notes=notes,
        counts=test.counts(),
        split=split,
        num_splits=draws,
    )


def _layout(test: _Test) -> Layout:
    return Layout(
        title=VEHICLEID.title,
        alternatives=(("image/", f"{_LISTS}/train_list.txt", f"{_LISTS}/{test.list_name}"),),
        name_hint="vehicleid",
        how_to_obtain=VEHICLEID.how_to_obtain,
    )


def _read_list(folder: Path, name: str) -> tuple[Sample, ...]:
    path = folder / _LISTS / name
    listed = {
        folder / "image" / f"{line['image']}.jpg": int(line["identity"])
        for line in match_lines(VEHICLEID.title, path, _LINE, _FORM)
    }
    check_listed_images(VEHICLEID.title, path, list(listed))
    return tuple(Sample((image,), identity) for image, identity in sorted(listed.items()))


def _draw_gallery(samples: Sequence[Sample], seed: str) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """Return the queries and the gallery."""
    names: dict[object, list[str]] = {}
    for sample in samples:
        names.setdefault(sample.identity, []).append(sample.path.name)
    # By name and not by path: where the data lies must not change who is drawn.
    drawn = {name for own in names.values() for name in choose(own, 1, seed=seed)}
    query = tuple(sample for sample in samples if sample.path.name not in drawn)
    gallery = tuple(sample for sample in samples if sample.path.name in drawn)
    return query, gallery
