"""Images of people."""

from collections.abc import Callable

from reidkit.core.types import DatasetSplits
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.person.market1501 import MARKET1501, read_market1501

READERS: dict[str, Callable[..., DatasetSplits]] = {
    "market1501": read_market1501,
}

BENCHMARKS: tuple[Benchmark, ...] = (MARKET1501,)
