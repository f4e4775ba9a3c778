"""Readers: each turns one way of keeping data on disk into `DatasetSplits`, without torch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from reidkit.core import catalog
from reidkit.core.errors import CatalogError
from reidkit.core.types import DatasetSplits
from reidkit.data.readers import (
    attribute,
    classic,
    occluded,
    own,
    person,
    retrieval,
    train_only,
    vehicle,
    video,
)
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.folder import read_folder
from reidkit.data.readers.manifest import read_manifest

READERS: dict[str, Callable[..., DatasetSplits]] = {
    "folder": read_folder,
    "manifest": read_manifest,
    **own.READERS,
    **person.READERS,
    **classic.READERS,
    **occluded.READERS,
    **train_only.READERS,
    **vehicle.READERS,
    **video.READERS,
    **retrieval.READERS,
    **attribute.READERS,
}
"""Every reader takes the root folder, and options as keyword arguments."""

_FAMILIES = (person, classic, occluded, train_only, vehicle, video, retrieval, attribute)

BENCHMARKS: dict[str, Benchmark] = {
    benchmark.name: benchmark for family in _FAMILIES for benchmark in family.BENCHMARKS
}
"""What is known of each published data set before it is read; one for every reader of one."""


def read_dataset(reader: str, root: str | Path, **options: Any) -> DatasetSplits:  # noqa: ANN401 - the reader's
    """Read a data set with the reader of this name.

    Args:
        reader: A key of `READERS`, or a path such as ``"mylab.data:read_zoo"`` to a function of your own.
        root: Folder (or manifest) of the data.
        options: Arguments of the reader.

    Raises:
        CatalogError: unknown reader, an option it does not take, or one of a wrong value; or a reader of
            your own that returned something else.
        DatasetError: the data is missing, empty or not of the expected form.
    """
    splits = catalog.build("reader", reader, READERS, options, root=Path(root))
    if not isinstance(splits, DatasetSplits):
        raise CatalogError(
            f"Reader '{reader}' returned a wrong type, got {type(splits).__name__}. Expected DatasetSplits."
        )
    return splits
