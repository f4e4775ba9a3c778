"""Sets of people without a test protocol, to learn from only.

Their keys are the names that FastReID has for them, in lower case; with ``_train`` where a reader of the
divided data set has the plain name.
"""

from collections.abc import Callable
from functools import partial

from reidkit.core.types import DatasetSplits
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.train_only import sets
from reidkit.data.readers.train_only.named_images import read_train_only

READERS: dict[str, Callable[..., DatasetSplits]] = {
    "airportalert": partial(read_train_only, sets.AIRPORT_ALERT),
    "pku": partial(read_train_only, sets.PKU),
    "prai": partial(read_train_only, sets.PRAI),
    "saivt": partial(read_train_only, sets.SAIVT),
    "sysu_mm": partial(read_train_only, sets.SYSU_MM),
    "thermalworld": partial(read_train_only, sets.THERMALWORLD),
    "pes3d": partial(read_train_only, sets.PES3D),
    "caviara": partial(read_train_only, sets.CAVIARA),
    "lpw": partial(read_train_only, sets.LPW),
    "shinpuhkan": partial(read_train_only, sets.SHINPUHKAN),
    "wildtrackcrop": partial(read_train_only, sets.WILDTRACK_CROP),
    "ilids_train": partial(read_train_only, sets.ILIDS_TRAIN),
    "prid_train": partial(read_train_only, sets.PRID_TRAIN),
    "grid_train": partial(read_train_only, sets.GRID_TRAIN),
    "viper_train": partial(read_train_only, sets.VIPER_TRAIN),
}

BENCHMARKS: tuple[Benchmark, ...] = tuple(images.benchmark for images in sets.TRAIN_ONLY_SETS)
