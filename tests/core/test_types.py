import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from reidkit.core import types
from reidkit.core.types import DatasetSplits, Preprocessing, Protocol, Sample, TrainingOutputs

RECORDS = [
    kind
    for kind in vars(types).values()
    if dataclasses.is_dataclass(kind) and inspect.isclass(kind) and kind.__module__ == types.__name__
]


def make_sample(**changes: object) -> Sample:
    facts = {
        "frames": (Path("a/0001_c1.jpg"), Path("a/0002_c1.jpg")),
        "identity": "0001",
        "camera": 1,
        "box": (1.0, 2.0, 3.0, 4.0),
        "attributes": {"view": "front"},
    }
    return Sample(**{**facts, **changes})


def test_every_record_is_frozen():
    assert len(RECORDS) >= 6
    assert all(kind.__dataclass_params__.frozen for kind in RECORDS)


def test_sample_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError, match=r"cannot assign to field 'identity'"):
        make_sample().identity = "0002"


def test_sample_survives_pickle_and_copy():
    sample = make_sample()
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(sample, protocol)) == sample
    assert copy.deepcopy(sample) == sample


def test_sample_path_is_its_first_frame():
    assert make_sample().path == Path("a/0001_c1.jpg")


def test_sample_with_attributes_is_hashable():
    assert len({make_sample(), make_sample()}) == 1
    assert hash(make_sample()) == hash(make_sample(attributes={}))


@pytest.mark.parametrize(
    "change",
    [
        {"frames": (Path("b.jpg"),)},
        {"identity": "0002"},
        {"camera": None},
        {"box": None},
        {"attributes": {}},
    ],
)
def test_sample_equality_counts_every_field(change: dict[str, object]):
    assert make_sample(**change) != make_sample()


def test_sample_defaults_are_unknown_camera_whole_file_and_own_attributes():
    first, second = (Sample(frames=(Path("a.jpg"),), identity=1) for _ in range(2))
    assert (first.camera, first.box, first.attributes) == (None, None, {})
    assert first.attributes is not second.attributes


def test_splits_by_name_are_in_reading_order():
    train, query, gallery = ((make_sample(identity=name),) for name in "abc")
    splits = DatasetSplits("own", Path("data"), train, query, gallery, protocol="market1501")
    assert list(splits.by_split().items()) == [("train", train), ("query", query), ("gallery", gallery)]


def test_preprocessing_defaults_to_imagenet_statistics():
    import timm.data

    assert Preprocessing().mean == timm.data.IMAGENET_DEFAULT_MEAN
    assert Preprocessing().std == timm.data.IMAGENET_DEFAULT_STD
    assert (Preprocessing().height, Preprocessing().width) == (256, 128)


def test_protocol_states_every_rule():
    assert dataclasses.asdict(Protocol(name="own")) == {
        "name": "own",
        "same_camera": "drop",
        "distance": "cosine",
        "normalization": "by_distance",
        "flip": False,
        "scales": (1.0,),
        "view_average": "raw",
        "average_precision": "rectangle",
        "unmatched_queries": "skip",
        "ties": "gallery_order",
        "same_sample": "drop",
        "frames_per_tracklet": None,
        "temporal": "average",
        "junk_identities": (),
        "single_shot_repeats": None,
        "pooling": "none",
        "num_splits": 1,
        "post_processing": (),
    }


def test_training_outputs_hold_one_entry_per_branch():
    outputs = TrainingOutputs(features=(1, 2), logits=(3,))
    assert (outputs.features, outputs.logits) == ((1, 2), (3,))


def test_records_load_without_torch():
    code = "import sys, reidkit.core.types, reidkit.core.files; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "False\n"
