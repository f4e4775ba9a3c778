"""Data of your own in forms that other tools write."""

from collections.abc import Callable

from reidkit.core.types import DatasetSplits
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.own.layumi import read_layumi
from reidkit.data.readers.own.list_file import read_list_file
from reidkit.data.readers.own.motchallenge import read_motchallenge

READERS: dict[str, Callable[..., DatasetSplits]] = {
    "layumi": read_layumi,
    "list_file": read_list_file,
    "motchallenge": read_motchallenge,
}

BENCHMARKS: tuple[Benchmark, ...] = ()
