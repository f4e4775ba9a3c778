import pytest
import torch

from reidkit.core.errors import ShapeError
from reidkit.metrics.labels import Labels
from reidkit.metrics.pooling import pool_by_camera, pool_support


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


def test_support_images_of_identity_and_camera_take_the_place_of_the_query():
    query = torch.tensor([[3.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    support = torch.tensor([[0.0, 9.0], [1.0, 0.0], [1.0, 0.0], [5.0, 0.0]])
    labels = Labels(["a", "b", "a"], [1, 1, None])
    # The first two are a's from camera 1, the third from another camera, the fourth of unknown camera.
    pooled = pool_support(query, labels, support, Labels(["a", "a", "a", "a"], [1, 1, 2, None]))
    half = 0.5**0.5
    torch.testing.assert_close(pooled, torch.tensor([[half, half], [0.0, 1.0], [half, half]]))


def test_support_ranks_as_the_original_program_does():
    # Layumi's evaluation takes the mean of unit descriptors without scaling it, and ranks by dot product.
    random = torch.Generator().manual_seed(0)
    query, support, gallery = (torch.randn(size, 8, generator=random) for size in (4, 12, 30))
    labels = Labels([0, 1, 2, 3], [0, 0, 1, 1])
    support_labels = Labels([row % 4 for row in range(12)], [0, 0, 1, 1] * 3)
    pooled = pool_support(query, labels, support, support_labels)
    unit = gallery / gallery.norm(dim=1, keepdim=True)
    for number in range(4):
        own = support[number::4]
        original = (own / own.norm(dim=1, keepdim=True)).mean(0) @ unit.T
        assert (pooled[number] @ unit.T).argsort().tolist() == original.argsort().tolist()


def test_support_with_another_number_of_labels_is_refused():
    with pytest.raises(ShapeError, match=r"^Support labels have a wrong length, got 1\. Expected 2"):
        pool_support(torch.eye(2), Labels([0, 1]), torch.eye(2), Labels([0]))
