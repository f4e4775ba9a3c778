"""Torchreid's data module: data managers, and data sets that users subclass and register."""

from reidkit.compat.torchreid.data import datasets, sampler, transforms
from reidkit.compat.torchreid.data.dataset import Dataset, ImageDataset, VideoDataset
from reidkit.compat.torchreid.data.datasets import register_image_dataset, register_video_dataset
from reidkit.compat.torchreid.data.managers import ImageDataManager, VideoDataManager

__all__ = [
    "Dataset",
    "ImageDataManager",
    "ImageDataset",
    "VideoDataManager",
    "VideoDataset",
    "datasets",
    "register_image_dataset",
    "register_video_dataset",
    "sampler",
    "transforms",
]
