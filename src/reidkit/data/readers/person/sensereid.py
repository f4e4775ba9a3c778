"""SenseReID: people before two cameras, to judge by only."""

import re
from pathlib import Path

from reidkit.core.types import DatasetSplits, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.naming import Naming, read_named_folder

SENSEREID = Benchmark(
    name="sensereid",
    title="SenseReID",
    kind="person",
    reference=(
        "Zhao, Tian, Sun, Shao, Yan, Yi, Wang, Tang, Spindle Net: Person Re-identification with Human Body "
        "Region Guided Feature Decomposition and Fusion, CVPR 2017"
    ),
    how_to_obtain=(
        "How to obtain it: ask its authors (Spindle Net, Haiyu Zhao and others) for SenseReID, unpack it, "
        "and give the folder; reidkit downloads no images of people."
    ),
    terms="For academic research only; do not publish or pass on the images of the people shown.",
    counts={
        "query": SplitCounts(identities=522, images=1040, cameras=2),
        "gallery": SplitCounts(identities=1717, images=3388, cameras=2),
    },
)

_QUERY_FOLDERS = ("test_probe", "test_prob")
"""As its readers name it; the second spelling is in circulation too."""

_LAYOUT = Layout(
    title=SENSEREID.title,
    alternatives=tuple((f"{query}/", "test_gallery/") for query in _QUERY_FOLDERS),
    name_hint="sensereid",
    how_to_obtain=SENSEREID.how_to_obtain,
)
_NAMING = Naming(
    pattern=re.compile(r"(?P<identity>[0-9]{5})_(?P<camera>[0-9])\.jpg"),
    form="<identity>_<camera>.jpg",
)


def read_sensereid(root: Path) -> DatasetSplits:
    """Read SenseReID in place; nothing is learned from it.

    Identities and cameras are integers, as in the file names (cameras 0 and 1). 1195 of the 1717 people in
    the gallery are distractors.

    Args:
        root: The folder that holds ``test_probe/`` (or ``test_prob/``) and ``test_gallery/``; or one of
            these; or a folder up to two levels above.

    Raises:
        DatasetError: the folders are not found, or one holds no image with a name of the expected form.
    """
    folder, notes = find_root(_LAYOUT, root)
    query_folder = next(folder / name for name in _QUERY_FOLDERS if (folder / name).is_dir())
    query, query_notes = read_named_folder(_LAYOUT, query_folder, _NAMING)
    gallery, gallery_notes = read_named_folder(_LAYOUT, folder / "test_gallery", _NAMING)
    return SENSEREID.splits(
        folder, query=query, gallery=gallery, notes=(*notes, *query_notes, *gallery_notes)
    )
