"""PRID 2011, one image per person and camera: 200 people of both cameras among 549 of one."""

import re
from dataclasses import replace
from pathlib import Path

from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.classic.halves import (
    TwoCameras,
    images_of,
    pair_identities,
    read_camera_folders,
    split_in_halves,
)
from reidkit.data.readers.classic.listed_splits import pick_identities, read_listed_split
from reidkit.data.readers.dividing import check_split
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.naming import Naming
from reidkit.data.wording import quantity

PRID2011 = Benchmark(
    name="prid2011",
    title="PRID 2011 (single-shot)",
    kind="person",
    reference=(
        "Hirzer, Beleznai, Roth, Bischof, Person Re-Identification by Descriptive and Discriminative "
        "Classification, SCIA 2011"
    ),
    how_to_obtain=(
        "How to obtain it: get prid_2011.zip from the Institute of Computer Graphics and Vision of TU Graz, "
        "unpack it, and give the folder with single_shot; reidkit downloads no images of people."
    ),
    terms="Published for research; ask its authors before any other use.",
    counts={
        "train": SplitCounts(identities=100, images=200, cameras=2),
        "query": SplitCounts(identities=100, images=100, cameras=1),
        "gallery": SplitCounts(identities=649, images=649, cameras=1),
    },
    num_splits=10,
)

_LAYOUT = Layout(
    title=PRID2011.title,
    alternatives=(("single_shot/cam_a/", "single_shot/cam_b/"), ("cam_a/", "cam_b/")),
    name_hint="prid2011",
    how_to_obtain=PRID2011.how_to_obtain,
)
_NAMING = Naming(pattern=re.compile(r"person_(?P<identity>[0-9]+)\.png"), form="person_<identity>.png")
_LAST_OF_BOTH = 200
_SPLITS_FILE = "splits_single_shot.json"


def read_prid2011(
    root: Path, *, split: int = 0, seed: int = 0, splits_file: str | Path | None = None
) -> DatasetSplits:
    """Read the single-shot part: 100 people to learn from, 100 of ``cam_a`` searched in ``cam_b``.

    People 1 to 200 were seen by both cameras. Above that the same number is somebody else in each: those of
    ``cam_b`` (201 to 749) are distractors in the gallery, those of ``cam_a`` (201 to 385) are left out, as
    in the paper. Identities are the numbers in the file names, cameras are ``"a"`` and ``"b"``.

    Args:
        root: The folder with ``single_shot/``, that folder, or a folder up to two levels above.
        split: 0 to 9.
        seed: Another seed gives other halves of the 200.
        splits_file: Torchreid's ``splits_single_shot.json``, in the folder or up to two levels above, or an
            absolute path; takes the splits from there, whatever the seed.

    Raises:
        CatalogError: ``split`` does not exist.
        DatasetError: the data is not found or not of this form, or the splits file does not fit.
    """
    check_split(split, PRID2011.num_splits)
    folder, notes = find_root(_LAYOUT, root)
    shots = folder / "single_shot" if (folder / "single_shot").is_dir() else folder
    data, distractors = _divide(read_camera_folders(_LAYOUT, shots, _NAMING, notes))
    if splits_file is not None:
        return _split_by_people(data, distractors, split, splits_file)
    return split_in_halves(
        PRID2011, data, split=split, seed=seed, distractors=distractors, unread=_SPLITS_FILE
    )


def _divide(data: TwoCameras) -> tuple[TwoCameras, tuple[Sample, ...]]:
    """Return the people of both cameras, and those of camera b alone, whose numbers camera a reuses."""
    shared = tuple(sample for sample in data.samples if _number(sample) <= _LAST_OF_BOTH)
    others = tuple(sample for sample in data.samples if _number(sample) > _LAST_OF_BOTH)
    distractors = tuple(sample for sample in others if sample.camera == "b")
    num_left_out = len(others) - len(distractors)
    notes = data.notes
    if num_left_out:
        notes += (
            f"cam_a/: {quantity(num_left_out, 'image')} of people above {_LAST_OF_BOTH} left out, whom "
            f"camera b did not see.",
        )
    return replace(data, samples=shared, notes=notes), distractors


def _number(sample: Sample) -> int:
    return int(sample.path.stem.removeprefix("person_"))


def _split_by_people(
    data: TwoCameras, distractors: tuple[Sample, ...], split: int, splits_file: str | Path
) -> DatasetSplits:
    """Return the split of a file that lists people, not images."""
    listed = read_listed_split(PRID2011.title, data.folder, splits_file, split, ("train", "test"))
    paired, notes = pair_identities(PRID2011, data)
    learned = pick_identities(PRID2011.title, listed, "train", paired)
    tested = pick_identities(PRID2011.title, listed, "test", paired)
    return PRID2011.splits(
        data.folder,
        train=tuple(sample for sample in data.samples if sample.identity in learned),
        query=images_of(data.samples, tested, "a"),
        gallery=images_of(data.samples, tested, "b") + distractors,
        notes=(*data.notes, *notes, listed.note()),
        split=split,
    )
