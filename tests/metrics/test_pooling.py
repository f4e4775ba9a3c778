import pytest
import torch

from reidkit.core.errors import ShapeError
from reidkit.metrics.labels import Labels
from reidkit.metrics.pooling import pool_by_camera


def test_each_identity_and_camera_becomes_the_unit_mean_of_its_unit_rows():
    rows = torch.tensor([[3.0, 0.0], [0.0, 1.0], [0.0, 5.0], [2.0, 0.0], [1.0, 0.0]])
    labels = Labels(["a", "b", "a", "a", "a"], [1, 1, 1, 2, None])
    means, first = pool_by_camera(rows, labels)
    assert first == [0, 1, 3, 4]  # the one of an unknown camera stays by itself
    half = 0.5**0.5  # of (1, 0) and (0, 1): lengths 3 and 5 do not weigh
    torch.testing.assert_close(means, torch.tensor([[half, half], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]))


def test_labels_must_fit():
    with pytest.raises(ShapeError, match=r"^Labels"):
        pool_by_camera(torch.ones(2, 3), Labels(["a"]))
