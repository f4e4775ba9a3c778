"""Torchreid's data sets: lists of (path or paths, pid, camid), which users subclass, add and iterate."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from PIL import Image
from torch import Tensor

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import Sample
from reidkit.data.frames import sample_evenly, sample_randomly
from reidkit.data.images import read_image

Item = tuple[Any, int, int, int]
"""(path or paths, pid, camid, dsetid), as Torchreid has it."""

MODES = ("train", "query", "gallery")
SAMPLE_METHODS = ("evenly", "random", "all")


class Dataset(torch.utils.data.Dataset[dict[str, Any]]):
    """Training, query and gallery lists, one of which is iterated.

    Users subclass `ImageDataset` or `VideoDataset`, make three lists in ``__init__``, hand them to this one
    and register the class. Two data sets add up: the training lists are joined, identities and cameras of
    the second numbered after those of the first.

    Args:
        train: Of (path or paths, pid, camid), pids 0 to C - 1.
        query: The same, with any numbers.
        gallery: The same.
        transform: From a Pillow image to a tensor.
        k_tfm: How often the transform is applied; the item holds a list of images where it is above 1.
        mode: Which list is iterated.
        combineall: Whether query and gallery identities are learned from too.
        verbose: Whether to print counts.
        **kwargs: What a manager passes to every data set; a class takes what it knows of them.

    Raises:
        CatalogError: an unknown mode, or k_tfm below 1.

    Differs:
        Empty lists are taken: only what is iterated has to be there. A camera number beyond the count of
        cameras cannot collide when data sets are added: the second starts after the largest number of the
        first. A query identity that the gallery lacks is combined like any other. ``k_tfm`` survives adding.
    """

    _junk_pids: ClassVar[list[int]] = []
    _train_only: ClassVar[bool] = False

    def __init__(
        self,
        train: Sequence[tuple[Any, ...]],
        query: Sequence[tuple[Any, ...]],
        gallery: Sequence[tuple[Any, ...]],
        transform: Callable[[Image.Image], Tensor] | None = None,
        k_tfm: int = 1,
        mode: str = "train",
        combineall: bool = False,
        verbose: bool = True,
        **kwargs: Any,  # noqa: ANN401 - Torchreid's signature
    ) -> None:
        super().__init__()
        del kwargs
        if mode not in MODES:
            raise CatalogError(f"Unknown mode '{mode}'. Known: {', '.join(MODES)}.")
        if k_tfm < 1:
            raise CatalogError(f"Number of views k_tfm is too small, got {k_tfm}. Expected at least 1.")
        self.train = [_with_dataset(item) for item in train]
        self.query = [_with_dataset(item) for item in query]
        self.gallery = [_with_dataset(item) for item in gallery]
        self.transform = transform
        self.k_tfm = k_tfm
        self.mode = mode
        self.combineall = combineall
        self.verbose = verbose
        if combineall:
            self.combine_all()
        if verbose and mode == "train":
            self.show_summary()

    @property
    def data(self) -> list[Item]:
        """The list of the mode."""
        lists: dict[str, list[Item]] = {"train": self.train, "query": self.query, "gallery": self.gallery}
        return lists[self.mode]

    @property
    def num_train_pids(self) -> int:
        """Training identities."""
        return self.get_num_pids(self.train)

    @property
    def num_train_cams(self) -> int:
        """Training cameras."""
        return self.get_num_cams(self.train)

    @property
    def num_datasets(self) -> int:
        """Data sets that were added up."""
        return self.get_num_datasets(self.train)

    def __len__(self) -> int:
        """Return the items of the mode."""
        return len(self.data)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return one item; `ImageDataset` and `VideoDataset` say what it holds."""
        raise NotImplementedError

    def __add__(self, other: "Dataset") -> "Dataset":  # type: ignore[override]
        """Return a data set whose training list is both."""
        pids, cams = self.num_train_pids, _after(self.train, 2)
        sets = _after(self.train, 3)
        joined = [
            *self.train,
            *((path, pid + pids, cam + cams, part + sets) for path, pid, cam, part in other.train),
        ]
        return self._again(joined)

    def __radd__(self, other: "Dataset | int") -> "Dataset":
        """Let `sum` add data sets."""
        return self if isinstance(other, int) else other + self

    def _again(self, train: list[Item]) -> "Dataset":
        raise NotImplementedError

    def combine_all(self) -> None:
        """Put the identities of query and gallery after those of the training list, but for junk."""
        if self._train_only:
            return
        tested = [item for item in (*self.query, *self.gallery) if item[1] not in self._junk_pids]
        numbers = {pid: number for number, pid in enumerate(sorted({item[1] for item in tested}))}
        start = self.num_train_pids
        added = [(path, numbers[pid] + start, cam, part) for path, pid, cam, part in tested]
        self.train = [*self.train, *added]

    def get_num_pids(self, data: Sequence[Item]) -> int:
        """Return the identities of a list."""
        return len({item[1] for item in data})

    def get_num_cams(self, data: Sequence[Item]) -> int:
        """Return the cameras of a list."""
        return len({item[2] for item in data})

    def get_num_datasets(self, data: Sequence[Item]) -> int:
        """Return the data sets of a list."""
        return len({item[3] for item in data})

    def check_before_run(self, required_files: str | Path | Sequence[str | Path]) -> None:
        """Refuse to go on without files that have to be there.

        Raises:
            DatasetError: one is missing.
        """
        wanted = [required_files] if isinstance(required_files, str | Path) else required_files
        for path in wanted:
            if not Path(path).exists():
                raise DatasetError(f"Data set is incomplete, got no {path}. Expected it to be there.")

    def download_dataset(self, dataset_dir: str | Path, dataset_url: str | None) -> None:
        """Say where a data set has to be fetched from, unless it is there.

        Raises:
            DatasetError: it is not.

        Differs:
            Nothing is fetched: the addresses are dead, or need an agreement with the authors.
        """
        if not Path(dataset_dir).exists():
            raise DatasetError(
                f"Data set is not there, got no folder {dataset_dir}. Expected it to be prepared by hand"
                f"{f', from {dataset_url}' if dataset_url else ''}."
            )

    def show_summary(self) -> None:
        """Print identities, items and cameras of the three lists."""
        print(self)  # noqa: T201 - Torchreid prints

    def __repr__(self) -> str:
        """Return a table of counts."""
        rows = [
            f"  {mode:<8} | {self.get_num_pids(items):>6} | {len(items):>8} | {self.get_num_cams(items):>9}"
            for mode, items in (("train", self.train), ("query", self.query), ("gallery", self.gallery))
        ]
        head = "  subset   | # ids  | # items  | # cameras"
        return "\n".join([f"=> {type(self).__name__}", head, *rows])


class ImageDataset(Dataset):
    """A data set of images; an item is a dict of img, pid, camid, impath and dsetid."""

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return one image, transformed, and what is known of it.

        Raises:
            ImageError: it cannot be read.
        """
        path, pid, camid, dsetid = self.data[index]
        image: Any = _open(path)
        if self.transform is not None:
            views = [self.transform(image) for _ in range(self.k_tfm)]
            image = views[0] if self.k_tfm == 1 else views
        return {"img": image, "pid": pid, "camid": camid, "impath": str(path), "dsetid": dsetid}

    def _again(self, train: list[Item]) -> "ImageDataset":
        return ImageDataset(
            train, self.query, self.gallery, self.transform, self.k_tfm, self.mode, verbose=False
        )


class VideoDataset(Dataset):
    """A data set of tracklets; an item is a dict of img (S, 3, H, W), pid, camid and dsetid.

    Args:
        train: Of (paths, pid, camid).
        query: The same.
        gallery: The same.
        seq_len: Frames S of a tracklet.
        sample_method: "evenly", "random" or "all".
        **kwargs: Of `Dataset`.

    Raises:
        CatalogError: an unknown sample_method, or no transform.

    Differs:
        "evenly" takes the middle of each of S equal parts, so that the end of a tracklet is seen too; see
        `reidkit.data.frames`. "random" takes different frames, and every one of a short tracklet.
    """

    def __init__(
        self,
        train: Sequence[tuple[Any, ...]],
        query: Sequence[tuple[Any, ...]],
        gallery: Sequence[tuple[Any, ...]],
        seq_len: int = 15,
        sample_method: str = "evenly",
        **kwargs: Any,  # noqa: ANN401 - Torchreid's signature
    ) -> None:
        super().__init__(train, query, gallery, **kwargs)
        if sample_method not in SAMPLE_METHODS:
            raise CatalogError(
                f"Unknown sample_method '{sample_method}'. Known: {', '.join(SAMPLE_METHODS)}."
            )
        if self.transform is None:
            raise CatalogError("Transform is missing, got None. Expected one, since frames are stacked.")
        self.seq_len = seq_len
        self.sample_method = sample_method

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return the frames of one tracklet, transformed, and what is known of it.

        Raises:
            ImageError: a frame cannot be read.
        """
        paths, pid, camid, dsetid = self.data[index]
        count = len(paths)
        if self.sample_method == "all":
            chosen = list(range(count))
        elif self.sample_method == "evenly":
            chosen = sample_evenly(count, self.seq_len).tolist()
        else:
            seed = int(torch.randint(2**31, ()))
            chosen = sample_randomly(count, self.seq_len, seed).tolist()
        assert self.transform is not None  # noqa: S101 - checked in __init__
        frames = torch.stack([self.transform(_open(paths[number])) for number in chosen])
        return {"img": frames, "pid": pid, "camid": camid, "dsetid": dsetid}

    def _again(self, train: list[Item]) -> "VideoDataset":
        return VideoDataset(
            train,
            self.query,
            self.gallery,
            self.seq_len,
            self.sample_method,
            transform=self.transform,
            mode=self.mode,
            verbose=False,
        )


def samples_of(data: Sequence[Item]) -> list[Sample]:
    """Return a list of Torchreid's as samples, for every other part of reidkit."""
    return [
        Sample(
            frames=tuple(Path(path) for path in (paths if isinstance(paths, tuple | list) else [paths])),
            identity=pid,
            camera=camid,
        )
        for paths, pid, camid, *_ in data
    ]


def _with_dataset(item: tuple[Any, ...]) -> Item:
    if len(item) not in (3, 4):
        raise DatasetError(
            f"Item of a data set has a wrong form, got {len(item)} entries: {item!r}. Expected (path, pid, "
            f"camid)."
        )
    path, pid, camid, *rest = item
    return path, int(pid), int(camid), int(rest[0]) if rest else 0


def _after(data: Sequence[Item], column: int) -> int:
    """Return the number after the largest one of a column."""
    return max((int(item[column]) for item in data), default=-1) + 1


def _open(path: str | Path) -> Image.Image:
    return Image.fromarray(read_image(Path(path)).permute(1, 2, 0).numpy())
