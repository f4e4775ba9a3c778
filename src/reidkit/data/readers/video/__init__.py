"""Tracklets of people."""

from collections.abc import Callable

from reidkit.core.types import DatasetSplits
from reidkit.data.readers.benchmark import Benchmark

READERS: dict[str, Callable[..., DatasetSplits]] = {}

BENCHMARKS: tuple[Benchmark, ...] = ()
