"""The data sets by Torchreid's names, each read by the reader of reidkit; and those that users register."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reidkit.compat.torchreid.data.dataset import Dataset, ImageDataset, VideoDataset
from reidkit.core.catalog import near_name
from reidkit.core.errors import CatalogError
from reidkit.core.types import DatasetSplits, Sample
from reidkit.data.dataset import identity_labels
from reidkit.data.readers import read_dataset


@dataclass(frozen=True, slots=True)
class Row:
    """A data set of Torchreid.

    Args:
        title: Torchreid's class of it.
        folder: Where it lies below the root.
        reader: Our key of its reader.
        junk: Identities that ``combineall`` leaves out.
        options: Our arguments by Torchreid's; a value is asked for with what was given.
        is_video: Whether it has tracklets.
        is_train_only: Whether it has no query and gallery.
    """

    title: str
    folder: str
    reader: str
    junk: tuple[str, ...] = ()
    options: Callable[[Mapping[str, Any]], dict[str, Any]] = field(default=lambda given: {})
    is_video: bool = False
    is_train_only: bool = False


def _split(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"split": given.get("split_id", 0)}


def _cuhk03(given: Mapping[str, Any]) -> dict[str, Any]:
    is_classic = given.get("cuhk03_classic_split", False)
    options: dict[str, Any] = {
        "version": "labeled" if given.get("cuhk03_labeled", False) else "detected",
        "protocol": "classic" if is_classic else "new",
    }
    return options | (_split(given) if is_classic else {})


ROWS: dict[str, Row] = {
    "market1501": Row(
        "Market1501",
        "market1501",
        "market1501",
        ("0", "0000", "-1"),
        lambda given: {"distractors_500k": given.get("market1501_500k", False)},
    ),
    "cuhk03": Row("CUHK03", "cuhk03", "cuhk03", options=_cuhk03),
    "dukemtmcreid": Row("DukeMTMCreID", "dukemtmc-reid", "dukemtmcreid"),
    "msmt17": Row("MSMT17", "msmt17", "msmt17"),
    "viper": Row("VIPeR", "viper", "viper", options=_split),
    "grid": Row("GRID", "grid", "grid", ("0", "0000"), _split),
    "cuhk01": Row("CUHK01", "cuhk01", "cuhk01", options=_split),
    "ilids": Row("iLIDS", "ilids", "ilids", options=_split),
    "sensereid": Row("SenseReID", "sensereid", "sensereid"),
    "prid": Row("PRID", "prid2011", "prid2011", options=_split),
    "cuhk02": Row("CUHK02", "cuhk02", "cuhk02"),
    "university1652": Row("University1652", "university1652", "university1652"),
    "cuhksysu": Row("CUHKSYSU", "cuhksysu", "cuhksysu", is_train_only=True),
    "mars": Row("Mars", "mars", "mars", is_video=True),
    "ilidsvid": Row("iLIDSVID", "ilids-vid", "ilidsvid", options=_split, is_video=True),
    "prid2011": Row("PRID2011", "prid2011", "prid2011_video", options=_split, is_video=True),
    "dukemtmcvidreid": Row("DukeMTMCVidReID", "dukemtmc-vidreid", "dukemtmcvidreid", is_video=True),
}


def read_lists(splits: DatasetSplits) -> tuple[list[Any], list[Any], list[Any]]:
    """Return the three splits as Torchreid's lists of (path or paths, pid, camid).

    Training identities are numbered 0 to C - 1. Test identities keep their number where they are numbers,
    else they are numbered in order; so are the cameras. Two unknown cameras are different ones where one
    belongs to a query and one to the gallery.
    """
    labels = identity_labels(splits.train)
    tested = {sample.identity for sample in (*splits.query, *splits.gallery)}
    pids = _numbers(tested)
    cameras = {sample.camera for samples in splits.by_split().values() for sample in samples}
    camids = _numbers(cameras - {None})
    beyond = len(cameras) + max(camids.values(), default=0)
    return (
        [
            _item(sample, labels[sample.identity], camids.get(sample.camera, beyond))
            for sample in splits.train
        ],
        [_item(sample, pids[sample.identity], camids.get(sample.camera, beyond)) for sample in splits.query],
        [
            _item(sample, pids[sample.identity], camids.get(sample.camera, beyond + 1))
            for sample in splits.gallery
        ],
    )


class _ReadImages(ImageDataset):
    """An image data set that a reader of reidkit reads."""

    row: Row

    def __init__(self, root: str | Path = "", **given: Any) -> None:  # noqa: ANN401 - Torchreid's signature
        lists = read_lists(_read(self.row, root, given))
        super().__init__(*lists, **given)


class _ReadTracklets(VideoDataset):
    """A video data set that a reader of reidkit reads."""

    row: Row

    def __init__(self, root: str | Path = "", **given: Any) -> None:  # noqa: ANN401 - Torchreid's signature
        train, query, gallery = (
            [(paths if isinstance(paths, tuple) else (paths,), pid, camid) for paths, pid, camid in items]
            for items in read_lists(_read(self.row, root, given))
        )
        super().__init__(train, query, gallery, **given)


def _dataset_class(row: Row) -> type[Dataset]:
    base = _ReadTracklets if row.is_video else _ReadImages
    content = {
        "row": row,
        "dataset_dir": row.folder,
        "_junk_pids": sorted({int(text) for text in row.junk}),
        "_train_only": row.is_train_only,
        "__doc__": f"{row.title}, read by the reader '{row.reader}'; see ``reidkit datasets {row.reader}``.",
    }
    return type(row.title, (base,), content)


IMAGE_DATASETS: dict[str, Callable[..., Dataset]] = {
    name: _dataset_class(row) for name, row in ROWS.items() if not row.is_video
}
VIDEO_DATASETS: dict[str, Callable[..., Dataset]] = {
    name: _dataset_class(row) for name, row in ROWS.items() if row.is_video
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a class by Torchreid's name
    """Return the class of a data set by Torchreid's name of it, such as ``datasets.Market1501``."""
    for key, row in ROWS.items():
        if row.title == name:
            return {**IMAGE_DATASETS, **VIDEO_DATASETS}[key]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def register_image_dataset(name: str, dataset: Callable[..., Dataset]) -> None:
    """Let `ImageDataManager` find a data set of yours.

    Args:
        name: What sources and targets will call it.
        dataset: Your class.

    Raises:
        CatalogError: the name is taken.
    """
    _register(IMAGE_DATASETS, name, dataset)


def register_video_dataset(name: str, dataset: Callable[..., Dataset]) -> None:
    """Let `VideoDataManager` find a data set of yours; see `register_image_dataset`."""
    _register(VIDEO_DATASETS, name, dataset)


def init_image_dataset(name: str, **kwargs: Any) -> Dataset:  # noqa: ANN401 - the data set's
    """Return an image data set by name.

    Raises:
        CatalogError: the name is unknown.
    """
    return _find(IMAGE_DATASETS, name)(**kwargs)


def init_video_dataset(name: str, **kwargs: Any) -> Dataset:  # noqa: ANN401 - the data set's
    """Return a video data set by name.

    Raises:
        CatalogError: the name is unknown.
    """
    return _find(VIDEO_DATASETS, name)(**kwargs)


def _register(known: dict[str, Callable[..., Dataset]], name: str, dataset: Callable[..., Dataset]) -> None:
    if name in known:
        raise CatalogError(f"Data set '{name}' is registered already. Expected another name.")
    known[name] = dataset


def _find(known: Mapping[str, Callable[..., Dataset]], name: str) -> Callable[..., Dataset]:
    if name not in known:
        raise CatalogError(f"Unknown data set '{name}'.{near_name(name, known)} Known: {', '.join(known)}.")
    return known[name]


def _read(row: Row, root: str | Path, given: Mapping[str, Any]) -> DatasetSplits:
    place = Path(root).expanduser()
    own = place / row.folder
    return read_dataset(row.reader, own if own.is_dir() else place, **row.options(given))


def _numbers(values: set[Hashable]) -> dict[Hashable, int]:
    """Return a number for each value: itself where all are numbers, else its place in the order."""
    texts = {value: str(value) for value in values}
    if all(text.removeprefix("-").isdecimal() for text in texts.values()):
        numbers = {value: int(text) for value, text in texts.items()}
        if len(set(numbers.values())) == len(values):
            return numbers
    return dict(identity_labels([Sample((), value) for value in values]))


def _item(sample: Sample, pid: int, camid: int) -> tuple[Any, int, int]:
    paths: Sequence[str] = tuple(str(frame) for frame in sample.frames)
    return (paths[0] if len(paths) == 1 else paths), pid, camid
