"""The folder that the baseline of layumi prepares: one folder per identity below each split."""

import re
from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.core.types import DatasetSplits
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.folder import CAMERA_PATTERN, read_split_folders

_LAYOUT = Layout(
    title="layumi's folder",
    alternatives=(
        ("train/", "query/", "gallery/"),
        ("train_all/", "query/", "gallery/"),
        ("query/", "gallery/"),
    ),
    name_hint="pytorch",
    how_to_obtain="prepare.py of Person_reID_baseline_pytorch makes it of Market-1501.",
)


def read_layumi(root: Path, *, train_all: bool = False) -> DatasetSplits:
    """Read the splits as ``prepare.py`` makes them.

    ``train`` has all but the first image of each identity, ``train_all`` has those too; ``val`` holds them
    alone and is not read. ``multi-query`` holds further images of the queries' individuals, which the
    protocol "multi-query" takes the mean over. The junk folder ``-1`` stays in the gallery, where the
    protocol of the data set leaves it out.

    Args:
        root: The folder ``pytorch``, or one above it.
        train_all: Whether to learn from every image of the training identities.

    Raises:
        DatasetError: no such folders, a folder without images, or no ``train_all`` where it is wanted.
    """
    folder, notes = find_root(_LAYOUT, root, levels_down=2)
    train = folder / ("train_all" if train_all else "train")
    if train_all and not train.is_dir():
        raise DatasetError(
            f"Folder {folder} has no train_all/. Expected what prepare.py makes. Leave train_all out to "
            f"learn from train/."
        )
    places = {"train": train, **{name: folder / name for name in ("query", "gallery", "multi-query")}}
    present = {name: place for name, place in places.items() if place.is_dir()}
    samples, found = read_split_folders(present, re.compile(CAMERA_PATTERN))
    return DatasetSplits(
        name="layumi",
        root=folder,
        train=samples.get("train", ()),
        query=samples["query"],
        gallery=samples["gallery"],
        protocol="market1501-trapezoid",
        notes=(*notes, *found),
        query_support=samples.get("multi-query", ()),
    )
