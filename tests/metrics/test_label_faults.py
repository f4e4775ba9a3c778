"""Label faults: a swapped label is found with its evidence, clean labels give none, faults are named."""

import pytest
import torch

from reidkit.core.errors import ShapeError
from reidkit.metrics.label_faults import find_label_faults
from reidkit.metrics.labels import Labels

POINTS = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [9.0, 9.0], [9.0, 8.0], [8.0, 9.0], [0.0, 2.0]])


def test_a_wrong_label_is_found_by_hand():
    labels = Labels(["ann", "ann", "ann", "bob", "bob", "bob", "bob"])
    (fault,) = find_label_faults(POINTS, labels, "euclidean", num_neighbours=3)
    assert (fault.row, fault.nearest_other, fault.nearest_own) == (6, 1, 5)
    assert fault.other_gap == pytest.approx(1)
    assert fault.own_gap == pytest.approx(8**2 + 7**2)
    assert (fault.num_votes, fault.num_asked) == (3, 3)


def test_clean_labels_give_none():
    assert (
        find_label_faults(POINTS, Labels(["ann"] * 3 + ["bob"] * 3 + ["ann"]), "euclidean", num_neighbours=2)
        == []
    )


def test_nothing_speaks_for_identities_of_one_sample():
    assert find_label_faults(POINTS, Labels(list(range(7))), "euclidean") == []
    assert find_label_faults(POINTS[:1], Labels([0]), "euclidean") == []


def test_faults_are_named():
    with pytest.raises(ShapeError, match="Number of neighbours is out of range, got 0"):
        find_label_faults(POINTS, Labels(list(range(7))), "euclidean", num_neighbours=0)
