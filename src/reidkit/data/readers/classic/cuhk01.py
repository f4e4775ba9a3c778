"""CUHK01: 971 people on a campus, two images each from two cameras."""

import re
from dataclasses import replace
from pathlib import Path

from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.classic.halves import TwoCameras, split_in_halves
from reidkit.data.readers.classic.listed_splits import split_as_listed
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.naming import Naming, read_named_folder

CUHK01 = Benchmark(
    name="cuhk01",
    title="CUHK01",
    kind="person",
    reference="Li, Zhao, Wang, Human Reidentification with Transferred Metric Learning, ACCV 2012",
    how_to_obtain=(
        "How to obtain it: ask for CUHK01.zip on the page of the CUHK person re-identification data sets "
        "(Xiaogang Wang and others), unpack it, and give the folder with campus; reidkit downloads no images "
        "of people."
    ),
    terms="For academic research only; do not pass on the images.",
    counts={
        "train": SplitCounts(identities=485, images=1940, cameras=2),
        "query": SplitCounts(identities=486, images=972, cameras=1),
        "gallery": SplitCounts(identities=486, images=972, cameras=1),
    },
    num_splits=20,
)

_LAYOUT = Layout(
    title=CUHK01.title,
    # The archive holds campus/; some copies hold its images without that folder.
    alternatives=(("campus/",), ("0001001.png",)),
    name_hint="cuhk01",
    how_to_obtain=CUHK01.how_to_obtain,
)
_NAMING = Naming(
    pattern=re.compile(r"(?P<identity>[0-9]{4})00(?P<image>[1-4])\.png"), form="<identity>00<image 1-4>.png"
)


def read_cuhk01(
    root: Path, *, split: int = 0, seed: int = 0, splits_file: str | Path | None = None
) -> DatasetSplits:
    """Read CUHK01: 485 people to learn from, 486 searched across the two cameras.

    There are 20 splits, ten random halves times two directions: an even split searches camera 1 in
    camera 2, and the odd one after it camera 2 in camera 1 with the same people. Identities are the first
    four digits of the names. The last digit counts the images of a person: 1 and 2 are from camera 1, 3
    and 4 from camera 2. Scores of the other division in use, 871 people to learn from and 100 to search,
    are not comparable.

    Args:
        root: The folder with ``campus/``, ``campus/`` itself, or a folder up to two levels above.
        split: 0 to 19.
        seed: Another seed gives other halves.
        splits_file: Torchreid's ``splits.json``, in the folder or up to two levels above, or an absolute
            path; takes the splits from there, whatever the seed.

    Raises:
        CatalogError: ``split`` does not exist.
        DatasetError: the data is not found or not of this form, or the splits file does not fit.
    """
    folder, notes = find_root(_LAYOUT, root)
    images = folder / "campus" if (folder / "campus").is_dir() else folder
    samples, image_notes = read_named_folder(_LAYOUT, images, _NAMING)
    data = TwoCameras(
        images,
        tuple(replace(sample, camera=_camera(sample)) for sample in samples),
        (*notes, *image_notes),
        cameras=(1, 2),
    )
    if splits_file is not None:
        return split_as_listed(
            CUHK01, data.folder, data.samples, split=split, splits_file=splits_file, notes=data.notes
        )
    return split_in_halves(CUHK01, data, split=split, seed=seed, both_directions=True)


def _camera(sample: Sample) -> int:
    return 1 if sample.path.stem[-1] in "12" else 2
