"""CUHK02: five pairs of cameras on a campus; four to learn from, the fifth to judge by."""

import re
from pathlib import Path

from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root, match_names

CUHK02 = Benchmark(
    name="cuhk02",
    title="CUHK02",
    kind="person",
    reference="Li, Wang, Locally Aligned Feature Transforms across Views, CVPR 2013",
    how_to_obtain=(
        "How to obtain it: ask its authors (Xiaogang Wang's group, Chinese University of Hong Kong, page "
        "'CUHK Person Re-identification Datasets') for CUHK02, unpack it, and give the folder Dataset that "
        "holds P1 to P5; reidkit downloads no images of people."
    ),
    terms="For academic research only; do not publish or pass on the images of the people shown.",
    # 971, 306, 107, 193 and 239 people, each with two images from each of the two cameras of their pair.
    counts={
        "train": SplitCounts(identities=1577, images=6308, cameras=8),
        "query": SplitCounts(identities=239, images=478, cameras=1),
        "gallery": SplitCounts(identities=239, images=478, cameras=1),
    },
)

_TRAIN_PAIRS = (1, 2, 3, 4)
_TEST_PAIR = 5
_PEOPLE_PER_PAIR = 10_000

_LAYOUT = Layout(
    title=CUHK02.title,
    alternatives=(tuple(f"P{pair}/" for pair in (*_TRAIN_PAIRS, _TEST_PAIR)),),
    name_hint="cuhk02",
    how_to_obtain=CUHK02.how_to_obtain,
)
_PATTERN = re.compile(r"(?P<person>[0-9]{1,4})_.+\.png")


def read_cuhk02(root: Path) -> DatasetSplits:
    """Read CUHK02 in place: pairs P1 to P4 to learn from; P5 with cam1 as query and cam2 as gallery.

    Every pair of cameras numbers its people from 1, and its cameras 1 and 2. So that different people and
    cameras stay different, person 17 of P3 is identity 30017, and cam2 of P3 is camera 32.

    Args:
        root: The folder that holds ``P1/`` to ``P5/``; or one of these; or a folder up to two levels above.

    Raises:
        DatasetError: the folders are not found, or one holds no image with a name of the expected form.
    """
    folder, notes = find_root(_LAYOUT, root)
    train: tuple[Sample, ...] = ()
    for pair in _TRAIN_PAIRS:
        for view in (1, 2):
            samples, view_notes = _read_view(folder, pair, view)
            train += samples
            notes += view_notes
    query, query_notes = _read_view(folder, _TEST_PAIR, 1)
    gallery, gallery_notes = _read_view(folder, _TEST_PAIR, 2)
    return CUHK02.splits(
        folder, train=train, query=query, gallery=gallery, notes=(*notes, *query_notes, *gallery_notes)
    )


def _read_view(folder: Path, pair: int, view: int) -> tuple[tuple[Sample, ...], tuple[str, ...]]:
    """Return the samples of one camera, sorted by file name; person and camera get the number of the pair."""
    named = match_names(_LAYOUT, folder / f"P{pair}" / f"cam{view}", _PATTERN, "<person>_<number>.png")
    samples = tuple(
        Sample((image,), pair * _PEOPLE_PER_PAIR + int(match["person"]), pair * 10 + view)
        for image, match in named.images
    )
    return samples, tuple(f"P{pair}/{note}" for note in named.notes)
