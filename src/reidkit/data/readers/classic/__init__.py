"""Small sets of people from before deep learning, whose scores are means over many splits."""

from collections.abc import Callable

from reidkit.core.types import DatasetSplits
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.classic.cuhk01 import CUHK01, read_cuhk01
from reidkit.data.readers.classic.grid import GRID, read_grid
from reidkit.data.readers.classic.ilids import ILIDS, read_ilids
from reidkit.data.readers.classic.prid450s import PRID450S, read_prid450s
from reidkit.data.readers.classic.prid2011 import PRID2011, read_prid2011
from reidkit.data.readers.classic.viper import VIPER, read_viper

READERS: dict[str, Callable[..., DatasetSplits]] = {
    "viper": read_viper,
    "grid": read_grid,
    "cuhk01": read_cuhk01,
    "prid450s": read_prid450s,
    "prid2011": read_prid2011,
    "ilids": read_ilids,
}

BENCHMARKS: tuple[Benchmark, ...] = (VIPER, GRID, CUHK01, PRID450S, PRID2011, ILIDS)
