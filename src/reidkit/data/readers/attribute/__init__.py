"""People with attribute labels."""

from collections.abc import Callable

from reidkit.core.types import DatasetSplits
from reidkit.data.readers.attribute.dukemtmc_attribute import DUKEMTMC_ATTRIBUTE, read_dukemtmc_attribute
from reidkit.data.readers.attribute.market1501_attribute import (
    MARKET1501_ATTRIBUTE,
    read_market1501_attribute,
)
from reidkit.data.readers.attribute.pa100k import PA100K, read_pa100k
from reidkit.data.readers.benchmark import Benchmark

READERS: dict[str, Callable[..., DatasetSplits]] = {
    "pa100k": read_pa100k,
    "market1501_attribute": read_market1501_attribute,
    "dukemtmc_attribute": read_dukemtmc_attribute,
}

BENCHMARKS: tuple[Benchmark, ...] = (PA100K, MARKET1501_ATTRIBUTE, DUKEMTMC_ATTRIBUTE)
