"""Images of birds, cars, clothes and products: general retrieval."""

from collections.abc import Callable

from reidkit.core.types import DatasetSplits
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.retrieval.cars196 import CARS196, read_cars196
from reidkit.data.readers.retrieval.cub200 import CUB200, read_cub200
from reidkit.data.readers.retrieval.inshop import INSHOP, read_inshop
from reidkit.data.readers.retrieval.sop import SOP, read_sop

READERS: dict[str, Callable[..., DatasetSplits]] = {
    "cub200": read_cub200,
    "cars196": read_cars196,
    "sop": read_sop,
    "inshop": read_inshop,
}

BENCHMARKS: tuple[Benchmark, ...] = (CUB200, CARS196, SOP, INSHOP)
