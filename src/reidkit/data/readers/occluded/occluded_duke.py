"""Occluded-DukeMTMC: DukeMTMC-reID divided anew, so that every query shows somebody partly hidden."""

import re
from pathlib import Path

from reidkit.core.types import DatasetSplits, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.market_folders import MARKET_FOLDERS, read_market_folders
from reidkit.data.readers.naming import Naming

OCCLUDED_DUKE = Benchmark(
    name="occluded_duke",
    title="Occluded-DukeMTMC",
    kind="person",
    reference=(
        "Miao, Wu, Liu, Ding, Yang, Pose-Guided Feature Alignment for Occluded Person Re-Identification, "
        "ICCV 2019"
    ),
    how_to_obtain=(
        "How to obtain it: there is no source of the images any more, since DukeMTMC was taken back in 2019; "
        "who still has DukeMTMC-reID.zip makes the folder with the script of Occluded-DukeMTMC-Dataset; "
        "reidkit downloads no images of people."
    ),
    terms="Not for new work: DukeMTMC was taken back over the privacy of the people it shows.",
    counts={
        "train": SplitCounts(identities=702, images=15618),
        "query": SplitCounts(identities=519, images=2210),
        "gallery": SplitCounts(identities=1110, images=17661),
    },
    is_withdrawn=True,
)

_LAYOUT = Layout(
    title=OCCLUDED_DUKE.title,
    alternatives=(MARKET_FOLDERS,),
    name_hint="occludedduke",
    how_to_obtain=OCCLUDED_DUKE.how_to_obtain,
)
_NAMING = Naming(
    pattern=re.compile(r"(?P<identity>[0-9]{4})_c(?P<camera>[1-8])_f[0-9]{7}\.jpg"),
    form="<identity>_c<camera>_f<frame>.jpg",
)


def read_occluded_duke(root: Path) -> DatasetSplits:
    """Read the folder that the script of its authors makes out of DukeMTMC-reID.

    Identities and cameras are integers, as in the file names; no identity is junk.

    Args:
        root: The folder that holds ``bounding_box_train/``, ``query/`` and ``bounding_box_test/``; or one
            of these; or a folder up to two levels above.

    Raises:
        DatasetError: the folders are not found, or one holds no image with a name of the expected form.
    """
    folder, notes = find_root(_LAYOUT, root)
    found = read_market_folders(_LAYOUT, folder, _NAMING)
    return OCCLUDED_DUKE.splits(
        folder, train=found.train, query=found.query, gallery=found.gallery, notes=(*notes, *found.notes)
    )
