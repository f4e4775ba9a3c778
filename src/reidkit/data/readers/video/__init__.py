"""Tracklets of people."""

from collections.abc import Callable

from reidkit.core.types import DatasetSplits
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.video.dukemtmcvidreid import DUKEMTMCVIDREID, read_dukemtmcvidreid
from reidkit.data.readers.video.ilidsvid import ILIDSVID, read_ilidsvid
from reidkit.data.readers.video.lsvid import LSVID, read_lsvid
from reidkit.data.readers.video.mars import MARS, read_mars
from reidkit.data.readers.video.prid2011_video import PRID2011_VIDEO, read_prid2011_video

READERS: dict[str, Callable[..., DatasetSplits]] = {
    "dukemtmcvidreid": read_dukemtmcvidreid,
    "ilidsvid": read_ilidsvid,
    "lsvid": read_lsvid,
    "mars": read_mars,
    "prid2011_video": read_prid2011_video,
}

BENCHMARKS: tuple[Benchmark, ...] = (DUKEMTMCVIDREID, ILIDSVID, LSVID, MARS, PRID2011_VIDEO)
