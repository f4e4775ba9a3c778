"""University-1652: buildings of universities, seen by a drone, a satellite and from the street."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root, skipped_notes
from reidkit.data.readers.listing import describe_content, list_folder
from reidkit.data.wording import examples, quantity

Direction = Literal["drone-to-satellite", "satellite-to-drone"]

_TRAIN = SplitCounts(identities=701, images=50218)
_COUNTS: dict[str, dict[str, SplitCounts]] = {
    "drone-to-satellite": {
        "train": _TRAIN,
        "query": SplitCounts(identities=701, images=37855),
        "gallery": SplitCounts(identities=951, images=951),
    },
    "satellite-to-drone": {
        "train": _TRAIN,
        "query": SplitCounts(identities=701, images=701),
        "gallery": SplitCounts(identities=951, images=51355),
    },
}

UNIVERSITY1652 = Benchmark(
    name="university1652",
    title="University-1652",
    kind="place",
    reference=(
        "Zheng, Wei, Yang, University-1652: A Multi-view Multi-source Benchmark for Drone-based "
        "Geo-localization, ACM Multimedia 2020"
    ),
    how_to_obtain=(
        "How to obtain it: ask its authors (Zhedong Zheng and others, repository "
        "layumi/University1652-Baseline) for University-Release, unpack it, and give the folder; reidkit "
        "downloads no data."
    ),
    terms="For academic research only; do not pass on the images.",
    counts=_COUNTS["drone-to-satellite"],
    protocol="no-camera",
)

_TRAIN_VIEWS = ("drone", "satellite", "street")
_EXTRA_VIEW = "google"


@dataclass(frozen=True, slots=True)
class _View:
    """Samples of one folder of buildings, sorted by building and file name."""

    samples: tuple[Sample, ...]
    notes: tuple[str, ...]


def read_university1652(
    root: Path, *, direction: Direction = "drone-to-satellite", with_google: bool = False
) -> DatasetSplits:
    """Read the University-1652 release in place: which building is it, in the other view?

    An identity is a building: the integer that names its folder. There are no cameras; the view is the
    attribute ``view`` of every sample: ``drone``, ``satellite``, ``street`` or ``google``. To learn from
    are the images of all buildings in ``train/`` from drone, satellite and street. Other test folders
    (queries from the street) are not read.

    Args:
        root: The folder that holds ``train/`` and ``test/``; or one of these; or a folder up to two levels
            above, such as the parent of ``University-Release``.
        direction: "drone-to-satellite" looks for the satellite image of a building that a drone saw;
            "satellite-to-drone" the other way.
        with_google: Whether ``train/google/``, images of a web search with wrong ones among them, are
            learned from as well. They are not in the published count of training images.

    Raises:
        CatalogError: ``direction`` is none of its words.
        DatasetError: the folders are not found, or one holds no building with an image.
    """
    if direction not in get_args(Direction):
        raise CatalogError(
            f"direction is unknown, got '{direction}'. Expected one of {', '.join(get_args(Direction))}."
        )
    query_view, _, gallery_view = direction.split("-")
    views = (*_TRAIN_VIEWS, _EXTRA_VIEW) if with_google else _TRAIN_VIEWS
    folder, notes = find_root(_layout(query_view, gallery_view, views), root)
    train = [_read_view(folder / "train" / view, view) for view in views]
    query = _read_view(folder / "test" / f"query_{query_view}", query_view)
    gallery = _read_view(folder / "test" / f"gallery_{gallery_view}", gallery_view)
    for view in (*train, query, gallery):
        notes += view.notes
    counts = dict(_COUNTS[direction])
    if with_google:
        del counts["train"]
    return UNIVERSITY1652.splits(
        folder,
        train=tuple(sample for view in train for sample in view.samples),
        query=query.samples,
        gallery=gallery.samples,
        notes=notes,
        counts=counts,
    )


def _layout(query_view: str, gallery_view: str, views: tuple[str, ...]) -> Layout:
    return Layout(
        title=UNIVERSITY1652.title,
        alternatives=(
            (
                *("train/", "test/"),
                *(f"train/{view}/" for view in views),
                *(f"test/query_{query_view}/", f"test/gallery_{gallery_view}/"),
            ),
        ),
        name_hint="university",
        how_to_obtain=UNIVERSITY1652.how_to_obtain,
    )


def _read_view(folder: Path, view: str) -> _View:
    """Return every image of every building folder; only folders named by digits are buildings."""
    content = list_folder(folder)
    buildings = [below for below in content.folders if _is_number(below.name)]
    samples: list[Sample] = []
    skipped: list[Path] = [*content.images, *content.others]
    for building in buildings:
        listed = list_folder(building)
        identity = int(building.name)
        samples.extend(Sample((image,), identity, attributes={"view": view}) for image in listed.images)
        skipped.extend(listed.others)
    if not samples:
        raise DatasetError(
            f"{UNIVERSITY1652.title} has no image in {folder}, got 0 images in "
            f"{quantity(len(buildings), 'building folder')}, and found {describe_content(content)}. Expected "
            f"folders such as 0839/ with images. Unpack it again."
        )
    notes = skipped_notes(folder, skipped, "not an image of a building")
    others = [f"{below.name}/" for below in content.folders if not _is_number(below.name)]
    if others:
        notes += (
            f"{folder.name}/: {quantity(len(others), 'folder')} left out, not named by the number of a "
            f"building: {examples(others)}.",
        )
    return _View(tuple(samples), notes)


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit()
