"""Torchreid's data managers: the loaders of a run, from names of data sets."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader

from reidkit.compat.torchreid.data.dataset import Dataset, Item
from reidkit.compat.torchreid.data.datasets import init_image_dataset, init_video_dataset
from reidkit.compat.torchreid.data.sampler import build_train_sampler
from reidkit.compat.torchreid.data.transforms import build_transforms
from reidkit.core.errors import CatalogError

Loader = DataLoader[dict[str, Any]]


class DataManager:
    """What both data managers share.

    Args:
        sources: Names of the data sets to learn from.
        targets: Names of those to be judged on; None takes the sources.
        height: Of the network input.
        width: Of the network input.
        transforms: Names of random changes; see `build_transforms`.
        norm_mean: Per channel; None takes ImageNet's.
        norm_std: Per channel.
        use_gpu: Whether batches lie in page-locked memory, where there is a GPU.

    Raises:
        CatalogError: no sources.
    """

    data_type = ""

    def __init__(
        self,
        sources: str | Sequence[str] | None = None,
        targets: str | Sequence[str] | None = None,
        height: int = 256,
        width: int = 128,
        transforms: str | Sequence[str] | None = "random_flip",
        norm_mean: Sequence[float] | None = None,
        norm_std: Sequence[float] | None = None,
        use_gpu: bool = False,
    ) -> None:
        if not sources:
            raise CatalogError("Argument sources is missing, got none. Expected the name of a data set.")
        self.sources = [sources] if isinstance(sources, str) else list(sources)
        targets = targets or self.sources
        self.targets = [targets] if isinstance(targets, str) else list(targets)
        self.height = height
        self.width = width
        self.use_gpu = torch.cuda.is_available() and use_gpu
        self.transform_tr, self.transform_te = build_transforms(
            height, width, transforms, norm_mean, norm_std
        )
        self.train_set: Dataset
        self.train_loader: Loader
        self.test_loader: dict[str, dict[str, Loader]] = {}
        self.test_dataset: dict[str, dict[str, list[Item]]] = {}

    @property
    def num_train_pids(self) -> int:
        """Training identities."""
        return self.train_set.num_train_pids

    @property
    def num_train_cams(self) -> int:
        """Training cameras."""
        return self.train_set.num_train_cams

    def fetch_test_loaders(self, name: str) -> tuple[list[Item], list[Item]]:
        """Return the query and gallery lists of a target, which Torchreid's name calls loaders."""
        return self.test_dataset[name]["query"], self.test_dataset[name]["gallery"]

    def preprocess_pil_img(self, img: Image.Image) -> Tensor:
        """Return a Pillow image as network input."""
        return self.transform_te(img)

    def _load(self, init: Any, given: Mapping[str, Any], test_given: Mapping[str, Any]) -> None:  # noqa: ANN401
        """Read sources and targets, each once."""
        options = {"verbose": True, **given}
        self.train_set = sum(
            init(name, mode="train", transform=self.transform_tr, **options) for name in self.sources
        )
        for name in self.targets:
            shared = {**given, **test_given, "transform": self.transform_te, "verbose": False}
            query = init(name, mode="query", **shared)
            gallery = copy.copy(query)
            gallery.mode = "gallery"
            self.test_dataset[name] = {"query": query.query, "gallery": gallery.gallery}
            self.test_loader[name] = {
                "query": self._test_loader(query, given["batch_size_test"], given["workers"]),
                "gallery": self._test_loader(gallery, given["batch_size_test"], given["workers"]),
            }

    def _train_loader(self, train_set: Dataset, sampler: str, given: Mapping[str, Any]) -> Loader:
        batches = build_train_sampler(
            train_set.train,
            sampler,
            given["batch_size_train"],
            given["num_instances"],
            given["num_cams"],
            given["num_datasets"],
        )
        return DataLoader(
            train_set, batch_sampler=batches, num_workers=given["workers"], pin_memory=self.use_gpu
        )

    def _test_loader(self, dataset: Dataset, batch_size: int, workers: int) -> Loader:
        return DataLoader(
            dataset, batch_size=batch_size, num_workers=workers, pin_memory=self.use_gpu, shuffle=False
        )


class ImageDataManager(DataManager):
    """The loaders of image data sets.

    Args:
        root: Folder of all data sets.
        sources: See `DataManager`.
        targets: See `DataManager`.
        height: Of the network input.
        width: Of the network input.
        transforms: See `build_transforms`.
        k_tfm: How often a training image is transformed.
        norm_mean: Per channel; None takes ImageNet's.
        norm_std: Per channel.
        use_gpu: Whether batches lie in page-locked memory.
        split_id: Split of the data sets that have several, counted from 0.
        combineall: Whether to learn from the test identities of the sources too.
        load_train_targets: Whether ``train_loader_t`` gives the training images of the targets.
        batch_size_train: Images per training batch.
        batch_size_test: Images per test batch.
        workers: Processes that read images.
        num_instances: Images of an identity in a batch of RandomIdentitySampler.
        num_cams: Cameras in a batch of RandomDomainSampler.
        num_datasets: Data sets in a batch of RandomDatasetSampler.
        train_sampler: See `build_train_sampler`.
        train_sampler_t: Of ``train_loader_t``.
        cuhk03_labeled: Whether CUHK03 takes the boxes drawn by hand.
        cuhk03_classic_split: Whether CUHK03 takes the 20 old splits.
        market1501_500k: Whether Market-1501 takes its 500,000 distractors.

    Raises:
        CatalogError: an unknown name, or sources that are targets with load_train_targets.
        DatasetError: data that is not there.

    Differs:
        ``combineall`` never touches a target.
    """

    data_type = "image"

    def __init__(
        self,
        root: str | Path = "",
        sources: str | Sequence[str] | None = None,
        targets: str | Sequence[str] | None = None,
        height: int = 256,
        width: int = 128,
        transforms: str | Sequence[str] | None = "random_flip",
        k_tfm: int = 1,
        norm_mean: Sequence[float] | None = None,
        norm_std: Sequence[float] | None = None,
        use_gpu: bool = True,
        split_id: int = 0,
        combineall: bool = False,
        load_train_targets: bool = False,
        batch_size_train: int = 32,
        batch_size_test: int = 32,
        workers: int = 4,
        num_instances: int = 4,
        num_cams: int = 1,
        num_datasets: int = 1,
        train_sampler: str = "RandomSampler",
        train_sampler_t: str = "RandomSampler",
        cuhk03_labeled: bool = False,
        cuhk03_classic_split: bool = False,
        market1501_500k: bool = False,
    ) -> None:
        super().__init__(sources, targets, height, width, transforms, norm_mean, norm_std, use_gpu)
        given = {
            "root": root,
            "split_id": split_id,
            "combineall": combineall,
            "k_tfm": k_tfm,
            "cuhk03_labeled": cuhk03_labeled,
            "cuhk03_classic_split": cuhk03_classic_split,
            "market1501_500k": market1501_500k,
            "batch_size_train": batch_size_train,
            "batch_size_test": batch_size_test,
            "workers": workers,
            "num_instances": num_instances,
            "num_cams": num_cams,
            "num_datasets": num_datasets,
        }
        self._load(init_image_dataset, given, {"combineall": False, "k_tfm": 1})
        self.train_loader = self._train_loader(self.train_set, train_sampler, given)
        self.train_loader_t: Loader | None = None
        if load_train_targets:
            both = set(self.sources) & set(self.targets)
            if both:
                raise CatalogError(
                    f"Sources and targets overlap, got {', '.join(sorted(both))} in both with "
                    f"load_train_targets. Expected different data sets."
                )
            options = {**given, "combineall": False, "mode": "train", "transform": self.transform_tr}
            target_set = sum(init_image_dataset(name, verbose=False, **options) for name in self.targets)
            self.train_loader_t = self._train_loader(target_set, train_sampler_t, given)  # type: ignore[arg-type]


class VideoDataManager(DataManager):
    """The loaders of video data sets.

    Args:
        root: Folder of all data sets.
        sources: See `DataManager`.
        targets: See `DataManager`.
        height: Of the network input.
        width: Of the network input.
        transforms: See `build_transforms`.
        norm_mean: Per channel; None takes ImageNet's.
        norm_std: Per channel.
        use_gpu: Whether batches lie in page-locked memory.
        split_id: Split of the data sets that have several, counted from 0.
        combineall: Whether to learn from the test identities of the sources too.
        batch_size_train: Tracklets per training batch.
        batch_size_test: Tracklets per test batch.
        workers: Processes that read images.
        num_instances: Tracklets of an identity in a batch of RandomIdentitySampler.
        num_cams: Cameras in a batch of RandomDomainSampler.
        num_datasets: Data sets in a batch of RandomDatasetSampler.
        train_sampler: See `build_train_sampler`.
        seq_len: Frames of a tracklet.
        sample_method: See `VideoDataset`.

    Raises:
        CatalogError: an unknown name.
        DatasetError: data that is not there.

    Differs:
        Test tracklets are never sampled at random: "random" is for training, and the test takes "evenly".
    """

    data_type = "video"

    def __init__(
        self,
        root: str | Path = "",
        sources: str | Sequence[str] | None = None,
        targets: str | Sequence[str] | None = None,
        height: int = 256,
        width: int = 128,
        transforms: str | Sequence[str] | None = "random_flip",
        norm_mean: Sequence[float] | None = None,
        norm_std: Sequence[float] | None = None,
        use_gpu: bool = True,
        split_id: int = 0,
        combineall: bool = False,
        batch_size_train: int = 3,
        batch_size_test: int = 3,
        workers: int = 4,
        num_instances: int = 4,
        num_cams: int = 1,
        num_datasets: int = 1,
        train_sampler: str = "RandomSampler",
        seq_len: int = 15,
        sample_method: str = "evenly",
    ) -> None:
        super().__init__(sources, targets, height, width, transforms, norm_mean, norm_std, use_gpu)
        given = {
            "root": root,
            "split_id": split_id,
            "combineall": combineall,
            "seq_len": seq_len,
            "sample_method": sample_method,
            "batch_size_train": batch_size_train,
            "batch_size_test": batch_size_test,
            "workers": workers,
            "num_instances": num_instances,
            "num_cams": num_cams,
            "num_datasets": num_datasets,
        }
        tested = "evenly" if sample_method == "random" else sample_method
        self._load(init_video_dataset, given, {"combineall": False, "sample_method": tested})
        self.train_loader = self._train_loader(self.train_set, train_sampler, given)
