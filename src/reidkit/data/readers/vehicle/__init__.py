"""Images of vehicles."""

from collections.abc import Callable

from reidkit.core.types import DatasetSplits
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.vehicle.vehicleid import VEHICLEID, read_vehicleid
from reidkit.data.readers.vehicle.veri776 import VERI776, read_veri776
from reidkit.data.readers.vehicle.veriwild import VERIWILD, read_veriwild

READERS: dict[str, Callable[..., DatasetSplits]] = {
    "veri776": read_veri776,
    "vehicleid": read_vehicleid,
    "veriwild": read_veriwild,
}

BENCHMARKS: tuple[Benchmark, ...] = (VERI776, VEHICLEID, VERIWILD)
