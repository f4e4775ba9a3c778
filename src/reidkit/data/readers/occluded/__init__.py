"""People who are partly hidden or cut off."""

from collections.abc import Callable

from reidkit.core.types import DatasetSplits
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.occluded.occluded_duke import OCCLUDED_DUKE, read_occluded_duke
from reidkit.data.readers.occluded.occluded_reid import OCCLUDED_REID, read_occluded_reid
from reidkit.data.readers.occluded.p_dukemtmc import P_DUKEMTMC, read_p_dukemtmc
from reidkit.data.readers.occluded.partial_ilids import PARTIAL_ILIDS, read_partial_ilids
from reidkit.data.readers.occluded.partial_reid import PARTIAL_REID, read_partial_reid

READERS: dict[str, Callable[..., DatasetSplits]] = {
    "partial_reid": read_partial_reid,
    "partial_ilids": read_partial_ilids,
    "occluded_reid": read_occluded_reid,
    "occluded_duke": read_occluded_duke,
    "p_dukemtmc": read_p_dukemtmc,
}

BENCHMARKS: tuple[Benchmark, ...] = (
    PARTIAL_REID,
    PARTIAL_ILIDS,
    OCCLUDED_REID,
    OCCLUDED_DUKE,
    P_DUKEMTMC,
)
