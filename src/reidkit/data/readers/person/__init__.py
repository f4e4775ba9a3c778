"""Images of people; and of buildings, which are looked for in the same way."""

from collections.abc import Callable

from reidkit.core.types import DatasetSplits
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.person.cuhk02 import CUHK02, read_cuhk02
from reidkit.data.readers.person.cuhk03 import CUHK03, read_cuhk03
from reidkit.data.readers.person.cuhksysu import CUHKSYSU, read_cuhksysu
from reidkit.data.readers.person.dukemtmcreid import DUKEMTMCREID, read_dukemtmcreid
from reidkit.data.readers.person.market1501 import MARKET1501, read_market1501
from reidkit.data.readers.person.msmt17 import MSMT17, read_msmt17
from reidkit.data.readers.person.sensereid import SENSEREID, read_sensereid
from reidkit.data.readers.person.university1652 import UNIVERSITY1652, read_university1652

READERS: dict[str, Callable[..., DatasetSplits]] = {
    "market1501": read_market1501,
    "dukemtmcreid": read_dukemtmcreid,
    "msmt17": read_msmt17,
    "cuhk03": read_cuhk03,
    "cuhk02": read_cuhk02,
    "sensereid": read_sensereid,
    "cuhksysu": read_cuhksysu,
    "university1652": read_university1652,
}

BENCHMARKS: tuple[Benchmark, ...] = (
    MARKET1501,
    DUKEMTMCREID,
    MSMT17,
    CUHK03,
    CUHK02,
    SENSEREID,
    CUHKSYSU,
    UNIVERSITY1652,
)
