"""DukeMTMC-attribute: the images of DukeMTMC-reID with 23 attributes of every person; withdrawn."""

import re
from pathlib import Path

from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.attribute.identity_table import IdentityTable, read_identity_table
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.naming import Naming, read_named_folder

DUKEMTMC_ATTRIBUTE = Benchmark(
    name="dukemtmc_attribute",
    title="DukeMTMC-attribute",
    kind="person",
    reference=(
        "Lin, Zheng, Zheng, Wu, Hu, Yan, Yang, Improving Person Re-identification by Attribute and Identity "
        "Learning, Pattern Recognition 2019"
    ),
    how_to_obtain=(
        "How to obtain it: the images were withdrawn by their authors and are not given out any more; who "
        "has them from before puts duke_attribute.mat from github.com/vana77/DukeMTMC-attribute beside "
        "bounding_box_train/ and gives the folder; reidkit downloads no images of people."
    ),
    terms="Withdrawn in 2019: the people shown had not agreed; do not use it for new work or pass it on.",
    counts={
        "train": SplitCounts(identities=702, images=16522, cameras=8),
        "query": SplitCounts(identities=702, images=2228, cameras=8),
        # 702 people who are queried and 408 distractors.
        "gallery": SplitCounts(identities=1110, images=17661, cameras=8),
    },
    is_withdrawn=True,
)

_TABLES = ("duke_attribute.mat", "attribute/duke_attribute.mat", "DukeMTMC-attribute/duke_attribute.mat")
_LAYOUT = Layout(
    title=DUKEMTMC_ATTRIBUTE.title,
    alternatives=tuple(("bounding_box_train/", "query/", "bounding_box_test/", table) for table in _TABLES),
    name_hint="duke",
    how_to_obtain=DUKEMTMC_ATTRIBUTE.how_to_obtain,
)
_NAMING = Naming(
    pattern=re.compile(r"(?P<identity>[0-9]{4})_c(?P<camera>[0-9])_f[0-9]{7}\.jpg"),
    form="<identity>_c<camera>_f<frame>.jpg",
)


def read_dukemtmc_attribute(root: Path) -> DatasetSplits:
    """Read the images of DukeMTMC-reID with the attributes of their people.

    Identities and cameras are integers, as in the file names; people who are only in the gallery are
    distractors and keep their identities. Each sample has the 23 attributes of its identity under their
    names in the file. Values are numbers as there: 1 is no and 2 is yes (``hat``, ``boots``, ``backpack``,
    ``bag``, ``handbag`` and the 15 colours such as ``upred``, ``downblue``); ``gender`` is male (1) or
    female (2), ``top`` short or long, ``shoes`` dark or light.

    Args:
        root: The folder that holds ``bounding_box_train/``, ``query/``, ``bounding_box_test/`` and
            ``duke_attribute.mat``, which may also lie in ``attribute/`` or ``DukeMTMC-attribute/`` there;
            or one of these three; or a folder up to two levels above.

    Raises:
        DatasetError: the folders or the file are not found, a folder holds no image with a name of the
            expected form, or the file is damaged, of another form or of other images.
        MissingExtraError: SciPy is not installed.
    """
    folder, notes = find_root(_LAYOUT, root)
    path = next(folder / name for name in _TABLES if (folder / name).is_file())
    table = read_identity_table(DUKEMTMC_ATTRIBUTE.title, path, "duke_attribute")
    train, train_notes = _read_folder(folder / "bounding_box_train", table, "train")
    query, query_notes = _read_folder(folder / "query", table, "test")
    gallery, gallery_notes = _read_folder(folder / "bounding_box_test", table, "test")
    notes = (*notes, *train_notes, *query_notes, *gallery_notes)
    return DUKEMTMC_ATTRIBUTE.splits(folder, train=train, query=query, gallery=gallery, notes=notes)


def _read_folder(
    folder: Path, table: IdentityTable, split: str
) -> tuple[tuple[Sample, ...], tuple[str, ...]]:
    samples, notes = read_named_folder(_LAYOUT, folder, _NAMING)
    described, table_notes = table.describe(split, samples)
    return described, notes + table_notes
