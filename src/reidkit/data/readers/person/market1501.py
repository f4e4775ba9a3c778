"""Market-1501: 1501 people before a supermarket, six cameras; the archive is read in place."""

import re
from dataclasses import replace
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.listing import list_tree
from reidkit.data.readers.market_folders import MARKET_FOLDERS, read_market_folders
from reidkit.data.readers.naming import Naming
from reidkit.data.wording import quantity

MARKET1501 = Benchmark(
    name="market1501",
    title="Market-1501",
    kind="person",
    reference=(
        "Zheng, Shen, Tian, Wang, Wang, Tian, Scalable Person Re-identification: A Benchmark, ICCV 2015"
    ),
    how_to_obtain=(
        "How to obtain it: ask for Market-1501-v15.09.15.zip on the project page of its authors (Liang Zheng "
        "and others), unpack it, and give the folder; reidkit downloads no images of people."
    ),
    terms="For academic research only; do not publish or pass on the images of the people shown.",
    counts={
        "train": SplitCounts(identities=751, images=12936, cameras=6),
        "query": SplitCounts(identities=750, images=3368, cameras=6),
        # 750 people and the background, identity 0; 19 732 files less 3 819 of junk.
        "gallery": SplitCounts(identities=751, images=15913, cameras=6),
    },
)

_LAYOUT = Layout(
    title=MARKET1501.title,
    alternatives=(MARKET_FOLDERS,),
    name_hint="market",
    how_to_obtain=MARKET1501.how_to_obtain,
)
_LAYOUT_500K = replace(
    _LAYOUT,
    title="Market-1501 with 500k distractors",
    alternatives=((*MARKET_FOLDERS, "images/"),),
)
_NAMING = Naming(
    pattern=re.compile(
        r"(?P<identity>-1|[0-9]{4})_c(?P<camera>[0-9])s[0-9]_[0-9]{6}_[0-9]{2}\.jpg(?:\.jpg)?"
    ),
    form="<identity>_c<camera>s<sequence>_<frame>_<box>.jpg",
    junk=frozenset({-1}),
)
_DISTRACTOR = 0


def read_market1501(root: Path, *, distractors_500k: bool = False) -> DatasetSplits:
    """Read the official Market-1501 archive in place.

    Identities and cameras are integers, as in the file names. Identity -1 (junk: a detection too poor to
    judge) is left out of every split; identity 0 (background and unlabelled people) stays in the gallery,
    where it can only be wrong. The hand-drawn boxes of ``gt_bbox/``, where it is there, become what the
    protocol "multi-query" takes the mean over: those of each query's identity and camera.

    Args:
        root: The folder that holds ``bounding_box_train/``, ``query/`` and ``bounding_box_test/``; or one
            of these; or a folder up to two levels above, such as the parent of ``Market-1501-v15.09.15``.
        distractors_500k: Whether the images of ``images/`` (the separate archive of 500 000 distractors)
            join the gallery, all as identity 0.

    Raises:
        DatasetError: the folders are not found, or one holds no image with a name of the expected form.
    """
    folder, notes = find_root(_LAYOUT_500K if distractors_500k else _LAYOUT, root)
    support = folder / "gt_bbox"
    found = read_market_folders(_LAYOUT, folder, _NAMING)
    gallery = found.gallery
    notes = (*notes, *found.notes)
    counts = dict(MARKET1501.counts)
    if distractors_500k:
        distractors = _read_distractors(folder / "images")
        gallery += distractors
        notes += (f"images/: {quantity(len(distractors), 'distractor')} in the gallery, as identity 0.",)
        del counts["gallery"]
    return MARKET1501.splits(
        folder,
        train=found.train,
        query=found.query,
        gallery=gallery,
        notes=notes,
        counts=counts,
        query_support=_read_support(support, found.query) if support.is_dir() else (),
    )


def _read_support(folder: Path, queries: tuple[Sample, ...]) -> tuple[Sample, ...]:
    """Return the images of the queries' identities from the queries' cameras, sorted by file name."""
    wanted = {(query.identity, query.camera) for query in queries}
    samples = []
    for image in list_tree(folder).images:
        match = _NAMING.pattern.fullmatch(image.name)
        if match and (int(match["identity"]), int(match["camera"])) in wanted:
            samples.append(Sample((image,), int(match["identity"]), int(match["camera"])))
    return tuple(samples)


def _read_distractors(folder: Path) -> tuple[Sample, ...]:
    """Return every image as identity 0; the camera comes from the name where it has the usual form."""
    images = list_tree(folder).images
    if not images:
        raise DatasetError(
            f"Market-1501 has no distractors, got 0 images under {folder}. Expected about 500 000. "
            f"Unpack their archive there, or leave distractors_500k out."
        )
    samples = []
    for image in images:
        match = _NAMING.pattern.fullmatch(image.name)
        samples.append(Sample((image,), _DISTRACTOR, int(match["camera"]) if match else None))
    return tuple(samples)
