"""Where a result comes from: versions, machine, command, and a fingerprint of the data."""

import hashlib
import importlib.metadata
import os
import platform
import sys
from collections.abc import Hashable, Mapping
from datetime import UTC, datetime
from typing import Any

from reidkit.core.types import DatasetSplits, Sample

PACKAGES = ("reidkit", "torch", "torchvision", "numpy", "pillow", "safetensors", "lightning", "timm")


def library_versions() -> dict[str, str]:
    """Return the versions of Python, reidkit and the libraries that a result depends on."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def describe_environment() -> dict[str, Any]:
    """Return versions, machine, command line and the time now."""
    return {
        "versions": library_versions(),
        "platform": platform.platform(),
        "cpu_count": os.cpu_count(),
        "command": sys.argv,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def describe_data(splits: DatasetSplits) -> dict[str, Any]:
    """Return name, number of the split, counts, terms, and a fingerprint of a data set.

    The fingerprint is a hash of every sample's path below the root, identity and camera: it tells whether
    two runs saw the same files under the same labels, wherever the folder lies. Pixels are not read.
    """
    digest = hashlib.sha256()
    counts = {}
    for split, samples in splits.by_split().items():
        counts[split] = {
            "images": len(samples),
            "identities": len({sample.identity for sample in samples}),
            "cameras": len({sample.camera for sample in samples} - {None}),
        }
        for sample in samples:
            digest.update(repr((split, _names(sample, splits), sample.identity, sample.camera)).encode())
    return {
        "name": splits.name,
        **({} if splits.split is None else {"split": splits.split, "num_splits": splits.num_splits}),
        "root": str(splits.root.absolute()),
        "splits": counts,
        "terms": splits.terms,
        "fingerprint": digest.hexdigest()[:16],
    }


def identity_fingerprint(labels: Mapping[Hashable, int]) -> str:
    """Return 16 hexadecimal digits that tell whether two classifiers have the same identities in order."""
    ordered = sorted(labels, key=lambda identity: labels[identity])
    return hashlib.sha256(repr(ordered).encode()).hexdigest()[:16]


def _names(sample: Sample, splits: DatasetSplits) -> list[str]:
    folder = splits.root if splits.root.is_dir() else splits.root.parent
    return [
        (frame.relative_to(folder) if frame.is_relative_to(folder) else frame).as_posix()
        for frame in sample.frames
    ]
