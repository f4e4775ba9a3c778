"""PRID450S: 450 people, one image each from two cameras above a street."""

import re
from pathlib import Path

from reidkit.core.types import DatasetSplits, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.classic.halves import read_camera_folders, split_in_halves
from reidkit.data.readers.classic.listed_splits import split_as_listed
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.naming import Naming

PRID450S = Benchmark(
    name="prid450s",
    title="PRID450S",
    kind="person",
    reference=(
        "Roth, Hirzer, Koestinger, Beleznai, Bischof, Mahalanobis Distance Learning for Person "
        "Re-Identification, in Person Re-Identification, Springer 2014"
    ),
    how_to_obtain=(
        "How to obtain it: get prid_450s from the Institute of Computer Graphics and Vision of TU Graz, "
        "unpack it, and give the folder with cam_a and cam_b; reidkit downloads no images of people."
    ),
    terms="Published for research; ask its authors before any other use.",
    counts={
        "train": SplitCounts(identities=225, images=450, cameras=2),
        "query": SplitCounts(identities=225, images=225, cameras=1),
        "gallery": SplitCounts(identities=225, images=225, cameras=1),
    },
    num_splits=10,
)

_LAYOUT = Layout(
    title=PRID450S.title,
    alternatives=(("cam_a/", "cam_b/"),),
    name_hint="prid450s",
    how_to_obtain=PRID450S.how_to_obtain,
)
_NAMING = Naming(pattern=re.compile(r"img_(?P<identity>[0-9]+)\.png"), form="img_<identity>.png")


def read_prid450s(
    root: Path, *, split: int = 0, seed: int = 0, splits_file: str | Path | None = None
) -> DatasetSplits:
    """Read PRID450S: half of the people to learn from, the others of ``cam_a`` searched in ``cam_b``.

    Identities are the numbers in the file names, cameras are ``"a"`` and ``"b"``. The masks and maps of
    body parts beside the images are left out.

    Args:
        root: The folder with ``cam_a/`` and ``cam_b/``, one of these, or a folder up to two levels above.
        split: 0 to 9.
        seed: Another seed gives other halves.
        splits_file: The ``splits.json`` that Torchreid's first versions wrote, in the folder or up to two
            levels above, or an absolute path; takes the splits from there, whatever the seed. Query and
            gallery are both all images of both cameras there.

    Raises:
        CatalogError: ``split`` does not exist.
        DatasetError: the data is not found or not of this form, or the splits file does not fit.
    """
    folder, notes = find_root(_LAYOUT, root)
    data = read_camera_folders(_LAYOUT, folder, _NAMING, notes)
    if splits_file is not None:
        return split_as_listed(
            PRID450S, data.folder, data.samples, split=split, splits_file=splits_file, notes=data.notes
        )
    return split_in_halves(PRID450S, data, split=split, seed=seed)
