"""Market-1501: 1501 people before a supermarket, six cameras; the archive is read in place.

Reference: Zheng, Shen, Tian, Wang, Wang, Tian, "Scalable Person Re-identification: A Benchmark",
ICCV 2015.
"""

import re
from dataclasses import replace
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.finding import Layout, find_root, match_names
from reidkit.data.readers.listing import list_tree
from reidkit.data.wording import quantity

_HOW_TO_OBTAIN = (
    "How to obtain it: ask for Market-1501-v15.09.15.zip on the project page of its authors (Liang Zheng "
    "and others), unpack it, and give the folder; reidkit downloads no images of people."
)
_TERMS = "For academic research only; do not publish or pass on the images of the people shown."

_LAYOUT = Layout(
    title="Market-1501",
    alternatives=(("bounding_box_train/", "query/", "bounding_box_test/"),),
    name_hint="market",
    how_to_obtain=_HOW_TO_OBTAIN,
)
_LAYOUT_500K = replace(
    _LAYOUT,
    title="Market-1501 with 500k distractors",
    alternatives=((*_LAYOUT.alternatives[0], "images/"),),
)
_NAME = re.compile(r"(-1|[0-9]{4})_c([0-9])s([0-9])_([0-9]{6})_([0-9]{2})\.jpg(?:\.jpg)?")
_FORM = "<identity>_c<camera>s<sequence>_<frame>_<box>.jpg"
_JUNK = -1
_DISTRACTOR = 0

_PUBLISHED = {
    "train": SplitCounts(identities=751, images=12936, cameras=6),
    "query": SplitCounts(identities=750, images=3368, cameras=6),
    # 750 people and the background, identity 0; 19 732 files less 3 819 of junk.
    "gallery": SplitCounts(identities=751, images=15913, cameras=6),
}


def read_market1501(root: Path, *, distractors_500k: bool = False) -> DatasetSplits:
    """Read the official Market-1501 archive in place.

    Identities and cameras are integers, as in the file names. Identity -1 (junk: a detection too poor to
    judge) is left out of every split; identity 0 (background and unlabelled people) stays in the gallery,
    where it can only be wrong. ``gt_bbox/`` is not read.

    Args:
        root: The folder that holds ``bounding_box_train/``, ``query/`` and ``bounding_box_test/``; or one
            of these; or a folder up to two levels above, such as the parent of ``Market-1501-v15.09.15``.
        distractors_500k: Whether the images of ``images/`` (the separate archive of 500 000 distractors)
            join the gallery, all as identity 0.

    Raises:
        DatasetError: the folders are not found, or one holds no image with a name of the expected form.
    """
    folder, notes = find_root(_LAYOUT_500K if distractors_500k else _LAYOUT, root)
    train, train_notes = _read_split(folder / "bounding_box_train")
    query, query_notes = _read_split(folder / "query")
    gallery, gallery_notes = _read_split(folder / "bounding_box_test")
    published = dict(_PUBLISHED)
    notes = (*notes, *train_notes, *query_notes, *gallery_notes)
    if distractors_500k:
        distractors = _read_distractors(folder / "images")
        gallery += distractors
        notes += (f"images/: {quantity(len(distractors), 'distractor')} in the gallery, as identity 0.",)
        del published["gallery"]
    return DatasetSplits(
        name="market1501",
        root=folder,
        train=train,
        query=query,
        gallery=gallery,
        protocol="market1501",
        published_counts=published,
        notes=notes,
        how_to_obtain=_HOW_TO_OBTAIN,
        terms=_TERMS,
    )


def _read_split(folder: Path) -> tuple[tuple[Sample, ...], tuple[str, ...]]:
    named = match_names(_LAYOUT, folder, _NAME, _FORM)
    samples = tuple(
        Sample(frames=(image,), identity=int(match[1]), camera=int(match[2]))
        for image, match in named.images
        if int(match[1]) != _JUNK
    )
    junk = len(named.images) - len(samples)
    note = f"{folder.name}/: {quantity(junk, 'junk image')} of identity -1 left out."
    return samples, named.notes + ((note,) if junk else ())


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
        match = _NAME.fullmatch(image.name)
        camera = int(match[2]) if match else None
        samples.append(Sample(frames=(image,), identity=_DISTRACTOR, camera=camera))
    return tuple(samples)
