import pytest

from reidkit.core.types import SplitCounts
from reidkit.data.readers import BENCHMARKS, READERS, read_dataset
from reidkit.data.readers.train_only.sets import TRAIN_ONLY_SETS
from tests.data.readers.train_only.trees import TRAIN_ONLY

FACTS = {
    "airportalert": [(11001, "cam1"), (11001, "cam2")],
    "pku": [(114, 2), (1, 1)],
    "prai": [(1, 1), (1581, 2)],
    "saivt": [(1, 3), (152, 8)],
    "sysu_mm": [(1, 1), (1, 2), (1, 4), (1, 5)],
    "thermalworld": [(0, None), (408, None)],
    "pes3d": [(1, None), (192, None)],
    "caviara": [(1, None), (72, None)],
    "lpw": [("scen1-1", "scen1-view1"), ("scen2-1", "scen2-view1"), ("scen3-7", "scen3-view4")],
    "shinpuhkan": [(1, 3), (24, 16)],
    "wildtrackcrop": [(0, 0), (312, 6)],
    "ilids_train": [(1, 1), (119, 2)],
    "prid_train": [(1, "a"), (200, "b")],
    "grid_train": [(1, 1), (250, 8)],
    "viper_train": [(1, "a"), (1, "b")],
}


@pytest.fixture
def read(tmp_path, jpeg):
    def read_set(name):
        return read_dataset(name, TRAIN_ONLY[name].write(tmp_path / name, jpeg))

    return read_set


def test_every_set_has_a_row_and_facts():
    assert [images.benchmark.name for images in TRAIN_ONLY_SETS] == list(TRAIN_ONLY)
    assert set(FACTS) == set(TRAIN_ONLY) <= set(READERS)
    assert len(FACTS) == 15


@pytest.mark.parametrize("name", FACTS)
def test_set_gives_identity_and_camera_of_each_path(read, name):
    splits = read(name)
    assert [(sample.identity, sample.camera) for sample in splits.train] == FACTS[name]


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("airportalert", "AirportALERT/: 1 image of identities below 11001 left out."),
        ("grid_train", "images/: 1 image of identities below 1 left out."),
        ("viper_train", "Its people are also those of the reader 'viper': do not judge"),
        ("prid_train", "Its people are also those of the reader 'prid2011': do not judge"),
        ("sysu_mm", "SYSU-MM01/: 2 files left out, not named cam<1, 2, 4 or 5>/"),
    ],
)
def test_set_notes_what_a_person_must_know(read, name, note):
    assert any(note in given for given in read(name).notes)


def test_readers_named_in_notes_exist():
    assert {"ilids", "prid2011", "grid", "viper"} <= set(READERS)


def test_published_counts_are_few():
    assert {name: BENCHMARKS[name].counts["train"] for name in FACTS if BENCHMARKS[name].counts} == {
        "pku": SplitCounts(114, 1824, 2),
        "wildtrackcrop": SplitCounts(313, 33979, 7),
        "viper_train": SplitCounts(632, 1264, 2),
    }
