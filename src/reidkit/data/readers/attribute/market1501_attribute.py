"""Market-1501-attribute: the images of Market-1501 with 27 attributes of every person."""

from pathlib import Path

from reidkit.core.types import DatasetSplits
from reidkit.data.readers.attribute.identity_table import read_identity_table
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.person.market1501 import MARKET1501, read_market1501

MARKET1501_ATTRIBUTE = Benchmark(
    name="market1501_attribute",
    title="Market-1501-attribute",
    kind="person",
    reference=(
        "Lin, Zheng, Zheng, Wu, Hu, Yan, Yang, Improving Person Re-identification by Attribute and Identity "
        "Learning, Pattern Recognition 2019"
    ),
    how_to_obtain=(
        "How to obtain it: obtain Market-1501, put market_attribute.mat from "
        "github.com/vana77/Market-1501_Attribute beside its bounding_box_train/ (or there into attribute/), "
        "and give the folder; reidkit downloads no images of people."
    ),
    terms=MARKET1501.terms,
    counts=MARKET1501.counts,
)

_TABLES = (
    "market_attribute.mat",
    "attribute/market_attribute.mat",
    "Market-1501_Attribute/market_attribute.mat",
)
_LAYOUT = Layout(
    title=MARKET1501_ATTRIBUTE.title,
    alternatives=tuple(("bounding_box_train/", "query/", "bounding_box_test/", table) for table in _TABLES),
    name_hint="market",
    how_to_obtain=MARKET1501_ATTRIBUTE.how_to_obtain,
)


def read_market1501_attribute(root: Path) -> DatasetSplits:
    """Read the Market-1501 archive with the attributes of its people.

    Train, query and gallery are those of the reader "market1501". Each sample has the 27 attributes of its
    identity under their names in the file. Values are numbers as there: 1 is no and 2 is yes (``hat``,
    ``backpack``, ``bag``, ``handbag`` and the 17 colours such as ``upred``, ``downblue``); ``gender`` is
    male (1) or female (2), ``hair`` short or long, ``up`` (sleeves) long or short, ``down`` (trousers or
    skirt) long or short, ``clothes`` dress or pants, ``age`` young, teenager, adult or old (1 to 4).
    Background images, identity 0, have none.

    Args:
        root: The folder that holds ``bounding_box_train/``, ``query/``, ``bounding_box_test/`` and
            ``market_attribute.mat``, which may also lie in ``attribute/`` or ``Market-1501_Attribute/``
            there; or one of these three; or a folder up to two levels above.

    Raises:
        DatasetError: the folders or the file are not found, a folder holds no image with a name of the
            expected form, or the file is damaged, of another form or of other images.
        MissingExtraError: SciPy is not installed.
    """
    folder, notes = find_root(_LAYOUT, root)
    path = next(folder / name for name in _TABLES if (folder / name).is_file())
    table = read_identity_table(MARKET1501_ATTRIBUTE.title, path, "market_attribute")
    base = read_market1501(folder)
    train, train_notes = table.describe("train", base.train)
    query, query_notes = table.describe("test", base.query)
    gallery, gallery_notes = table.describe("test", base.gallery)
    notes = (*notes, *base.notes, *train_notes, *query_notes, *gallery_notes)
    return MARKET1501_ATTRIBUTE.splits(folder, train=train, query=query, gallery=gallery, notes=notes)
