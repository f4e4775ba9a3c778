"""CUHK-SYSU: people cut out of street photos and films, without cameras; to learn from only."""

import re
from pathlib import Path

from reidkit.core.types import DatasetSplits, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.naming import Naming, read_named_folder

CUHKSYSU = Benchmark(
    name="cuhksysu",
    title="CUHK-SYSU",
    kind="person",
    reference=(
        "Xiao, Li, Wang, Lin, Wang, Joint Detection and Identification Feature Learning for Person Search, "
        "CVPR 2017"
    ),
    how_to_obtain=(
        "How to obtain it: ask its authors (person search, Tong Xiao and others) for CUHK-SYSU, cut the "
        "people out into cropped_images/p<identity>_s<scene>_<number>.jpg, and give the folder; reidkit "
        "downloads no images of people."
    ),
    terms="For academic research only; do not publish or pass on the images of the people shown.",
    counts={"train": SplitCounts(identities=11934, images=34574)},
    protocol="no-camera",
)

_LAYOUT = Layout(
    title=CUHKSYSU.title,
    alternatives=(("cropped_images/",),),
    name_hint="cuhksysu",
    how_to_obtain=CUHKSYSU.how_to_obtain,
)
_NAMING = Naming(
    pattern=re.compile(r"p(?P<identity>[0-9]+)_s[0-9]+(?:_[0-9]+)?\.jpg"),
    form="p<identity>_s<scene>_<number>.jpg",
)


def read_cuhksysu(root: Path) -> DatasetSplits:
    """Read the people cut out of CUHK-SYSU in place, all to learn from; query and gallery are empty.

    Identities are integers, as in the file names; a scene is not a camera, so cameras are unknown. Names
    may lack the last part: ``p11422_s16929.jpg``.

    Args:
        root: The folder that holds ``cropped_images/``; or that folder; or one up to two levels above.

    Raises:
        DatasetError: the folder is not found, or holds no image with a name of the expected form.
    """
    folder, notes = find_root(_LAYOUT, root)
    train, train_notes = read_named_folder(_LAYOUT, folder / "cropped_images", _NAMING)
    return CUHKSYSU.splits(folder, train=train, notes=(*notes, *train_notes))
