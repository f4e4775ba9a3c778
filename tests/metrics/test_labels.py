from pathlib import Path

from reidkit.core.types import Sample
from reidkit.metrics.labels import Labels, labels_of


def test_labels_unknown_cameras_and_keys_are_none_for_each():
    labels = Labels(["a", "b"])
    assert len(labels) == 2
    assert labels.camera_list() == [None, None]
    assert labels.key_list() == [None, None]


def test_labels_known_cameras_and_keys_are_returned():
    labels = Labels(["a", "b"], [1, None], ["x", "y"])
    assert labels.camera_list() == [1, None]
    assert labels.key_list() == ["x", "y"]


def test_labels_of_samples_are_in_order():
    samples = [Sample((Path("a.jpg"),), "anna", 1), Sample((Path("b.jpg"),), "ben")]
    labels = labels_of(samples)
    assert list(labels.identities) == ["anna", "ben"]
    assert list(labels.camera_list()) == [1, None]


def test_labels_of_samples_are_the_same_only_where_frames_and_boxes_are():
    frame, other = (Path("a.jpg"),), (Path("b.jpg"),)
    box = (0.0, 0.0, 4.0, 8.0)
    samples = [
        Sample(frame, "anna", box=box),
        Sample(frame, "ben", 2, box=box, attributes={"hat": True}),  # the same crop under another name
        Sample(frame, "anna", box=(4.0, 0.0, 8.0, 8.0)),  # another crop of the frame
        Sample(frame, "anna"),  # the whole frame
        Sample(other, "anna", box=box),
        Sample(frame + other, "anna", box=box),  # a tracklet
    ]
    keys = labels_of(samples).key_list()
    assert keys[0] == keys[1]
    assert len(set(keys)) == 5
