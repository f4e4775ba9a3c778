"""VIPeR: 632 people, one image each from two cameras outdoors."""

import re
from pathlib import Path

from reidkit.core.types import DatasetSplits, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.classic.halves import read_camera_folders, split_in_halves
from reidkit.data.readers.classic.listed_splits import split_as_listed
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.naming import Naming

VIPER = Benchmark(
    name="viper",
    title="VIPeR",
    kind="person",
    reference=(
        "Gray, Brennan, Tao, Evaluating Appearance Models for Recognition, Reacquisition, and Tracking, "
        "PETS 2007"
    ),
    how_to_obtain=(
        "How to obtain it: get VIPeR.v1.0.zip from the vision group of the University of California, Santa "
        "Cruz, unpack it, and give the folder with cam_a and cam_b; reidkit downloads no images of people."
    ),
    terms="Published for research; ask its authors before any other use.",
    counts={
        "train": SplitCounts(identities=316, images=632, cameras=2),
        "query": SplitCounts(identities=316, images=316, cameras=1),
        "gallery": SplitCounts(identities=316, images=316, cameras=1),
    },
    num_splits=20,
)

_LAYOUT = Layout(
    title=VIPER.title,
    alternatives=(("cam_a/", "cam_b/"),),
    name_hint="viper",
    how_to_obtain=VIPER.how_to_obtain,
)
_NAMING = Naming(
    pattern=re.compile(r"(?P<identity>[0-9]+)_(?P<angle>[0-9]+)\.bmp"), form="<identity>_<angle>.bmp"
)


def read_viper(
    root: Path, *, split: int = 0, seed: int = 0, splits_file: str | Path | None = None
) -> DatasetSplits:
    """Read VIPeR: half of the people to learn from, the others searched across the two cameras.

    There are 20 splits, ten random halves times two directions: an even split searches ``cam_a`` in
    ``cam_b``, and the odd one after it ``cam_b`` in ``cam_a`` with the same people, so that one model
    serves both. Published scores are means over ten random halves. Identities are the numbers in the file
    names, cameras are ``"a"`` and ``"b"``.

    Args:
        root: The folder with ``cam_a/`` and ``cam_b/``, one of these, or a folder up to two levels above.
        split: 0 to 19.
        seed: Another seed gives other halves.
        splits_file: Torchreid's ``splits.json``, in the folder or up to two levels above, or an absolute
            path; takes the splits from there, whatever the seed.

    Raises:
        CatalogError: ``split`` does not exist.
        DatasetError: the data is not found or not of this form, or the splits file does not fit.
    """
    folder, notes = find_root(_LAYOUT, root)
    data = read_camera_folders(_LAYOUT, folder, _NAMING, notes)
    if splits_file is not None:
        return split_as_listed(
            VIPER, data.folder, data.samples, split=split, splits_file=splits_file, notes=data.notes
        )
    return split_in_halves(VIPER, data, split=split, seed=seed, both_directions=True)
