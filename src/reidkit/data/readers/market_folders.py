"""The three folders of Market-1501, which many later data sets took over."""

from dataclasses import dataclass
from pathlib import Path

from reidkit.core.types import Sample
from reidkit.data.readers.finding import Layout
from reidkit.data.readers.naming import Naming, read_named_folder

MARKET_FOLDERS = ("bounding_box_train/", "query/", "bounding_box_test/")
"""Train, query and gallery, as entries of a `Layout`."""


@dataclass(frozen=True, slots=True)
class MarketFolders:
    """Samples of the three folders, and notes about what was left out."""

    train: tuple[Sample, ...]
    query: tuple[Sample, ...]
    gallery: tuple[Sample, ...]
    notes: tuple[str, ...]


def read_market_folders(layout: Layout, folder: Path, naming: Naming) -> MarketFolders:
    """Return the samples of ``bounding_box_train``, ``query`` and ``bounding_box_test``, each sorted by name.

    Raises:
        DatasetError: one of them holds no image of such a name.
    """
    found = [read_named_folder(layout, folder / entry.rstrip("/"), naming) for entry in MARKET_FOLDERS]
    (train, train_notes), (query, query_notes), (gallery, gallery_notes) = found
    return MarketFolders(train, query, gallery, (*train_notes, *query_notes, *gallery_notes))
